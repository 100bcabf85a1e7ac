import { LRUCache } from 'lru-cache'

/** The count of a key in its window, and the time until that window ends. */
export interface Count {
  readonly times: number
  /** Milliseconds. */
  readonly endsIn: number
}

/** Counts within fixed windows: a key's window begins when it is first counted. */
export interface Counter {
  /** Counts a key once more. It returns no promise if it need not ask another machine. */
  count(key: string): Count | Promise<Count>
  /** The count of a key as this process knows it; 0 after the end of its window. */
  timesOf(key: string): number
}

/** A counter in this process. */
export interface LocalCounter extends Counter {
  count(key: string): Count
  /** Stores the count of a shared counter. */
  remember(key: string, count: Count): void
}

export interface LocalCounterOptions {
  readonly windowSeconds: number
  /** Above this the counter forgets the least recently counted keys, because an attacker may have endless addresses. */
  readonly keysAtMost?: number
  /** The same for the characters of all keys together, because an issuer may name users by long texts. */
  readonly lengthAtMost?: number
  /** Milliseconds of the monotonic clock. */
  readonly now?: () => number
}

/**
 * Makes a counter in this process. `RateLimiterMemory` of rate-limiter-flexible keeps a timer for each key, without a
 * bound, and answers by promises only.
 */
export function createLocalCounter({
  windowSeconds,
  keysAtMost = 50_000,
  lengthAtMost = 8_000_000,
  now = () => performance.now(),
}: LocalCounterOptions): LocalCounter {
  const windows = new LRUCache<string, { times: number; readonly endsAt: number }>({
    max: keysAtMost,
    maxSize: lengthAtMost,
    sizeCalculation: (_window, key) => key.length + 1,
  })

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
