import { isLoopback } from './config/values.ts'
import { type Variables, variables } from './config/variables.ts'

/** Everything that can be set from outside, parsed once. Durations are in the unit that their name ends with. */
export interface Config {
  readonly production: boolean
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Scheme, host and port that callers use, without a trailing slash; null: the address listened on. */
  readonly publicUrl: string | null
  /** IP addresses and networks whose `X-Forwarded-For` is believed; empty: nobody's. */
  readonly trustedProxies: readonly string[]
  /** Origins whose pages may call; empty: none. */
  readonly corsOrigins: readonly string[]
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
  readonly redirectUriPolicy: 'strict' | 'legacy'
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
  /** Behind PgBouncer in transaction mode nothing may be left on a session: no named statements, no settings at its start. */
  readonly pooler: 'none' | 'pgbouncer'
}

export interface TokenConfig {
  readonly issuer: string
  readonly audience: string
  readonly jwksUrl: URL
  readonly algorithms: readonly string[]
  readonly staleSeconds: number
}

/** Thrown with every mistake that was found, so that one restart is enough to mend them. Exit code 78 is `EX_CONFIG` of sysexits.h. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly exitCode = 78
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    super(`Configuration is not valid:\n${mistakes.map((mistake) => `  - ${mistake}`).join('\n')}`)
    this.mistakes = mistakes
  }
}

type Environment = Readonly<Record<string, string | undefined>>

/** What a single variable cannot know of the others. Asks only whether they are set, so it can be told together with what is wrong in them. */
function contradictions(set: Environment): string[] {
  const production = set['NODE_ENV'] === 'production'
  const isSet = (name: keyof Variables) => set[name] !== undefined
  const mistakes: string[] = []
  if (isSet('TOKEN_ISSUER')) {
    if (!isSet('TOKEN_AUDIENCE')) mistakes.push('TOKEN_AUDIENCE is required with TOKEN_ISSUER')
    if (!isSet('TOKEN_JWKS_URL')) mistakes.push('TOKEN_JWKS_URL is required with TOKEN_ISSUER')
  } else if (production) mistakes.push('TOKEN_ISSUER is required in production: the development issuer never runs there')
  else if (isSet('TOKEN_AUDIENCE') || isSet('TOKEN_JWKS_URL'))
    mistakes.push('TOKEN_ISSUER is required with TOKEN_AUDIENCE and TOKEN_JWKS_URL')
  else if (!isLoopback(variables.shape.HOST.parse(set['HOST'])))
    mistakes.push('TOKEN_ISSUER is required unless HOST is a loopback address: the development issuer must not be reachable')
  if (production && !isSet('DATABASE_URL'))
    mistakes.push('DATABASE_URL is required in production: the embedded PostgreSQL never runs there')
  return mistakes
}

function tokenConfig(found: Variables): TokenConfig | null {
  const { TOKEN_ISSUER: issuer, TOKEN_AUDIENCE: audience, TOKEN_JWKS_URL: jwksUrl } = found
  if (issuer === undefined || audience === undefined || jwksUrl === undefined) return null
  return { issuer, audience, jwksUrl, algorithms: found.TOKEN_ALGORITHMS, staleSeconds: found.JWKS_STALE_SECONDS }
}

/**
 * Parses the environment. An empty variable counts as not set.
 * @throws ConfigurationError listing every mistake by the name of its variable; values are not repeated, they may be secret
 */
export function parseConfig(environment: Environment): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = variables.safeParse(set)
  const issues = parsed.error?.issues.map(({ path, message }) => `${path[0]?.toString()} ${message}`) ?? []
  // One list of algorithms may hold several that are none.
  const mistakes = [...new Set([...issues, ...contradictions(set)])]
  if (!parsed.success || mistakes.length > 0) throw new ConfigurationError(mistakes)
  const found = parsed.data
  return Object.freeze({
    production: found.NODE_ENV === 'production',
    host: found.HOST,
    port: found.PORT,
    publicUrl: found.PUBLIC_URL?.origin ?? null,
    trustedProxies: found.TRUSTED_PROXIES,
    corsOrigins: found.CORS_ORIGINS.map((origin) => new URL(origin).origin),
    logLevel: found.LOG_LEVEL,
    metricsPort: found.METRICS_PORT ?? null,
    tracesUrl: found.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
    dataDir: found.DATA_DIR,
    database: {
      url: found.DATABASE_URL ?? null,
      poolMax: found.DATABASE_POOL_MAX,
      connectTimeoutMs: found.DATABASE_CONNECT_TIMEOUT_MS,
      statementTimeoutMs: found.DATABASE_STATEMENT_TIMEOUT_MS,
      lockTimeoutMs: found.DATABASE_LOCK_TIMEOUT_MS,
      queueMax: found.DATABASE_QUEUE_MAX,
      queueTimeoutMs: found.DATABASE_QUEUE_TIMEOUT_MS,
      pooler: found.DATABASE_POOLER,
    },
    token: tokenConfig(found),
    tokenCacheSeconds: found.TOKEN_CACHE_SECONDS,
    opaqueTokens: found.OPAQUE_TOKENS === 'mithril',
    enforceBrokerKey: found.BROKER_API_KEY === 'enforce',
    redirectUriPolicy: found.REDIRECT_URI_POLICY,
    adminClientTypes: found.ADMIN_CLIENT_TYPES,
    graphql: {
      introspection: found.GRAPHQL_INTROSPECTION ?? found.NODE_ENV !== 'production',
      persistedOnly: found.GRAPHQL_DOCUMENTS === 'persisted',
    },
    limits: {
      writesPerMinute: found.WRITE_LIMIT_PER_MINUTE,
      authFailuresPerMinute: found.AUTH_FAILURE_LIMIT_PER_MINUTE,
      redisUrl: found.REDIS_URL ?? null,
      eventLoopDelayMaxMs: found.EVENT_LOOP_DELAY_MAX_MS,
    },
  })
}

/** The configuration of this process. With `parseConfig`'s own argument this is the only place that reads `process.env`. */
export function readConfig(): Config {
  return parseConfig(process.env)
}

/**
 * The database that migrations run on. They need nothing else of the configuration, so they ask for nothing else.
 * @throws ConfigurationError if `DATABASE_URL` is missing or not one
 */
export function readDatabaseUrl(): string {
  const parsed = variables.shape.DATABASE_URL.safeParse(process.env['DATABASE_URL'] || undefined)
  if (!parsed.success) throw new ConfigurationError(parsed.error.issues.map(({ message }) => `DATABASE_URL ${message}`))
  if (parsed.data === undefined) throw new ConfigurationError(['DATABASE_URL is required'])
  return parsed.data
}
