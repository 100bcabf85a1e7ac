import { Redis } from 'ioredis'
import type { Log } from '../observability/log.ts'

/** ioredis replaces a connection that stays silent for this long while an answer is due. */
const silenceMs = 1_000

/** The pause before each new connection. */
const reconnectMs = 500

/** How long the start of the gateway waits for a Redis that does not answer. */
const firstAnswerMs = 1_000

/** A Redis that all instances count in. */
export interface SharedRedis {
  readonly redis: Redis
  /** Takes the error of a count, or null. A Redis may refuse a count (a replica, no memory) or answer too late. */
  onCounted(error: Error | null): void
  /**
   * Waits for a first answer, for a bounded time. A Redis that does not answer is no error.
   * @throws Error with the number of the database, if Redis refuses that
   */
  checkDatabase(): Promise<void>
}

const isRefusedDatabase = (error: Error & { command?: { name: string } }) => error.command?.name === 'select'

/**
 * Makes a connection for counting. It fails fast, has no queue, repeats no command (a repeated count would count
 * twice), and reconnects by itself. The log gets one line for each outage, without `REDIS_URL`, which may hold a
 * password.
 *
 * Each new connection writes one key, and is usable only if Redis accepts that. ioredis's own check uses `INFO`, which
 * some installations rename. It also accepts a replica, and database 0 in place of a refused one.
 */
export function connectRedis(url: URL, log: Log): SharedRedis {
  const redis = new Redis(url.href.replace(/^valkey/, 'redis'), {
    connectTimeout: 1_000,
    socketTimeout: silenceMs,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    retryStrategy: () => reconnectMs,
    // A primary that becomes a replica keeps its connections, while its address may lead to the new primary.
    reconnectOnError: ({ message }) => /\bREADONLY\b/.test(message),
  })
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
  let state: 'unknown' | 'connected' | 'disconnected' | 'given up' = 'unknown'
  let refusal: Error | null = null

  function noteConnected(): void {
    if (state === 'connected' || state === 'given up') return
    state = 'connected'
    log.info({}, 'Redis is there: instances count together')
  }
  function noteDisconnected(reason: string): void {
    if (state === 'disconnected' || state === 'given up') return
    state = 'disconnected'
    log.warn({ reason }, 'Redis is away: this instance counts for itself')
  }
  /** Stops to connect, because the configuration is wrong. */
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
    else noteDisconnected(error.message)
    answer()
  }

  redis.on('error', fail)
  redis.on('ready', () => {
    if (state === 'given up') return
    redis.set('gateway:there', '1', 'PX', 1_000).then(() => {
      noteConnected()
      answer()
    }, fail)
  })
  return {
    redis,
    onCounted: (error) => (error === null ? noteConnected() : fail(error)),
    async checkDatabase() {
      const timer = setTimeout(answer, firstAnswerMs)
      await answered
      clearTimeout(timer)
      if (refusal !== null) throw refusal
    },
  }
}
