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

/** A statement in the queue, and its caller's promise. */
interface Waiting {
  /** The time by `performance.now()`. */
  readonly since: number
  admit(): void
  refuse(error: GatewayError): void
}

/** Makes an admission with all places free. */
export function createAdmission({ insideAtMost, waitingAtMost, waitAtMostMs, pressure }: AdmissionOptions): Admission {
  const shed: Record<ShedReason, number> = { queue_full: 0, queue_timeout: 0, event_loop: 0 }
  // In the order of arrival. It is no `Set`, because a `Set` leaves old tables behind. Each keeps all later ones alive
  // until a full garbage collection.
  const queue: Waiting[] = []
  let inside = 0
  /** Whether a timer runs for the statements in the queue. */
  let isTimed = false

  function refusal(reason: ShedReason): GatewayError {
    shed[reason] += 1
    return refusals[reason][Math.floor(Math.random() * retryAfter.length)] as GatewayError // one for each number
  }

  /** All wait equally long, so the first in the queue is the first to be refused. One timer serves all. */
  function refuseAfter(milliseconds: number): void {
    isTimed = true
    setTimeout(refuseLate, milliseconds).unref()
  }

  function refuseLate(): void {
    isTimed = false
    const latestBegin = performance.now() - waitAtMostMs
    while (queue[0] !== undefined && queue[0].since <= latestBegin) queue.shift()?.refuse(refusal('queue_timeout'))
    if (queue[0] !== undefined) refuseAfter(queue[0].since - latestBegin)
  }

  function wait(): Promise<void> {
    if (!isTimed) refuseAfter(waitAtMostMs)
    return new Promise((admit, refuse) => {
      queue.push({ since: performance.now(), admit, refuse })
    })
  }

  return {
    enter() {
      if (pressure.isOverloaded()) throw refusal('event_loop')
      if (inside < insideAtMost) {
        inside += 1
        return undefined
      }
      if (queue.length >= waitingAtMost) throw refusal('queue_full')
      return wait()
    },
    refusalAhead() {
      if (pressure.isOverloaded()) return refusal('event_loop')
      return inside >= insideAtMost && queue.length >= waitingAtMost && pressure.isBusy() ? refusal('queue_full') : null
    },
    leave() {
      // The next statement in the queue gets the place directly, so that no new statement can take it.
      const next = queue.shift()
      if (next === undefined) inside -= 1
      else next.admit()
    },
    waiting: () => queue.length,
    shed: () => ({ ...shed }),
  }
}
