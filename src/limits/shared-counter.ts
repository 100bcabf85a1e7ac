import { RateLimiterRedis } from 'rate-limiter-flexible'
import type { Counter, LocalCounter } from './counter.ts'
import type { SharedRedis } from './redis.ts'

/** How long a count may wait for Redis. A healthy one takes about a millisecond. */
const patienceMs = 200

/** After a failure Redis is left alone for so long: a few callers wait for it in a second, not all of them. */
const leftAloneMs = 1_000

export interface SharedCounterOptions {
  readonly shared: SharedRedis
  /** What is counted; tells the keys of one counter from those of another. */
  readonly name: string
  readonly windowSeconds: number
  /** Above this nobody needs to know the exact number, and Redis is not asked again before the window ends. */
  readonly quota: number
  /**
   * Holds what Redis said last, and counts on from there while Redis is away: a limit that nobody keeps would be no
   * limit.
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
    // An answer that came while this process was busy is read first: timers run before sockets do, and immediates
    // after.
    const timer = setTimeout(() => setImmediate(reject, new Error('no answer in time')), patienceMs)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
