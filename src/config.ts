import { isIP } from 'node:net'
import { z } from 'zod'

/** Everything that can be set from outside, parsed once. Durations are in the unit that their name ends with. */
export interface Config {
  readonly production: boolean
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Scheme, host and port that callers use, without a trailing slash; null: the address listened on. */
  readonly publicUrl: string | null
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /** Where the embedded database and the development issuer keep their files. Not used in production. */
  readonly dataDir: string
  readonly database: DatabaseConfig
  /** null: the gateway is its own issuer, for development on a loopback address. */
  readonly token: TokenConfig | null
  readonly tokenCacheSeconds: number
  readonly redirectUriPolicy: 'strict' | 'legacy'
  readonly adminClientTypes: readonly string[]
}

export interface DatabaseConfig {
  /** null: embedded PostgreSQL. */
  readonly url: string | null
  readonly poolMax: number
  readonly connectTimeoutMs: number
  readonly statementTimeoutMs: number
  readonly lockTimeoutMs: number
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

const tokenAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const

const wholeNumber = (minimum: number, maximum: number, fallback: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, `must be from ${minimum} to ${maximum}`)
    .default(fallback)

const words = (separator: string) =>
  z.string().transform((text) =>
    text
      .split(separator)
      .map((word) => word.trim())
      .filter((word) => word !== ''),
  )

const url = (schemes: readonly string[]) =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && schemes.includes(new URL(text).protocol),
      `must be a URL that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
    )
    .transform((text) => new URL(text))

/** As pg reads it: `postgresql://user@/database?host=/socket` is a connection string, but no URL for the WHATWG parser. */
const isConnectionString = (text: string) => URL.canParse(text) || URL.canParse(text.replace('@/', '@socket/'))

const variables = z.object({
  // A name that is nearly `production` must not mean development.
  NODE_ENV: z.enum(['development', 'test', 'production'], 'must be development, test or production').default('development'),
  HOST: z.string().default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535, 4000),
  PUBLIC_URL: url(['https:', 'http:'])
    .refine(
      (value) => value.pathname === '/' && value.search + value.hash + value.username + value.password === '',
      'must be scheme, host and port only',
    )
    .optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  DATA_DIR: z.string().default('.data'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\/./, { abort: true, error: 'must begin with postgresql:// or postgres://' })
    .refine(isConnectionString, 'must be a connection string of PostgreSQL')
    .optional(),
  DATABASE_POOL_MAX: wholeNumber(1, 500, 10),
  DATABASE_CONNECT_TIMEOUT_MS: wholeNumber(100, 60_000, 2_000),
  DATABASE_STATEMENT_TIMEOUT_MS: wholeNumber(100, 60_000, 5_000),
  DATABASE_LOCK_TIMEOUT_MS: wholeNumber(100, 60_000, 3_000),
  TOKEN_ISSUER: z.string().optional(),
  TOKEN_AUDIENCE: z.string().optional(),
  TOKEN_JWKS_URL: url(['https:', 'http:'])
    .refine((value) => value.protocol === 'https:' || isLoopback(value.hostname), 'must be https, or http on a loopback address')
    .optional(),
  TOKEN_ALGORITHMS: words(',')
    .pipe(
      z
        .array(z.enum(tokenAlgorithms, `must be a comma-separated list of ${tokenAlgorithms.join(', ')}`))
        .min(1, 'must name at least one algorithm'),
    )
    .default(['RS256', 'RS512', 'PS256', 'ES256', 'EdDSA']),
  TOKEN_CACHE_SECONDS: wholeNumber(0, 60, 60),
  JWKS_STALE_SECONDS: wholeNumber(0, 86_400, 600),
  REDIRECT_URI_POLICY: z.enum(['strict', 'legacy']).default('strict'),
  ADMIN_CLIENT_TYPES: words(',').default(['MITHRIL ADMIN', 'NHS']),
})

type Variables = z.infer<typeof variables>

/** Whether a host name or address never leaves this machine: where an unprotected issuer or key server is tolerable. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '')
  return address === 'localhost' || address === '::1' || (isIP(address) === 4 && address.startsWith('127.'))
}

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
    logLevel: found.LOG_LEVEL,
    dataDir: found.DATA_DIR,
    database: {
      url: found.DATABASE_URL ?? null,
      poolMax: found.DATABASE_POOL_MAX,
      connectTimeoutMs: found.DATABASE_CONNECT_TIMEOUT_MS,
      statementTimeoutMs: found.DATABASE_STATEMENT_TIMEOUT_MS,
      lockTimeoutMs: found.DATABASE_LOCK_TIMEOUT_MS,
    },
    token: tokenConfig(found),
    tokenCacheSeconds: found.TOKEN_CACHE_SECONDS,
    redirectUriPolicy: found.REDIRECT_URI_POLICY,
    adminClientTypes: found.ADMIN_CLIENT_TYPES,
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
