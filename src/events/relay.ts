import type { Log } from '../observability/log.ts'
import { createComplaint, nameOf } from './complaint.ts'
import type { DeliveryQueue, LeasedDelivery } from './delivery-queue.ts'
import type { OpenDispatch } from './dispatch.ts'
import type { EventCounts } from './event-counts.ts'
import { createSendWindows, firstWindow } from './send-windows.ts'

/** Attempts that one instance makes at the same time. */
const inFlightAtMost = 256

/** Deliveries that one claim leases at most. */
const claimAtMost = 64

/** The mean pause between two claims while nothing is due. Each one is up to a half longer or shorter. */
const idleMs = 200

/** The pause after a claim that the database refused. */
const refusedMs = 1_000

/**
 * After a longer silence of the database, leases of other instances may have ended, although they run. Before the next
 * claim these store what has arrived, and renew their leases.
 */
const silenceMs = 3_000
const settleMs = 1_500

/** How often the backlog is counted, and ended deliveries are removed. */
const countEveryMs = 15_000
const cleanUpEveryMs = 600_000

/** How long the end of the relay waits for attempts in flight. */
const drainMs = 4_000

/** Claims due deliveries and dispatches them, in this instance. Any number of instances may run one each. */
export interface Relay {
  start(): void
  /** Claims nothing more. Attempts in flight go on. */
  stop(): void
  /** Stops, waits for attempts in flight, and gives the leases of the others back. */
  close(): Promise<void>
}

/** A pause that others can end, or can make unnecessary before it begins. */
function createPause() {
  let isOver = false
  let end = () => {}
  return {
    wake() {
      isOver = true
      end()
    },
    async wait(ms: number): Promise<void> {
      if (!isOver)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms)
          end = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      isOver = false
    },
  }
}

export interface RelayDeps {
  readonly queue: DeliveryQueue
  readonly counts: EventCounts
  readonly log: Log
}

export function createRelay({ queue, counts, log }: RelayDeps, openDispatch: OpenDispatch): Relay {
  const pause = createPause()
  const dispatch = openDispatch(pause.wake)
  const running = new Map<LeasedDelivery, Promise<void>>()
  const windows = createSendWindows()
  const unsent: LeasedDelivery[] = []
  let stopped = false
  let loop: Promise<void> | undefined
  const timers: NodeJS.Timeout[] = []
  let answeredAt = performance.now()
  let claimsFrom = answeredAt
  const complaint = createComplaint(log, 'events wait: the database refused a statement')
  const complain = (error: unknown) => void complaint(nameOf(error))

  async function send(delivery: LeasedDelivery, claimedAt: number): Promise<void> {
    const { subscriptionId } = delivery
    const begunAt = performance.now()
    let hasArrived = false
    windows.begun(subscriptionId)
    try {
      const result = await dispatch.send(delivery, claimedAt)
      hasArrived = result === 'arrived'
      if (result === 'unsent') unsent.push(delivery)
    } catch (error) {
      // The lease ends by itself.
      complain(error)
    } finally {
      windows.ended(subscriptionId, hasArrived, performance.now() - begunAt)
      running.delete(delivery)
      if (running.size === inFlightAtMost - 1) pause.wake()
    }
  }

  /** Gives the leases of unsent deliveries back. */
  async function release(): Promise<void> {
    if (unsent.length > 0) await queue.release(unsent.splice(0))
  }

  /** @returns milliseconds until the next claim, unless somebody wakes the loop */
  async function turn(): Promise<number> {
    const idle = idleMs * (0.5 + Math.random())
    try {
      // A large transaction of Mithril takes many portions. Deliveries go out between them.
      const isMoreLeft = await queue.gather()
      await release()
      const now = performance.now()
      if (now - answeredAt > silenceMs) claimsFrom = now + settleMs
      answeredAt = now
      if (now < claimsFrom) return isMoreLeft ? 0 : idle
      const atMost = dispatch.isReady() ? Math.min(claimAtMost, inFlightAtMost - running.size) : 0
      if (atMost <= 0) return isMoreLeft ? 0 : idle
      const claimedAt = performance.now()
      const { leaseSeconds } = dispatch
      const claimed = await queue.claim({ atMost, share: firstWindow, shares: windows.free(), leaseSeconds })
      for (const delivery of claimed) running.set(delivery, send(delivery, claimedAt))
      return isMoreLeft || claimed.length === atMost ? 0 : idle
    } catch (error) {
      complain(error)
      return refusedMs
    }
  }

  async function run(): Promise<void> {
    while (!stopped) {
      const ms = await turn()
      if (ms > 0 && !stopped) await pause.wait(ms)
    }
  }

  /** Runs work again and again, and reports its failures. */
  function every(ms: number, work: () => Promise<unknown>): void {
    const again = () => void work().catch(complain)
    again()
    timers.push(setInterval(again, ms))
  }

  async function cleanUp(): Promise<void> {
    while (!stopped && (await queue.cleanUp()));
  }

  function stop(): void {
    stopped = true
    for (const timer of timers.splice(0)) clearInterval(timer)
    pause.wake()
  }

  return {
    stop,
    start() {
      loop = run()
      every(countEveryMs, async () => {
        counts.backlog = await queue.backlog()
      })
      every(cleanUpEveryMs, cleanUp)
    },
    async close() {
      stop()
      await loop
      const ended = Promise.all(running.values())
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, drainMs).unref())])
      dispatch.interrupt()
      await ended
      await dispatch.close()
      await release().catch(complain)
    },
  }
}
