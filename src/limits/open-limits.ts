import type { LimitsConfig } from '../config/shape.ts'
import type { WriteLimit } from '../domain/write-limit.ts'
import type { Log } from '../observability/log.ts'
import { allowanceOf } from './allowance.ts'
import { type Counter, createLocalCounter } from './counter.ts'
import { networkOf } from './network.ts'

const windowSeconds = 60

/** Counts the failed authentications of each network. */
export interface FailureLimit {
  /** Whether the next failure would exceed the quota, by the counts that this instance knows. */
  isExhausted(address: string): boolean
  /** @throws GatewayError `tooManyRequests`, which the door answers in place of its own refusal */
  count(address: string): void | Promise<void>
}

/** The limits that the configuration sets. null: no limit. */
export interface Limits {
  readonly writeLimit: WriteLimit | null
  readonly failureLimit: FailureLimit | null
  close(): void
}

/**
 * Opens the configured limits. Each instance counts by itself, or all instances count together in one Redis.
 * @throws Error where Redis refuses the database that the configuration names
 */
export async function openLimits(config: LimitsConfig, log: Log): Promise<Limits> {
  const { writesPerMinute, authFailuresPerMinute, redisUrl } = config
  const shared = redisUrl === null ? null : await openShared(redisUrl, log)

  const counterOf = (name: string, quota: number): Counter => {
    const local = createLocalCounter({ windowSeconds })
    return shared?.counterOf({ name, windowSeconds, quota, local }) ?? local
  }

  function writes(quota: number): WriteLimit {
    const counter = counterOf('write', quota)
    const allowanceAfter = allowanceOf('write', quota, windowSeconds)
    return ({ clientId, userId }) => {
      // Each user has an own count, so that one user of a clinic does not use up the writes of the others.
      const counted = counter.count(userId === null ? clientId : `${clientId} ${userId}`)
      return counted instanceof Promise ? counted.then(allowanceAfter) : allowanceAfter(counted)
    }
  }

  function failures(quota: number): FailureLimit {
    const counter = counterOf('authentication', quota)
    const allowanceAfter = allowanceOf('authentication', quota, windowSeconds)
    return {
      isExhausted: (address) => counter.timesOf(networkOf(address)) >= quota,
      count(address) {
        const counted = counter.count(networkOf(address))
        if (counted instanceof Promise) return counted.then((count) => void allowanceAfter(count))
        allowanceAfter(counted)
      },
    }
  }

  return {
    writeLimit: writesPerMinute === 0 ? null : writes(writesPerMinute),
    failureLimit: authFailuresPerMinute === 0 ? null : failures(authFailuresPerMinute),
    close: () => shared?.redis.disconnect(),
  }
}

/** Loads the client of Redis, so that an instance without Redis does not load it. */
async function openShared(url: URL, log: Log) {
  const [{ connectRedis }, { createSharedCounter }] = await Promise.all([
    import('./redis.ts'),
    import('./shared-counter.ts'),
  ])
  const shared = connectRedis(url, log)
  await shared.checkDatabase()
  return {
    redis: shared.redis,
    counterOf: (options: Omit<Parameters<typeof createSharedCounter>[0], 'shared'>) =>
      createSharedCounter({ shared, ...options }),
  }
}
