import { GatewayError } from '../domain/errors.ts'
import type { EventWait, EventWaits } from '../domain/event-waits.ts'

/** The mean time between two looks into the database. All waits of this process share them. */
const lookEveryMs = 500

/** The pause after a look that the database refused. */
const refusedMs = 1_000

/** A look that lasts longer than this is no answer of the database. */
const lookAtMostMs = 2_000

/** Polls of one client that wait at the same time, and polls of all clients. */
const ofClientAtMost = 10
const inAllAtMost = 500

/** Seconds after which a poll that found no place makes sense again. */
const fullForSeconds = 5

/** While the gateway stops, a poll still waits this long, so that a client does not ask again and again. */
const stoppingMs = 1_000

export interface EventWaitsDeps {
  /** The subscriptions of these that have an event. */
  ready(ids: readonly string[]): Promise<readonly string[]>
  /**
   * The turns of the statements of polls and acknowledgements. One change can end all waits at once, and other requests
   * need places in the queue of the database, too.
   */
  readonly turns: {
    /** @throws GatewayError `unavailable` if no turn comes in time */
    enter(): Promise<void> | undefined
    leave(): void
  }
}

export interface RunningEventWaits extends EventWaits {
  /** Ends every wait at once. Later ones are short. */
  stop(): void
}

interface Waiting extends Pick<EventWait, 'subscriptionId' | 'clientId'> {
  end(result: 'ready' | 'over'): void
}

/**
 * Makes the waits of one process. One statement looks for the events of all of them, so their number costs the database
 * little, and a wait holds no connection.
 */
export function createEventWaits({ ready, turns }: EventWaitsDeps): RunningEventWaits {
  const waiting = new Set<Waiting>()
  let isStopping = false
  /** `performance.now()` at the beginning of the look that is under way. */
  let lookingSince: number | undefined
  let timer: NodeJS.Timeout | undefined
  let lastFailure: unknown

  async function look(): Promise<void> {
    timer = undefined
    lookingSince = performance.now()
    let pauseMs = lookEveryMs * (0.5 + Math.random())
    const ids = new Set([...waiting].map(({ subscriptionId }) => subscriptionId))
    try {
      const found = new Set(await ready([...ids]))
      lastFailure = undefined
      for (const one of waiting) if (found.has(one.subscriptionId)) one.end('ready')
    } catch (error) {
      lastFailure = error
      pauseMs = refusedMs
    }
    lookingSince = undefined
    lookIn(pauseMs)
  }

  /** Why nobody knows whether there are events. undefined: the database has answered. */
  function failureOfLooks(): unknown {
    const isSilent = lookingSince !== undefined && performance.now() - lookingSince > lookAtMostMs
    return lastFailure ?? (isSilent ? new GatewayError('unavailable', { retryAfter: fullForSeconds }) : undefined)
  }

  /** There is one look at a time, and none while nobody waits. */
  function lookIn(ms: number): void {
    if (waiting.size > 0 && lookingSince === undefined) timer ??= setTimeout(look, ms)
  }

  function requirePlace(clientId: string): void {
    if (waiting.size >= inAllAtMost) throw new GatewayError('unavailable', { retryAfter: fullForSeconds })
    let ofClient = 0
    for (const one of waiting) if (one.clientId === clientId) ofClient += 1
    if (ofClient >= ofClientAtMost) throw new GatewayError('tooManyWaits', { retryAfter: fullForSeconds })
  }

  return {
    wait({ subscriptionId, clientId, ms, signal }) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return resolve('over')
        requirePlace(clientId)
        const leave = () => one.end('over')
        const timeOver = setTimeout(
          () => {
            // The caller must not take an outage for "no event".
            const failure = failureOfLooks()
            if (failure !== undefined) reject(failure)
            one.end('over')
          },
          isStopping ? Math.min(ms, stoppingMs) : ms,
        )
        const one: Waiting = {
          subscriptionId,
          clientId,
          end(result) {
            waiting.delete(one)
            clearTimeout(timeOver)
            if (waiting.size === 0) timer = void clearTimeout(timer)
            signal.removeEventListener('abort', leave)
            resolve(result)
          },
        }
        signal.addEventListener('abort', leave, { once: true })
        if (waiting.size === 0) lastFailure = undefined
        waiting.add(one)
        lookIn(lookEveryMs * Math.random())
      })
    },
    async inTurn(work) {
      await turns.enter()
      try {
        return await work()
      } finally {
        turns.leave()
      }
    },
    stop() {
      isStopping = true
      for (const one of waiting) one.end('over')
    },
  }
}
