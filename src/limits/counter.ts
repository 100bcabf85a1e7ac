import { LRUCache } from 'lru-cache'

/** How often a key has been counted in its window, and when that window ends. */
export interface Count {
  readonly times: number
  /** Milliseconds. */
  readonly endsIn: number
}

/** Counts within fixed windows: a key's window begins when it is first counted. */
export interface Counter {
  /** Counts a key once more; at once where nobody else has to be asked. */
  count(key: string): Count | Promise<Count>
  /** What is known here without counting and without asking: 0 for a key whose window is over. */
  timesOf(key: string): number
}

/** A counter in this process. */
export interface LocalCounter extends Counter {
  count(key: string): Count
  /** Takes over what somebody who knows more has counted. */
  remember(key: string, count: Count): void
}

export interface LocalCounterOptions {
  readonly windowSeconds: number
  /** Of more keys the least recently counted are forgotten: addresses cost an attacker nothing, memory is ours. */
  readonly keysAtMost?: number
  /** Milliseconds by a clock that nobody can set. */
  readonly now?: () => number
}

/**
 * Not `RateLimiterMemory` of rate-limiter-flexible: it keeps a timer for each key, however many there are, and answers
 * by promises only.
 */
export function createLocalCounter({
  windowSeconds,
  keysAtMost = 50_000,
  now = () => performance.now(),
}: LocalCounterOptions): LocalCounter {
  const windows = new LRUCache<string, { times: number; readonly endsAt: number }>({ max: keysAtMost })

  function windowOf(key: string, time: number) {
    const window = windows.get(key)
    return window !== undefined && time < window.endsAt ? window : undefined
  }

  return {
    count(key) {
      const time = now()
      let window = windowOf(key, time)
      if (window === undefined) {
        window = { times: 0, endsAt: time + windowSeconds * 1_000 }
        windows.set(key, window)
      }
      window.times += 1
      return { times: window.times, endsIn: window.endsAt - time }
    },
    timesOf: (key) => windowOf(key, now())?.times ?? 0,
    remember(key, { times, endsIn }) {
      windows.set(key, { times, endsAt: now() + endsIn })
    },
  }
}
