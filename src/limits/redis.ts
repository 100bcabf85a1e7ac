import { Redis } from 'ioredis'

/** A connection that is silent for so long while an answer is due is given up, and made anew. */
const silenceMs = 1_000

export interface RedisLog {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}

/**
 * A connection for counting: it fails fast, queues nothing, repeats nothing (a repeated count would count twice), and comes back by
 * itself. Its errors go to the log, once for each outage and never with the address, which may hold a password.
 */
export function connectRedis(url: URL, log: RedisLog): Redis {
  const redis = new Redis(url.href, {
    connectTimeout: 1_000,
    socketTimeout: silenceMs,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    retryStrategy: () => 500,
  })
  let away = false
  redis.on('error', ({ message }: Error) => {
    if (away) return
    away = true
    log.warn({ reason: message }, 'Redis is away: this instance counts for itself')
  })
  redis.on('ready', () => {
    away = false
    log.info({}, 'Redis is there: instances count together')
  })
  return redis
}
