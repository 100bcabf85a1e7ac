import { RateLimiterRedis } from 'rate-limiter-flexible'
import type { Counter, LocalCounter } from './counter.ts'
import type { SharedRedis } from './redis.ts'

/** How long a count waits for Redis. A healthy Redis takes about a millisecond. */
const patienceMs = 200

/** The pause after a failure, so that a few callers wait for Redis in a second, not all of them. */
const leftAloneMs = 1_000

export interface SharedCounterOptions {
  readonly shared: SharedRedis
  /** The prefix of this counter's keys, so that two counters share no key. */
  readonly name: string
  readonly windowSeconds: number
  /** Above this the exact number does not matter, and Redis is not asked again before the window ends. */
  readonly quota: number
  /**
   * Holds the last count of Redis, and counts on from there while Redis is away: the limit holds then, too. The option
   * `insuranceLimiter` of the library starts from 0, and needs a limiter of its own kind.
   */
  readonly local: LocalCounter
}

/** A counter that all instances share. Never rejects, and waits for Redis no longer than `patienceMs`. */
export function createSharedCounter({ shared, name, windowSeconds, quota, local }: SharedCounterOptions): Counter {
  const limiter = new RateLimiterRedis({
    storeClient: shared.redis,
    keyPrefix: `gateway:${name}`,
    points: quota,
    duration: windowSeconds,
    rejectIfRedisNotReady: true,
  })
  let leftAloneUntil = 0

  async function ask(key: string) {
    try {
      const { consumedPoints, msBeforeNext } = await withPatience(limiter.penalty(key))
      const count = { times: consumedPoints, endsIn: msBeforeNext }
      local.remember(key, count)
      shared.onCounted(null)
      return count
    } catch (error) {
      shared.onCounted(error as Error) // neither the limiter nor the driver rejects with anything else
      leftAloneUntil = performance.now() + leftAloneMs
      return local.count(key)
    }
  }

  return {
    count: (key) => (local.timesOf(key) > quota || performance.now() < leftAloneUntil ? local.count(key) : ask(key)),
    timesOf: local.timesOf,
  }
}

function withPatience<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    // Node runs timers before it reads sockets, and immediates after. So an answer that came while this process was
    // busy is read before the limit counts.
    const timer = setTimeout(() => setImmediate(reject, new Error('no answer in time')), patienceMs)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
