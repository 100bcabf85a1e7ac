import { Redis } from 'ioredis'

/** A connection that is silent for so long while an answer is due is given up, and made anew. */
const silenceMs = 1_000

export interface RedisLog {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}

/** Redis, and whether it does what it is there for. */
export interface SharedRedis {
  readonly redis: Redis
  /**
   * Told what came of a count: a Redis that is there may refuse it (a replica, no memory left), or take too long. null:
   * it counted.
   */
  onCounted(error: Error | null): void
}

/**
 * A connection for counting: it fails fast, queues nothing, repeats nothing (a repeated count would count twice), and
 * comes back by itself. Its errors go to the log, once for each outage and never with the address, which may hold a
 * password.
 */
export function connectRedis(url: URL, log: RedisLog): SharedRedis {
  const redis = new Redis(url.href, {
    connectTimeout: 1_000,
    socketTimeout: silenceMs,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    retryStrategy: () => 500,
  })
  let away = false
  function isAway(reason: string): void {
    if (away) return
    away = true
    log.warn({ reason }, 'Redis is away: this instance counts for itself')
  }
  function isThere(): void {
    away = false
    log.info({}, 'Redis is there: instances count together')
  }
  redis.on('error', ({ message }: Error) => isAway(message))
  redis.on('ready', isThere)
  return {
    redis,
    onCounted(error) {
      if (error === null && away) isThere()
      if (error !== null) isAway(error.message)
    },
  }
}
