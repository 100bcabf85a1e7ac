import { RateLimiterRedis } from 'rate-limiter-flexible'
import type { Counter, LocalCounter } from './counter.ts'
import type { SharedRedis } from './redis.ts'

/** How long a count waits for Redis. A healthy Redis takes about a millisecond. */
const waitAtMostMs = 200

/** The pause after a failure, so that only a few callers of a second wait for Redis. */
const pauseMs = 1_000

export interface SharedCounterOptions {
  readonly shared: SharedRedis
  /** The prefix of this counter's keys, so that two counters share no key. */
  readonly name: string
  readonly windowSeconds: number
  /** Above this the exact number does not matter, so the counter does not ask Redis again before the window ends. */
  readonly quota: number
  /**
   * Holds the last count of Redis, and counts on from there while Redis does not answer. The library's option
   * `insuranceLimiter` would start from 0.
   */
  readonly local: LocalCounter
}

/** Makes a counter that all instances share. It never rejects, and waits for Redis for at most `waitAtMostMs`. */
export function createSharedCounter({ shared, name, windowSeconds, quota, local }: SharedCounterOptions): Counter {
  const limiter = new RateLimiterRedis({
    storeClient: shared.redis,
    keyPrefix: `gateway:${name}`,
    points: quota,
    duration: windowSeconds,
    rejectIfRedisNotReady: true,
  })
  let pausedUntil = 0

  async function ask(key: string) {
    try {
      const { consumedPoints, msBeforeNext } = await withinWait(limiter.penalty(key))
      const count = { times: consumedPoints, endsIn: msBeforeNext }
      local.remember(key, count)
      shared.onCounted(null)
      return count
    } catch (error) {
      shared.onCounted(error as Error) // neither the limiter nor the driver rejects with anything else
      pausedUntil = performance.now() + pauseMs
      return local.count(key)
    }
  }

  return {
    count: (key) => (local.timesOf(key) > quota || performance.now() < pausedUntil ? local.count(key) : ask(key)),
    timesOf: local.timesOf,
  }
}

function withinWait<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    // Node runs timers before it reads sockets, and immediates after. So Node reads an answer that came while this
    // process was busy before the wait ends.
    const timer = setTimeout(() => setImmediate(reject, new Error('no answer in time')), waitAtMostMs)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
