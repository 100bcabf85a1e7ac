import { GatewayError } from '../domain/errors.ts'

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
  /** Whether this process itself cannot keep up. Asked for each statement, so it must cost nothing. */
  readonly isOverloaded: () => boolean
}

/**
 * The bounded wait in front of the pool. Each statement, or transaction, enters before it asks for a connection and leaves when it has
 * given it back. pg's own queue knows no bound, and a timeout only together with that of connecting.
 *
 * First come, first served: whoever is let in has waited `waitAtMostMs` at most, and `waitingAtMost` bounds what is to be worked off, so
 * even a full queue is never a queue of callers who have given up.
 */
export interface Admission {
  /**
   * Takes a place. Answers undefined where one is free, so that nobody waits for a promise then.
   * @throws GatewayError `unavailable` with `retryAfter`, thrown or rejected: no place is taken then
   */
  enter(): Promise<void> | undefined
  /** Gives the place of one `enter` back. */
  leave(): void
  waiting(): number
  /** How often each reason has refused somebody since the start. */
  shed(): Readonly<Record<ShedReason, number>>
}

/** Callers come back in seconds that differ, so that they do not all come back at once. */
const retryAfterSeconds = () => 1 + Math.floor(Math.random() * 3)

/** Makes an admission with all places free. */
export function createAdmission({ insideAtMost, waitingAtMost, waitAtMostMs, isOverloaded }: AdmissionOptions): Admission {
  const shed: Record<ShedReason, number> = { queue_full: 0, queue_timeout: 0, event_loop: 0 }
  // In the order of their coming.
  const queue = new Set<() => void>()
  let inside = 0

  function refusal(reason: ShedReason): GatewayError {
    shed[reason] += 1
    return new GatewayError('unavailable', { retryAfter: retryAfterSeconds() }, new Shed(reason))
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
      if (isOverloaded()) throw refusal('event_loop')
      if (inside < insideAtMost) {
        inside += 1
        return undefined
      }
      if (queue.size >= waitingAtMost) throw refusal('queue_full')
      return wait()
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
