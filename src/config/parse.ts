import type { Config, TokenConfig } from './shape.ts'
import { isLoopback } from './values.ts'
import { type Variables, variables } from './variables.ts'

/**
 * Thrown with every mistake that was found, so that one restart is enough to mend them. Exit code 78 is `EX_CONFIG` of
 * sysexits.h.
 */
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

/**
 * What a single variable cannot know of the others. Asks only whether they are set, so it can be told together with
 * what is wrong in them.
 */
function contradictions(set: Environment): string[] {
  const production = set['NODE_ENV'] === 'production'
  const isSet = (name: keyof Variables) => set[name] !== undefined
  const mistakes: string[] = []
  if (isSet('TOKEN_ISSUER')) {
    if (!isSet('TOKEN_AUDIENCE')) mistakes.push('TOKEN_AUDIENCE is required with TOKEN_ISSUER')
    if (!isSet('TOKEN_JWKS_URL')) mistakes.push('TOKEN_JWKS_URL is required with TOKEN_ISSUER')
  } else if (production)
    mistakes.push('TOKEN_ISSUER is required in production: the development issuer never runs there')
  else if (isSet('TOKEN_AUDIENCE') || isSet('TOKEN_JWKS_URL'))
    mistakes.push('TOKEN_ISSUER is required with TOKEN_AUDIENCE and TOKEN_JWKS_URL')
  else if (!isLoopback(variables.shape.HOST.parse(set['HOST'])))
    mistakes.push(
      'TOKEN_ISSUER is required unless HOST is a loopback address: the development issuer must not be reachable',
    )
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
 * @throws ConfigurationError listing every mistake by the name of its variable; values are not repeated, they may be
 *   secret
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

/**
 * The configuration of this process. With `parseConfig`'s own argument this is the only place that reads `process.env`.
 */
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
