import type { Config, ConsoleConfig, EventsConfig, TokenConfig } from './shape.ts'
import { databaseHost, isLoopback, isLoopbackNetwork } from './values.ts'
import { type Variables, variableGroups, variables } from './variables.ts'

/**
 * Names every mistake in the configuration, so that the operator can correct all of them at once. Exit code 78 is
 * `EX_CONFIG` of sysexits.h.
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
 * The variables whose addresses are outside this machine. A value that is not valid does not count: it has a mistake of
 * its own.
 */
function outsideThisMachine(set: Environment) {
  const { HOST, PUBLIC_URL, TRUSTED_PROXIES, DATABASE_URL } = variables.shape
  const databaseUrl = DATABASE_URL.safeParse(set['DATABASE_URL']).data
  const places = {
    HOST: isLoopback(HOST.parse(set['HOST'])),
    PUBLIC_URL: isLoopback(PUBLIC_URL.safeParse(set['PUBLIC_URL']).data?.hostname ?? 'localhost'),
    TRUSTED_PROXIES: (TRUSTED_PROXIES.safeParse(set['TRUSTED_PROXIES']).data ?? []).every(isLoopbackNetwork),
    DATABASE_URL: isLoopback(databaseUrl === undefined ? 'localhost' : databaseHost(databaseUrl, set['PGHOST'])),
  }
  const outside = (names: (keyof typeof places)[]) => names.filter((name) => !places[name])
  return { callers: outside(['HOST', 'PUBLIC_URL', 'TRUSTED_PROXIES']), all: outside(Object.keys(places) as never) }
}

const areNot = (names: readonly string[]) =>
  `${names.join(' and ')} ${names.length === 1 ? 'is not a loopback address' : 'are not loopback addresses'}`

/**
 * Whether this is production. If the operator forgets `NODE_ENV`, no feature of development may be open to other
 * machines. So without `NODE_ENV`, a gateway that other machines can reach is in production.
 */
function isProduction(set: Environment): boolean {
  return (
    set['NODE_ENV'] === 'production' || (set['NODE_ENV'] === undefined && outsideThisMachine(set).callers.length > 0)
  )
}

/** The reason why the configuration allows no development issuer. undefined: it allows one. */
function whyNoDevelopmentIssuer(set: Environment): string | undefined {
  const outside = outsideThisMachine(set).all
  if (outside.includes('HOST'))
    return 'unless HOST is a loopback address: the development issuer must not be reachable from other machines'
  if (outside.length === 0 || set['ALLOW_DEVELOPMENT_ISSUER'] === 'true') return undefined
  return (
    `because ${areNot(outside)}: the development issuer gives its tokens to everybody on this machine ` +
    '(ALLOW_DEVELOPMENT_ISSUER=true permits that)'
  )
}

/**
 * The mistakes between variables. It reads only whether variables are set and where their addresses are. So it can
 * report these mistakes together with those of single values.
 */
function contradictions(set: Environment): string[] {
  const production = isProduction(set)
  const isSet = (name: keyof Variables) => set[name] !== undefined
  const mistakes: string[] = []
  const withoutIssuer = whyNoDevelopmentIssuer(set)
  if (isSet('TOKEN_ISSUER')) {
    if (!isSet('TOKEN_AUDIENCE')) mistakes.push('TOKEN_AUDIENCE is required with TOKEN_ISSUER')
    if (!isSet('TOKEN_JWKS_URL')) mistakes.push('TOKEN_JWKS_URL is required with TOKEN_ISSUER')
  } else if (production) {
    mistakes.push('TOKEN_ISSUER is required in production: the development issuer never runs there')
    for (const name of ['TOKEN_AUDIENCE', 'TOKEN_JWKS_URL'] as const)
      if (!isSet(name)) mistakes.push(`${name} is required in production, with TOKEN_ISSUER`)
  } else if (isSet('TOKEN_AUDIENCE') || isSet('TOKEN_JWKS_URL'))
    mistakes.push('TOKEN_ISSUER is required with TOKEN_AUDIENCE and TOKEN_JWKS_URL')
  else if (withoutIssuer !== undefined) mistakes.push(`TOKEN_ISSUER is required ${withoutIssuer}`)
  if (production && !isSet('DATABASE_URL'))
    mistakes.push('DATABASE_URL is required in production: the embedded PostgreSQL never runs there')
  if (production && !isSet('NODE_ENV') && mistakes.length > 0)
    mistakes.unshift(
      `NODE_ENV is not set, and ${areNot(outsideThisMachine(set).callers)}: ` +
        'that means production (NODE_ENV=development does not)',
    )
  return mistakes
}

/**
 * Node ends a connection that was silent for 75 s (server/http-server.ts). A write must not be committed after that, so
 * its waits together are shorter. The wait for a lock is a part of the statement.
 */
const databaseWaitsAtMostMs = 70_000
const databaseWaits = [
  'DATABASE_QUEUE_TIMEOUT_MS',
  'DATABASE_CONNECT_TIMEOUT_MS',
  'DATABASE_STATEMENT_TIMEOUT_MS',
] as const

/** The mistake of waits that are too long together. A wait that is no number is reported by itself. */
function tooLongWaits(found: Variables | undefined): string[] {
  const sum = databaseWaits.reduce((waits, name) => waits + (found?.[name] ?? 0), 0)
  return sum > databaseWaitsAtMostMs
    ? [`${databaseWaits.join(' + ')} must be at most ${databaseWaitsAtMostMs}: callers wait no longer`]
    : []
}

/** The mistakes between the variables of the console. */
function consoleContradictions(set: Environment): string[] {
  const names = Object.keys(variableGroups.Console).filter((name) => set[name] !== undefined)
  if (names.length === 0) return []
  if (set['CONSOLE_CLIENT_ID'] === undefined) return [`CONSOLE_CLIENT_ID is required with ${names.join(' and ')}`]
  const mistakes: string[] = []
  if (set['TOKEN_ISSUER'] === undefined)
    mistakes.push('TOKEN_ISSUER is required with CONSOLE_CLIENT_ID: the development issuer knows its console already')
  else if (
    set['CONSOLE_ISSUER'] === undefined &&
    !variables.shape.CONSOLE_ISSUER.safeParse(set['TOKEN_ISSUER']).success
  )
    mistakes.push(
      'CONSOLE_ISSUER is required with CONSOLE_CLIENT_ID, because TOKEN_ISSUER does not begin with https://',
    )
  const [first, second, third] = ['AUTHORIZATION', 'TOKEN', 'END_SESSION'].map((name) => `CONSOLE_${name}_ENDPOINT`)
  for (const [name, needed] of [
    [first, second],
    [second, first],
    [third, first],
  ])
    if (set[`${name}`] !== undefined && set[`${needed}`] === undefined)
      mistakes.push(`${needed} is required with ${name}`)
  return mistakes
}

/** The mistakes between the variables of NATS. */
function natsContradictions(set: Environment): string[] {
  if (set['EVENTS_ENGINE'] === 'nats') {
    const mistakes: string[] = []
    if (set['EVENTS'] !== 'on') mistakes.push('EVENTS=on is required with EVENTS_ENGINE=nats')
    if (set['EVENTS_NATS_URL'] === undefined) mistakes.push('EVENTS_NATS_URL is required with EVENTS_ENGINE=nats')
    return mistakes
  }
  return ['EVENTS_NATS_URL', 'EVENTS_NATS_ROLE']
    .filter((name) => set[name] !== undefined)
    .map((name) => `EVENTS_ENGINE=nats is required with ${name}`)
}

/** The mistakes between the variables of events. */
function eventContradictions(set: Environment): string[] {
  const mistakes = natsContradictions(set)
  if (set['EVENTS'] !== 'on') return mistakes
  return [
    ...mistakes,
    ...(set['EVENT_SIGNING_KEY'] === undefined ? ['EVENT_SIGNING_KEY is required with EVENTS=on'] : []),
    ...(set['PUBLIC_URL'] === undefined ? ['PUBLIC_URL is required with EVENTS=on: it is the source of events'] : []),
  ]
}

function eventsConfig({
  EVENTS,
  EVENT_SIGNING_KEY: signingKey,
  EVENT_TARGET_NETWORKS,
  EVENTS_NATS_URL: servers,
  EVENTS_NATS_ROLE: role,
  PUBLIC_URL,
}: Variables): EventsConfig | null {
  if (EVENTS === 'off' || signingKey === undefined || PUBLIC_URL === undefined) return null
  const nats = servers === undefined ? null : { servers, role }
  return { signingKey, targetNetworks: EVENT_TARGET_NETWORKS, source: PUBLIC_URL.origin, nats }
}

function consoleConfig(found: Variables): ConsoleConfig | null {
  const { CONSOLE_CLIENT_ID: clientId, CONSOLE_ISSUER: issuer = found.TOKEN_ISSUER } = found
  if (clientId === undefined || issuer === undefined) return null
  return {
    issuer,
    clientId,
    scope: found.CONSOLE_SCOPE,
    audience: found.CONSOLE_AUDIENCE ?? null,
    authorizationEndpoint: found.CONSOLE_AUTHORIZATION_ENDPOINT ?? null,
    tokenEndpoint: found.CONSOLE_TOKEN_ENDPOINT ?? null,
    endSessionEndpoint: found.CONSOLE_END_SESSION_ENDPOINT ?? null,
  }
}

function tokenConfig(found: Variables): TokenConfig | null {
  const { TOKEN_ISSUER: issuer, TOKEN_AUDIENCE: audience, TOKEN_JWKS_URL: jwksUrl } = found
  if (issuer === undefined || audience === undefined || jwksUrl === undefined) return null
  return { issuer, audience, jwksUrl, algorithms: found.TOKEN_ALGORITHMS, staleSeconds: found.JWKS_STALE_SECONDS }
}

/**
 * Parses the environment. An empty variable counts as not set.
 * @throws ConfigurationError that lists every mistake by the name of its variable. It repeats no value, because a value
 *   may be secret.
 */
export function parseConfig(environment: Environment): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = variables.safeParse(set)
  const issues = parsed.error?.issues.map(({ path, message }) => `${path[0]?.toString()} ${message}`) ?? []
  // A list of algorithms may hold several wrong words, each with the same message.
  const mistakes = [
    ...new Set([
      ...issues,
      ...contradictions(set),
      ...consoleContradictions(set),
      ...eventContradictions(set),
      ...tooLongWaits(parsed.data),
    ]),
  ]
  if (!parsed.success || mistakes.length > 0) throw new ConfigurationError(mistakes)
  const found = parsed.data
  const production = isProduction(set)
  return Object.freeze({
    production,
    host: found.HOST,
    port: found.PORT,
    publicUrl: found.PUBLIC_URL?.origin ?? null,
    trustedProxies: found.TRUSTED_PROXIES,
    drainSeconds: found.DRAIN_SECONDS,
    corsHeaders: found.CORS_HEADERS.map((name) => name.toLowerCase()),
    corsOrigins: found.CORS_ORIGINS.map((origin) => new URL(origin).origin),
    logLevel: found.LOG_LEVEL,
    metricsPort: found.METRICS_PORT ?? null,
    tracesUrl: found.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
    dataDir: found.DATA_DIR,
    developmentTokenSeconds: found.DEVELOPMENT_TOKEN_SECONDS,
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
      introspection: found.GRAPHQL_INTROSPECTION ?? !production,
      persistedOnly: found.GRAPHQL_DOCUMENTS === 'persisted',
      manifests: found.GRAPHQL_MANIFESTS,
    },
    console: consoleConfig(found),
    limits: {
      writesPerMinute: found.WRITE_LIMIT_PER_MINUTE,
      authFailuresPerMinute: found.AUTH_FAILURE_LIMIT_PER_MINUTE,
      redisUrl: found.REDIS_URL ?? null,
      eventLoopDelayMaxMs: found.EVENT_LOOP_DELAY_MAX_MS,
    },
    events: eventsConfig(found),
  })
}

/**
 * The configuration of this process. Only this module reads `process.env`.
 */
export function readConfig(): Config {
  return parseConfig(process.env)
}

/**
 * The database that migrations change. They need no other variable, so no other variable can stop them.
 * @throws ConfigurationError if `DATABASE_URL` is missing or not valid
 */
export function readDatabaseUrl(): string {
  const parsed = variables.shape.DATABASE_URL.safeParse(process.env['DATABASE_URL'] || undefined)
  if (!parsed.success) throw new ConfigurationError(parsed.error.issues.map(({ message }) => `DATABASE_URL ${message}`))
  if (parsed.data === undefined) throw new ConfigurationError(['DATABASE_URL is required'])
  return parsed.data
}
