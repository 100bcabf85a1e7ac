import type { LimitsConfig } from '../config/shape.ts'
import type { WriteLimit } from '../domain/write-limit.ts'
import { allowanceOf } from './allowance.ts'
import { type Counter, createLocalCounter } from './counter.ts'
import { networkOf } from './network.ts'
import type { RedisLog } from './redis.ts'

const windowSeconds = 60

/** Counts failed authentications of one address, to whatever token they came. */
export interface FailureLimit {
  /** Whether the next failure would be refused as one too many, as far as this instance knows. */
  isExhausted(address: string): boolean
  /** @throws GatewayError `tooManyRequests` in place of the refusal that the failure would have been answered with */
  count(address: string): void | Promise<void>
}

/** What one caller may ask for. null: without limit. */
export interface Limits {
  readonly writeLimit: WriteLimit | null
  readonly failureLimit: FailureLimit | null
  close(): void
}

/** Opens the limits that a configuration names: each instance for itself, or together where there is a Redis. */
export async function openLimits(config: LimitsConfig, log: RedisLog): Promise<Limits> {
  const { writesPerMinute, authFailuresPerMinute, redisUrl } = config
  const shared = redisUrl === null ? null : await openShared(redisUrl, log)

  const counterOf = (name: string, quota: number): Counter => {
    const local = createLocalCounter({ windowSeconds })
    return shared?.counterOf({ name, windowSeconds, quota, local }) ?? local
  }

  function writes(quota: number): WriteLimit {
    const counter = counterOf('write', quota)
    const settle = allowanceOf('write', quota, windowSeconds)
    return ({ clientId, userId }) => {
      // Not the client alone: one user of a clinic must not use up what the others need.
      const counted = counter.count(userId === null ? clientId : `${clientId} ${userId}`)
      return counted instanceof Promise ? counted.then(settle) : settle(counted)
    }
  }

  function failures(quota: number): FailureLimit {
    const counter = counterOf('authentication', quota)
    const settle = allowanceOf('authentication', quota, windowSeconds)
    return {
      isExhausted: (address) => counter.timesOf(networkOf(address)) >= quota,
      count(address) {
        const counted = counter.count(networkOf(address))
        if (counted instanceof Promise) return counted.then((count) => void settle(count))
        settle(counted)
      },
    }
  }

  return {
    writeLimit: writesPerMinute === 0 ? null : writes(writesPerMinute),
    failureLimit: authFailuresPerMinute === 0 ? null : failures(authFailuresPerMinute),
    close: () => shared?.redis.disconnect(),
  }
}

/** Loaded here, so that an instance without Redis loads nothing of it. */
async function openShared(url: URL, log: RedisLog) {
  const [{ connectRedis }, { createSharedCounter }] = await Promise.all([
    import('./redis.ts'),
    import('./shared-counter.ts'),
  ])
  const shared = connectRedis(url, log)
  return {
    redis: shared.redis,
    counterOf: (options: Omit<Parameters<typeof createSharedCounter>[0], 'shared'>) =>
      createSharedCounter({ shared, ...options }),
  }
}
