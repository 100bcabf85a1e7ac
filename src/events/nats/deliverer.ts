import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream'
import type { EventsNatsConfig } from '../../config/shape.ts'
import type { Log } from '../../observability/log.ts'
import { createComplaint, nameOf } from '../complaint.ts'
import type { DeliveryKey, DeliveryQueue, LeasedDelivery } from '../delivery-queue.ts'
import type { OpenDispatch } from '../dispatch.ts'
import type { BrokerCounts } from '../event-counts.ts'
import type { Relay } from '../relay.ts'
import { type Handover, type Outcome, parseHandover, workingEveryMs } from './messages.ts'
import { keepNatsSession, type NatsSession } from './session.ts'
import { messageIdOf, openConsumer, outcomesOf } from './stream.ts'

/** Attempts that one instance makes at the same time. */
const inFlightAtMost = 256

/** Messages that came together are taken over in one statement. */
const gatherMs = 2
const takeAtMost = 64

/** How long NATS keeps a message back that the database could not take over. */
const againMs = 1_000

/** The longest time that the server lets a request for messages wait. */
const pullMs = 5_000

/** How long the end of the deliverer waits for attempts in flight. */
const drainMs = 4_000

interface Received {
  readonly message: JsMsg
  readonly handover: Handover
}

interface DelivererDeps {
  readonly config: EventsNatsConfig
  readonly queue: DeliveryQueue
  readonly counts: BrokerCounts
  readonly log: Log
}

/**
 * Takes deliveries over that relays of other instances hand over by NATS, and dispatches them. The statement that takes
 * a lease over gives it to one instance only. So a message that NATS brings twice is sent once. A made-up one is never
 * sent.
 */
export function createDeliverer({ config, queue, counts, log }: DelivererDeps, openDispatch: OpenDispatch): Relay {
  /** Messages that wait for their statement, and the work under way: statements and attempts. */
  const waiting: Received[] = []
  const running = new Set<Promise<void>>()
  const origins = new WeakMap<DeliveryKey, Handover>()
  const inHand = new Set<Handover>()
  const unsent: LeasedDelivery[] = []
  let timer: NodeJS.Timeout | undefined
  let working: NodeJS.Timeout | undefined
  let freed = () => {}
  let messages: ConsumerMessages | undefined
  let stopped = false
  const complain = createComplaint(log, 'handovers wait: the database refused a statement')
  const complainOfText = createComplaint(log, 'NATS has a message that is no handover')

  const dispatch = openDispatch((stored) => {
    for (const delivery of stored) {
      const handover = origins.get(delivery)
      if (handover !== undefined) report(handover, 'arrived')
    }
  })

  /** Tells the relay, which otherwise waits for a while. The database knows the outcome. */
  function report(handover: Handover, result: Outcome['result']): void {
    const outcome = JSON.stringify({ id: messageIdOf(handover), result })
    const connection = sessions?.current()?.connection
    if (connection?.isClosed() === false) connection.publish(outcomesOf(handover.relay), outcome)
  }

  function run(work: Promise<void>): void {
    const ended = work
      // Leases end by themselves.
      .catch((error) => void complain(nameOf(error)))
      .finally(() => {
        running.delete(ended)
        freed()
      })
    running.add(ended)
  }

  async function send(delivery: LeasedDelivery, handover: Handover, claimedAt: number): Promise<void> {
    origins.set(delivery, handover)
    inHand.add(handover)
    report(handover, 'working')
    const result = await dispatch.send(delivery, claimedAt).finally(() => inHand.delete(handover))
    // The relay hears of it once the database knows it.
    if (result === 'arrived') return
    if (result === 'unsent') {
      if (stopped) return void unsent.push(delivery)
      await queue.release([delivery])
    }
    report(handover, result)
  }

  async function takeOver(portion: readonly Received[]): Promise<void> {
    const claimedAt = performance.now()
    const handovers = portion.map(({ handover }) => handover)
    const taken = await queue.take(handovers, dispatch.leaseSeconds).catch((error) => {
      for (const { message } of portion) message.nak(againMs)
      throw error
    })
    for (const [index, { message, handover }] of portion.entries()) {
      message.ack()
      const delivery = taken[index] ?? null
      if (delivery === null) report(handover, 'unsent')
      else run(send(delivery, handover, claimedAt))
    }
  }

  function takeWaiting(): void {
    clearTimeout(timer)
    timer = undefined
    if (waiting.length > 0) run(takeOver(waiting.splice(0)))
  }

  function receive(message: JsMsg): void {
    if (stopped) {
      message.nak()
      return
    }
    const handover = parseHandover(message.string())
    if (handover === null) {
      message.term()
      complainOfText('the text is not valid')
      return
    }
    waiting.push({ message, handover })
    if (waiting.length >= takeAtMost) takeWaiting()
    else timer ??= setTimeout(takeWaiting, gatherMs)
  }

  async function consume(source: ConsumerMessages): Promise<void> {
    for await (const message of source) {
      receive(message)
      while (running.size + waiting.length >= inFlightAtMost && !stopped)
        await new Promise<void>((resolve) => {
          freed = resolve
        })
    }
    if (!stopped) throw new Error('the consumer has ended')
  }

  async function onOpen({ jetstream }: NatsSession): Promise<void> {
    const consumer = await openConsumer(jetstream)
    if (stopped) return
    messages = await consumer.consume({ max_messages: takeAtMost, expires: pullMs, abort_on_missing_resource: true })
    consume(messages).catch((error) => sessions?.fail(error))
    counts.isConnected = true
  }

  let sessions: ReturnType<typeof keepNatsSession> | undefined

  function stop(): void {
    stopped = true
    messages?.stop()
    freed()
  }

  return {
    start() {
      working = setInterval(() => {
        for (const handover of inHand) report(handover, 'working')
      }, workingEveryMs)
      sessions = keepNatsSession({
        servers: config.servers,
        log,
        onOpen,
        onEnd() {
          counts.isConnected = false
        },
      })
    },
    stop,
    async close() {
      stop()
      takeWaiting()
      const ended = async () => {
        while (running.size > 0) await Promise.all(running)
      }
      await Promise.race([ended(), new Promise((resolve) => setTimeout(resolve, drainMs).unref())])
      dispatch.interrupt()
      await ended()
      await dispatch.close()
      if (unsent.length > 0) await queue.release(unsent.splice(0)).catch((error) => complain(nameOf(error)))
      clearInterval(working)
      await sessions?.close()
    },
  }
}
