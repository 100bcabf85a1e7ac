import { Redis } from 'ioredis'

/** ioredis ends a connection that is silent for so long while an answer is due, and makes it anew. */
const silenceMs = 1_000

/** The pause before each new connection. */
const reconnectMs = 500

/** How long the start of the gateway waits for a Redis that does not answer. */
const firstAnswerMs = 1_000

export interface RedisLog {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}

/** A Redis, and whether it counts. */
export interface SharedRedis {
  readonly redis: Redis
  /** Takes the result of a count: a Redis may refuse it (a replica, no memory), or take too long. null: it counted. */
  onCounted(error: Error | null): void
  /**
   * Waits for a first answer, for a bounded time; a Redis that is away is no error.
   * @throws Error that names the database, where Redis refuses it
   */
  checkDatabase(): Promise<void>
}

const isRefusedDatabase = (error: Error & { command?: { name: string } }) => error.command?.name === 'select'

/**
 * Makes a connection for counting: it fails fast, queues nothing, repeats nothing (a repeated count would count twice),
 * and comes back by itself. Its errors go to the log, once for each outage and never with the address, which may hold
 * a password.
 *
 * Each new connection writes one key, and counts as there only if Redis accepts that. ioredis's own check asks `INFO`,
 * which some installations rename; it also takes a replica, and database 0 in place of one that Redis refused.
 */
export function connectRedis(url: URL, log: RedisLog): SharedRedis {
  const redis = new Redis(url.href.replace(/^valkey/, 'redis'), {
    connectTimeout: 1_000,
    socketTimeout: silenceMs,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    retryStrategy: () => reconnectMs,
    // A primary that became a replica keeps its connections; the address may lead to the new primary by now.
    reconnectOnError: ({ message }) => /\bREADONLY\b/.test(message),
  })
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
  let state: 'unknown' | 'there' | 'away' | 'given up' = 'unknown'
  let refusal: Error | null = null

  function isThere(): void {
    if (state === 'there' || state === 'given up') return
    state = 'there'
    log.info({}, 'Redis is there: instances count together')
  }
  function isAway(reason: string): void {
    if (state === 'away' || state === 'given up') return
    state = 'away'
    log.warn({ reason }, 'Redis is away: this instance counts for itself')
  }
  /** For a mistake of the configuration, which no new connection mends. */
  function giveUp(reason: string): void {
    if (state === 'given up') return
    state = 'given up'
    log.warn({ reason }, 'REDIS_URL is of no use: this instance counts for itself')
    redis.disconnect()
  }
  function fail(error: Error): void {
    if (isRefusedDatabase(error)) {
      refusal = new Error(`REDIS_URL names database ${redis.options.db}, which this Redis refuses: ${error.message}`)
      giveUp(refusal.message)
    } else if (/\b(?:MOVED|CLUSTERDOWN)\b/.test(error.message))
      giveUp('it is a node of a Redis Cluster; one Redis is wanted, alone or with Redis Sentinel')
    else isAway(error.message)
    answer()
  }

  redis.on('error', fail)
  redis.on('ready', () => {
    if (state === 'given up') return
    redis.set('gateway:there', '1', 'PX', 1_000).then(() => {
      isThere()
      answer()
    }, fail)
  })
  return {
    redis,
    onCounted: (error) => (error === null ? isThere() : fail(error)),
    async checkDatabase() {
      const timer = setTimeout(answer, firstAnswerMs)
      await answered
      clearTimeout(timer)
      if (refusal !== null) throw refusal
    },
  }
}
