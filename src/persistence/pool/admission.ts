import { GatewayError } from '../../domain/errors.ts'

/** Why work for the database was refused before it reached it. */
export type ShedReason = 'queue_full' | 'queue_timeout' | 'event_loop'

/** The cause, for the log, of a refusal that spares the database. */
export class Shed extends Error {
  override readonly name = 'Shed'
  readonly reason: ShedReason

  constructor(reason: ShedReason) {
    super(reason)
    this.reason = reason
  }
}

export interface AdmissionOptions {
  /** How many may be inside at once: as many as there are connections. */
  readonly insideAtMost: number
  readonly waitingAtMost: number
  readonly waitAtMostMs: number
  /** How this process itself keeps up. Asked for each request and each statement, so it must cost nothing. */
  readonly pressure: Pressure
}

export interface Pressure {
  /** It has next to no rest: whatever it does is taken from something else. */
  isBusy(): boolean
  /** It stays behind. */
  isOverloaded(): boolean
}

/**
 * The bounded wait in front of the pool. Each statement, or transaction, enters before it asks for a connection and
 * leaves when it has given it back. pg's own queue knows no bound, and a timeout only together with that of connecting.
 *
 * First come, first served: whoever is let in has waited `waitAtMostMs` at most, and `waitingAtMost` bounds what is to
 * be worked off, so even a full queue is never a queue of callers who have given up.
 */
export interface Admission {
  /**
   * Takes a place. Answers undefined where one is free, so that nobody waits for a promise then.
   * @throws GatewayError `unavailable` with `retryAfter`, thrown or rejected: no place is taken then
   */
  enter(): Promise<void> | undefined
  /**
   * What `enter` would refuse a request with, for who has not spent work on it yet; null: come in. It says no only
   * where that work is what there is too little of. A process that has time finds out first whether a request is one
   * that it should refuse for another reason, and one that has none would serve nobody for all its refusing.
   */
  refusalAhead(): GatewayError | null
  /** Gives the place of one `enter` back. */
  leave(): void
  waiting(): number
  /** How often each reason has refused somebody since the start. */
  shed(): Readonly<Record<ShedReason, number>>
}

/**
 * Seconds after which callers are asked to come back; one of them by lot, so that they do not all come back at once.
 */
const retryAfter = [1, 2, 3]

/**
 * Made beforehand: under overload the stack of an error, which nobody reads, costs a good part of what there is to
 * spare.
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
  // In the order of their coming.
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
      // The place passes from hand to hand, so nobody who comes in between can take it.
      queue.delete(next)
      next()
    },
    waiting: () => queue.size,
    shed: () => ({ ...shed }),
  }
}
