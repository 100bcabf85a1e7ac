import { GatewayError } from '../../domain/errors.ts'

/** The reason why the gateway refused work before it reached the database. */
export type ShedReason = 'queue_full' | 'queue_timeout' | 'event_loop'

/** The cause, for the log, of a refusal before the database. */
export class Shed extends Error {
  override readonly name = 'Shed'
  readonly reason: ShedReason

  constructor(reason: ShedReason) {
    super(reason)
    this.reason = reason
  }
}

export interface AdmissionOptions {
  /** The number of places, which is the number of connections. */
  readonly insideAtMost: number
  readonly waitingAtMost: number
  readonly waitAtMostMs: number
  /** The load of this process. The admission asks for each request and each statement, so the answer must be cheap. */
  readonly pressure: Pressure
}

export interface Pressure {
  /** The event loop is almost never idle. */
  isBusy(): boolean
  /** The event loop was late several times in a row. */
  isOverloaded(): boolean
}

/**
 * The bounded queue in front of the pool. Each statement or transaction enters before it asks for a connection, and
 * leaves after it has given the connection back. pg's own queue has no bound. Its only timeout is the one for
 * connecting.
 *
 * The queue is first in, first out. A statement waits for `waitAtMostMs` at most, and `waitingAtMost` bounds the
 * length. So the callers of queued statements are still waiting.
 */
export interface Admission {
  /**
   * Takes a place. Returns undefined if one is free, so that the caller need not wait for a promise.
   * @throws GatewayError `unavailable` with `retryAfter`, thrown or rejected. The call has then taken no place.
   */
  enter(): Promise<void> | undefined
  /**
   * The error with which the gateway refuses a request before any work on it. null: it accepts the request. It refuses
   * only if the process has no time left. A process with time first checks whether another refusal applies.
   */
  refusalAhead(): GatewayError | null
  /** Returns the place of one `enter`. */
  leave(): void
  waiting(): number
  /** The number of refusals since the start, by reason. */
  shed(): Readonly<Record<ShedReason, number>>
}

/**
 * Values of `Retry-After` in seconds. Each refusal takes one at random, so that callers do not return at the same time.
 */
const retryAfter = [1, 2, 3]

/**
 * These errors are made once, because the stack of a new error is too expensive under overload.
 */
const refusalsBecauseOf = (reason: ShedReason) =>
  retryAfter.map((seconds) => new GatewayError('unavailable', { retryAfter: seconds }, new Shed(reason)))
const refusals = {
  queue_full: refusalsBecauseOf('queue_full'),
  queue_timeout: refusalsBecauseOf('queue_timeout'),
  event_loop: refusalsBecauseOf('event_loop'),
}

/** Makes an admission with all places free. */
export function createAdmission({ insideAtMost, waitingAtMost, waitAtMostMs, pressure }: AdmissionOptions): Admission {
  const shed: Record<ShedReason, number> = { queue_full: 0, queue_timeout: 0, event_loop: 0 }
  // In the order of arrival.
  const queue = new Set<() => void>()
  let inside = 0

  function refusal(reason: ShedReason): GatewayError {
    shed[reason] += 1
    return refusals[reason][Math.floor(Math.random() * retryAfter.length)] as GatewayError // one for each number
  }

  function wait(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const admit = () => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(() => {
      queue.delete(admit)
      reject(refusal('queue_timeout'))
    }, waitAtMostMs)
    queue.add(admit)
    return promise
  }

  return {
    enter() {
      if (pressure.isOverloaded()) throw refusal('event_loop')
      if (inside < insideAtMost) {
        inside += 1
        return undefined
      }
      if (queue.size >= waitingAtMost) throw refusal('queue_full')
      return wait()
    },
    refusalAhead() {
      if (pressure.isOverloaded()) return refusal('event_loop')
      return inside >= insideAtMost && queue.size >= waitingAtMost && pressure.isBusy() ? refusal('queue_full') : null
    },
    leave() {
      const [next] = queue
      if (next === undefined) {
        inside -= 1
        return
      }
      // The next statement in the queue gets the place directly, so that no new statement can take it.
      queue.delete(next)
      next()
    },
    waiting: () => queue.size,
    shed: () => ({ ...shed }),
  }
}
