import type { RedirectUriPolicy } from '../domain/redirect-uri-value.ts'
import type { Variables } from './variables.ts'

/** Everything that can be set from outside, parsed once. Durations are in the unit that their name ends with. */
export interface Config {
  /** Nothing of development is on: no banner, no GraphiQL or introspection by default, no metrics on the main port. */
  readonly production: boolean
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Scheme, host and port that callers use, without a trailing slash; null: the address listened on. */
  readonly publicUrl: string | null
  /** IP addresses and networks whose `X-Forwarded-For` is believed; empty: nobody's. */
  readonly trustedProxies: readonly string[]
  /** After SIGTERM, how long readiness is off before listening ends. */
  readonly drainSeconds: number
  /** Origins whose pages may call; empty: none. */
  readonly corsOrigins: readonly string[]
  /** Headers that such pages may send beside those that the gateway reads. */
  readonly corsHeaders: readonly string[]
  readonly logLevel: Variables['LOG_LEVEL']
  /** null: metrics are on the main port, and in production nowhere. 0: any free port. */
  readonly metricsPort: number | null
  /** Base address of an OpenTelemetry collector (OTLP over HTTP); null: no traces. */
  readonly tracesUrl: URL | null
  /** Where the embedded database and the development issuer keep their files. Not used in production. */
  readonly dataDir: string
  readonly database: DatabaseConfig
  /** null: the gateway is its own issuer, for development on a loopback address. */
  readonly token: TokenConfig | null
  readonly tokenCacheSeconds: number
  /** Whether a bearer that is no JWT is looked up in Mithril's `tokens`. */
  readonly opaqueTokens: boolean
  /** Whether a client that acts through a broker has to bring the broker's `API-key`. */
  readonly enforceBrokerKey: boolean
  readonly redirectUriPolicy: RedirectUriPolicy
  readonly adminClientTypes: readonly string[]
  readonly graphql: GraphQLConfig
  readonly limits: LimitsConfig
}

export interface GraphQLConfig {
  /** Introspection, suggestions in error messages, and GraphiQL. */
  readonly introspection: boolean
  /** Only documents of the manifest are executed. */
  readonly persistedOnly: boolean
}

/** What one caller, or all of them together, may ask for. */
export interface LimitsConfig {
  /** Writes of one caller; 0: no limit. */
  readonly writesPerMinute: number
  /** Failed authentications from one address; 0: no limit. */
  readonly authFailuresPerMinute: number
  /** Where instances share their counters; null: each has its own. */
  readonly redisUrl: URL | null
  /** Delay of the event loop above which work for the database is shed; 0: never. */
  readonly eventLoopDelayMaxMs: number
}

export interface DatabaseConfig {
  /** null: embedded PostgreSQL. */
  readonly url: string | null
  readonly poolMax: number
  readonly connectTimeoutMs: number
  readonly statementTimeoutMs: number
  readonly lockTimeoutMs: number
  /** How many statements may wait for a connection of the pool. */
  readonly queueMax: number
  /** How long one may wait there. */
  readonly queueTimeoutMs: number
  /**
   * Behind PgBouncer in transaction mode nothing may be left on a session: no named statements, no settings at its
   * start.
   */
  readonly pooler: Variables['DATABASE_POOLER']
}

export interface TokenConfig {
  readonly issuer: string
  readonly audience: string
  readonly jwksUrl: URL
  readonly algorithms: readonly string[]
  readonly staleSeconds: number
}
