import type { RedirectUriPolicy } from '../domain/redirect-uri-parser.ts'
import type { NatsServer } from './values.ts'
import type { Variables } from './variables.ts'

/** The whole configuration, parsed once. The name of a duration ends with its unit. */
export interface Config {
  /** Switches development features off: banner, GraphiQL, introspection by default, and metrics on the main port. */
  readonly production: boolean
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Scheme, host and port that callers use, without a trailing slash. null: the address of the listening socket. */
  readonly publicUrl: string | null
  /** IP addresses and networks whose `X-Forwarded-For` counts. Empty: no `X-Forwarded-For` counts. */
  readonly trustedProxies: readonly string[]
  /** After SIGTERM, the seconds between the end of readiness and the end of listening. */
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
  /** How long the development issuer's tokens for the console last. */
  readonly developmentTokenSeconds: number
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
  /** null: the console is off, unless the gateway is its own issuer. */
  readonly console: ConsoleConfig | null
  readonly limits: LimitsConfig
  /** null: this gateway sends no events. */
  readonly events: EventsConfig | null
}

export interface EventsConfig {
  /** At least 32 bytes. Every signing secret is derived from it. */
  readonly signingKey: Uint8Array
  /** Private networks in CIDR notation to which events may go. */
  readonly targetNetworks: readonly string[]
  /** The `source` of every event: the address that callers use. */
  readonly source: string
  /** null: each gateway sends the events that it claims. */
  readonly nats: EventsNatsConfig | null
}

/** The NATS by which gateways hand events over. */
export interface EventsNatsConfig {
  /** At least one, all of one cluster. They hold passwords. */
  readonly servers: readonly NatsServer[]
  readonly role: Variables['EVENTS_NATS_ROLE']
}

export interface GraphQLConfig {
  /** Introspection, suggestions in error messages, and GraphiQL. */
  readonly introspection: boolean
  /** Only documents of the manifest are executed. */
  readonly persistedOnly: boolean
  /** Files of manifests beside the gateway's own. */
  readonly manifests: readonly string[]
}

/** What the console has to know about the issuer at which people sign in. Nothing of it is secret. */
export interface ConsoleConfig {
  /** As the issuer writes it: OpenID Connect compares it byte by byte. */
  readonly issuer: string
  readonly clientId: string
  readonly scope: string
  /** The `resource` of RFC 8707; null: the console names none. */
  readonly audience: string | null
  /** null: the console asks the discovery document of the issuer. */
  readonly authorizationEndpoint: string | null
  readonly tokenEndpoint: string | null
  readonly endSessionEndpoint: string | null
}

/** The limits for one caller and for all callers together. */
export interface LimitsConfig {
  /** Writes of one caller; 0: no limit. */
  readonly writesPerMinute: number
  /** Failed authentications from one address; 0: no limit. */
  readonly authFailuresPerMinute: number
  /** The server on which instances share their counters. null: each instance has its own. */
  readonly redisUrl: URL | null
  /** Delay of the event loop above which the gateway refuses work for the database. 0: it never does. */
  readonly eventLoopDelayMaxMs: number
}

export interface DatabaseConfig {
  /** null: embedded PostgreSQL. */
  readonly url: string | null
  readonly poolMax: number
  readonly connectTimeoutMs: number
  readonly statementTimeoutMs: number
  readonly lockTimeoutMs: number
  /** The number of statements that may wait for a connection of the pool. */
  readonly queueMax: number
  /** The longest wait of a statement for a connection. */
  readonly queueTimeoutMs: number
  /**
   * Behind PgBouncer in transaction mode a session can keep no state: no named statements, no settings at its start.
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
