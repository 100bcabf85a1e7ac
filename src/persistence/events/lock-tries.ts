import { setTimeout as delay } from 'node:timers/promises'
import { lostForLocks } from '../pool/failure.ts'

export interface LockTries {
  /** The pause between two tries, in milliseconds. Writers that have waited for the lock work meanwhile. */
  readonly pauseMs: number
  /** No try begins later than this, in milliseconds. */
  readonly forMs: number
}

/**
 * Runs work again that waited too long for a lock. The work must be one transaction: a try that failed then has no
 * effect.
 * @throws the error of the last try, and any other error at once
 */
export async function tryForLock<T>({ pauseMs, forMs }: LockTries, work: () => Promise<T>): Promise<T> {
  const until = performance.now() + forMs - pauseMs
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!lostForLocks(error) || performance.now() > until) throw error
      await delay(pauseMs)
    }
  }
}
