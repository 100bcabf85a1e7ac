import { z } from 'zod'
import { signatureAlgorithms } from '../auth/algorithms.ts'
import {
  isConnectionString,
  isLoopback,
  isNetwork,
  isOrigin,
  isRedisAddress,
  namesNoSchema,
  natsServerOf,
  truth,
  url,
  wholeNumber,
  words,
} from './values.ts'

// The last `describe` of each variable is its sentence in docs/configuration.md, which `npm run codegen` writes.

const processVariables = {
  // A name that is nearly `production` must not mean development. Without it: production if other machines can call.
  NODE_ENV: z
    .enum(['development', 'test', 'production'], 'must be development, test or production')
    .optional()
    .describe(
      '`production` requires a database and a token issuer, and switches GraphiQL, introspection and `/metrics` ' +
        'on the main port off. Not set: `production` if `HOST`, `PUBLIC_URL` or `TRUSTED_PROXIES` is not a ' +
        'loopback address, else `development`.',
    ),
  HOST: z.string().default('127.0.0.1').describe('The address to listen on.'),
  PORT: wholeNumber(0, 65_535).default(4000).describe('The port to listen on; 0 takes any free port.'),
  PUBLIC_URL: url(['https:', 'http:'])
    .refine(isOrigin, 'must be scheme, host and port only')
    .optional()
    .describe(
      'Scheme, host and port that callers use; `meta.url` is built on it. Not set: the address that the gateway ' +
        'listens on.',
    ),
  TRUSTED_PROXIES: words(',')
    .refine(
      (proxies) => proxies.every(isNetwork),
      'must be a comma-separated list of IP addresses and networks (10.0.0.0/8)',
    )
    .default([])
    .describe(
      'IP addresses and networks (`10.0.0.0/8,::1`) whose `X-Forwarded-For` counts. Not set: the address of the ' +
        'connection counts.',
    ),
  DRAIN_SECONDS: wholeNumber(0, 300)
    .default(0)
    .describe(
      'After SIGTERM, how long `/health/ready` answers 503 while the gateway still takes new connections, so ' +
        'that balancers send them elsewhere. Requests in flight have 10 seconds more.',
    ),
  CORS_ORIGINS: words(',')
    .refine(
      (origins) =>
        origins.every((origin) => URL.canParse(origin) && /^https?:/.test(origin) && isOrigin(new URL(origin))),
      'must be a comma-separated list of origins: scheme, host and port only',
    )
    .default([])
    .describe('Origins whose pages may call the gateway. Not set: no page of another origin may.'),
  CORS_HEADERS: words(',')
    .refine(
      (names) => names.every((name) => /^[\w!#$%&'*+.^`|~-]+$/.test(name)),
      'must be a comma-separated list of header names',
    )
    .default([])
    .describe('Headers that such pages may send beside the ones that the gateway reads, for example `traceparent`.'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('At `info` the log has one JSON line for each request.'),
  METRICS_PORT: wholeNumber(0, 65_535)
    .optional()
    .describe('A separate port for `/metrics`. Not set: the main port serves metrics, and in production no port does.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(['https:', 'http:'])
    .optional()
    .describe(
      'Base address of an OpenTelemetry collector for traces (OTLP over HTTP). Not set: the gateway loads ' +
        'nothing of OpenTelemetry.',
    ),
  DATA_DIR: z.string().default('.data').describe('Folder of the embedded database and of the development key.'),
  ALLOW_DEVELOPMENT_ISSUER: truth
    .default(false)
    .describe(
      '`true`, with `NODE_ENV=development`: without `TOKEN_ISSUER`, the gateway is its own issuer also if ' +
        '`PUBLIC_URL`, `TRUSTED_PROXIES` or `DATABASE_URL` is not a loopback address. Everybody on this machine can ' +
        'then make tokens of administrators.',
    ),
  DEVELOPMENT_TOKEN_SECONDS: wholeNumber(1, 86_400)
    .default(3_600)
    .describe(
      'How long an access token lasts that a sign-in at the development issuer gives to the console. The gateway ' +
        'accepts every token 30 seconds longer.',
    ),
}

const databaseVariables = {
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\/./, { abort: true, error: 'must begin with postgresql:// or postgres://' })
    .refine(isConnectionString, { abort: true, error: 'must be a connection string of PostgreSQL' })
    .refine(namesNoSchema, 'must not have schema=: set it for the role, ALTER ROLE … SET search_path = …')
    .describe('`postgresql://…`')
    .optional()
    .describe('The database; required in production. Not set: an embedded PostgreSQL with demo data.'),
  DATABASE_POOL_MAX: wholeNumber(1, 500).default(10).describe('Connections for operations; readiness has one more.'),
  DATABASE_CONNECT_TIMEOUT_MS: wholeNumber(100, 60_000)
    .default(2_000)
    .describe('How long to wait for a connection, from the pool or from the server.'),
  DATABASE_STATEMENT_TIMEOUT_MS: wholeNumber(100, 60_000)
    .default(5_000)
    .describe('How long a statement may take on the server; the client waits one second more.'),
  DATABASE_LOCK_TIMEOUT_MS: wholeNumber(100, 60_000)
    .default(3_000)
    .describe('How long a statement waits for a row that another session has locked.'),
  DATABASE_QUEUE_MAX: wholeNumber(0, 100_000)
    .default(200)
    .describe('Statements that may wait for a connection of the pool; one more is refused with 503.'),
  DATABASE_QUEUE_TIMEOUT_MS: wholeNumber(10, 60_000)
    .default(500)
    .describe('How long a statement may wait there before it is refused with 503.'),
  DATABASE_POOLER: z
    .enum(['none', 'pgbouncer'], 'must be none or pgbouncer')
    .default('none')
    .describe('`pgbouncer`: its transaction mode, so no named statements and no settings at the start of a session.'),
}

const tokenVariables = {
  TOKEN_ISSUER: z
    .string()
    .optional()
    .describe(
      '`iss` of access tokens; required in production, and unless `HOST`, `PUBLIC_URL`, `TRUSTED_PROXIES` and ' +
        '`DATABASE_URL` are loopback addresses or `ALLOW_DEVELOPMENT_ISSUER` permits others. Not set: the ' +
        'development issuer.',
    ),
  TOKEN_AUDIENCE: z.string().optional().describe('`aud` of access tokens; required with `TOKEN_ISSUER`.'),
  TOKEN_JWKS_URL: url(['https:', 'http:'])
    .refine(
      (value) => value.protocol === 'https:' || isLoopback(value.hostname),
      'must be https, or http on a loopback address',
    )
    .optional()
    .describe("Address of the issuer's keys; `http://` on a loopback address only; required with `TOKEN_ISSUER`."),
  TOKEN_ALGORITHMS: words(',')
    .pipe(
      z
        .array(z.enum(signatureAlgorithms, `must be a comma-separated list of ${signatureAlgorithms.join(', ')}`))
        .min(1, 'must name at least one algorithm'),
    )
    .describe(`list of ${signatureAlgorithms.map((algorithm) => `\`${algorithm}\``).join(', ')}`)
    .default(['RS256', 'RS512', 'PS256', 'ES256', 'EdDSA', 'Ed25519'])
    .describe('Signature algorithms that a token may have.'),
  TOKEN_CACHE_SECONDS: wholeNumber(0, 60)
    .default(60)
    .describe('How long the gateway remembers a verified token, never past its `exp`; 0 switches this off.'),
  JWKS_STALE_SECONDS: wholeNumber(0, 86_400)
    .default(600)
    .describe('How much longer old keys serve while the issuer is out of reach; then callers get 503.'),
  OPAQUE_TOKENS: z
    .enum(['off', 'mithril'], 'must be off or mithril')
    .default('off')
    .describe("`mithril`: a bearer that is no JWT is looked up in Mithril's table `tokens`."),
  BROKER_API_KEY: z
    .enum(['off', 'enforce'], 'must be off or enforce')
    .default('off')
    .describe("`enforce`: a client whose `access_type` is `BROKER` has to send its broker's `API-key`."),
}

const ruleVariables = {
  REDIRECT_URI_POLICY: z
    .enum(['strict', 'legacy'])
    .default('strict')
    .describe('Which [redirect URIs](contract.md#redirect-uris) are valid; `legacy` applies rule 1 only.'),
  ADMIN_CLIENT_TYPES: words(',')
    .default(['MITHRIL ADMIN', 'NHS'])
    .describe('Client types that may act on every client, compared exactly; `,` means none.'),
  GRAPHQL_INTROSPECTION: truth
    .optional()
    .describe(
      'Introspection, suggestions in error messages, and GraphiQL. Not set: `false` in production, `true` elsewhere.',
    ),
  GRAPHQL_DOCUMENTS: z
    .enum(['any', 'persisted'], 'must be any or persisted')
    .default('any')
    .describe('`persisted`: the gateway executes [persisted documents](contract.md#documents-over-graphql) only.'),
  GRAPHQL_MANIFESTS: words(',')
    .default([])
    .describe(
      'Files of persisted documents beside [its own](contract.md#documents-over-graphql): manifests of Apollo, Relay ' +
        'or GraphQL Code Generator.',
    ),
}

/** A URL of https, kept as it is written: an issuer is compared byte by byte. Everybody can read it at the console. */
const httpsText = z
  .string()
  .refine((text) => URL.canParse(text) && new URL(text).protocol === 'https:', {
    abort: true,
    error: 'must be a URL that begins with https://',
  })
  .refine((text) => new URL(text).username + new URL(text).password === '', 'must not hold a user name or a password')
  .describe('URL: `https://`')

const consoleVariables = {
  CONSOLE_CLIENT_ID: z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 characters of ASCII')
    .optional()
    .describe(
      "The console's client id at your issuer: a public client. Not set: `/console` is 404, except beside the " +
        'development issuer.',
    ),
  CONSOLE_ISSUER: httpsText
    .optional()
    .describe('Where people sign in to the console, as the issuer writes its name. Not set: `TOKEN_ISSUER`.'),
  CONSOLE_AUTHORIZATION_ENDPOINT: httpsText
    .optional()
    .describe('For an issuer without discovery. Not set: the console reads the discovery document of its issuer.'),
  CONSOLE_TOKEN_ENDPOINT: httpsText
    .optional()
    .describe('Required with `CONSOLE_AUTHORIZATION_ENDPOINT`. The browser calls it, so it must allow CORS.'),
  CONSOLE_END_SESSION_ENDPOINT: httpsText
    .optional()
    .describe('Beside the other two. Not set: signing out forgets the token, and the session at the issuer goes on.'),
  CONSOLE_SCOPE: z
    .string()
    .regex(/^[!#-[\]-~]+( [!#-[\]-~]+)*$/, 'must be words separated by single blanks')
    .default(
      'openid client:read connection:read connection:write connection:refresh_secret connection:delete event:manage',
    )
    .describe('The scope that the console asks for. Without `openid` it expects no ID token.'),
  CONSOLE_AUDIENCE: z
    .string()
    .refine((text) => URL.canParse(text), 'must be an absolute URI (RFC 8707)')
    .describe('URI')
    .optional()
    .describe('The `resource` (RFC 8707) for which the console asks a token. Not set: the issuer knows it.'),
}

const limitVariables = {
  WRITE_LIMIT_PER_MINUTE: wholeNumber(0, 1_000_000).default(120).describe('Writes of one caller; 0 means no limit.'),
  AUTH_FAILURE_LIMIT_PER_MINUTE: wholeNumber(0, 1_000_000)
    .default(60)
    .describe('Failed authentications from one address; expired tokens do not count; 0 means no limit.'),
  REDIS_URL: url(['redis:', 'rediss:', 'valkey:', 'valkeys:'])
    .refine(isRedisAddress, 'must name a host and at most the number of a database; a socket cannot be used')
    .optional()
    .describe('Redis or Valkey in which instances share the two limits. Not set: each instance counts for itself.'),
  EVENT_LOOP_DELAY_MAX_MS: wholeNumber(0, 60_000)
    .default(200)
    .describe('Delay of the event loop above which work for the database is refused with 503; 0 means never.'),
}

const natsServers = words(',')
  .transform((texts) => texts.map(natsServerOf))
  .refine(
    (servers) => servers.length > 0 && !servers.includes(null),
    'must be a comma-separated list of nats:// or tls:// with host, port, and user and password at most',
  )
  .transform((servers) => servers.filter((server) => server !== null))
  .describe('list of `nats://` or `tls://`, separated by `,`')

/** 32 bytes or more: HKDF makes the secrets of subscriptions from them. */
const keyBytes = z
  .string()
  .regex(/^[A-Za-z0-9+/]{43,}={0,2}$/, 'must be 32 bytes or more in base64')
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((bytes) => bytes.length >= 32, 'must be 32 bytes or more in base64')
  .describe('base64 of 32 bytes or more')

const eventVariables = {
  EVENTS: z
    .enum(['off', 'on'], 'must be off or on')
    .default('off')
    .describe('`on`: this gateway sends the events of changes ([operations](../ops/README.md#events-of-changes)).'),
  EVENT_SIGNING_KEY: keyBytes
    .optional()
    .describe(
      'A secret; required with `EVENTS=on`, and the same on every gateway. Another key gives every subscription ' +
        'another signing secret.',
    ),
  EVENT_TARGET_NETWORKS: words(',')
    .refine((networks) => networks.every(isNetwork), 'must be a comma-separated list of IP addresses and networks')
    .default([])
    .describe(
      'Private networks (`10.20.0.0/16`) to which events may go. A target that is a literal address of one may have ' +
        'any port, and `http://`. Not set: public addresses only.',
    ),
  EVENTS_ENGINE: z
    .enum(['postgres', 'nats'], 'must be postgres or nats')
    .default('postgres')
    .describe(
      '`postgres`: each gateway with events sends them. `nats`: gateways hand them over to others by NATS JetStream ' +
        '([operations](../ops/README.md#events-by-nats)).',
    ),
  EVENTS_NATS_URL: natsServers
    .optional()
    .describe(
      'The servers of one NATS, with user and password or a token; required with `EVENTS_ENGINE=nats`. `tls://` ' +
        'connects with TLS only.',
    ),
  EVENTS_NATS_ROLE: z
    .enum(['publish', 'deliver'], 'must be publish or deliver')
    .default('publish')
    .describe(
      'With `EVENTS_ENGINE=nats`. `publish`: this gateway hands events over. `deliver`: it sends those that others ' +
        'have handed over.',
    ),
}

/** The variables in groups, as docs/configuration.md shows them. */
export const variableGroups = {
  'Process and network': processVariables,
  Database: databaseVariables,
  'Tokens and callers': tokenVariables,
  Rules: ruleVariables,
  Console: consoleVariables,
  Limits: limitVariables,
  Events: eventVariables,
}

/** Every variable that the gateway reads: its values, its default, and its sentence. */
export const variables = z.object({
  ...processVariables,
  ...databaseVariables,
  ...tokenVariables,
  ...ruleVariables,
  ...consoleVariables,
  ...limitVariables,
  ...eventVariables,
})

export type Variables = z.infer<typeof variables>
