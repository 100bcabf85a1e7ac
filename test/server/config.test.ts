import { afterEach, describe, expect, test } from 'vitest'
import { ConfigurationError, parseConfig, readDatabaseUrl } from '../../src/config/parse.ts'
import { isLoopback } from '../../src/config/values.ts'

/** What the configuration says is wrong, or nothing. */
function mistakesOf(environment: Record<string, string | undefined>): readonly string[] {
  try {
    parseConfig(environment)
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.mistakes
    throw error
  }
}

const issuer = {
  TOKEN_ISSUER: 'https://issuer.example.ua/',
  TOKEN_AUDIENCE: 'gateway',
  TOKEN_JWKS_URL: 'https://issuer.example.ua/.well-known/jwks.json',
}
const production = {
  ...issuer,
  NODE_ENV: 'production',
  DATABASE_URL: 'postgresql://gateway:p4ssw0rd@db.example.ua/mithril',
}

describe('without any variable', () => {
  test('the default is a development gateway that only this machine can reach', () => {
    expect(parseConfig({})).toEqual({
      production: false,
      host: '127.0.0.1',
      port: 4000,
      publicUrl: null,
      trustedProxies: [],
      drainSeconds: 0,
      corsHeaders: [],
      corsOrigins: [],
      logLevel: 'info',
      metricsPort: null,
      tracesUrl: null,
      dataDir: '.data',
      developmentTokenSeconds: 3_600,
      database: {
        ...{ url: null, poolMax: 10, connectTimeoutMs: 2_000, statementTimeoutMs: 5_000, lockTimeoutMs: 3_000 },
        ...{ queueMax: 200, queueTimeoutMs: 500, pooler: 'none' },
      },
      token: null,
      tokenCacheSeconds: 60,
      opaqueTokens: false,
      enforceBrokerKey: false,
      redirectUriPolicy: 'strict',
      adminClientTypes: ['MITHRIL ADMIN', 'NHS'],
      graphql: { introspection: true, persistedOnly: false, manifests: [] },
      console: null,
      limits: { writesPerMinute: 120, authFailuresPerMinute: 60, redisUrl: null, eventLoopDelayMaxMs: 200 },
      events: null,
    })
  })

  test('an empty variable counts as none', () => {
    const names = Object.keys({
      ...{
        NODE_ENV: '',
        HOST: '',
        PORT: '',
        PUBLIC_URL: '',
        LOG_LEVEL: '',
        DATA_DIR: '',
        DATABASE_URL: '',
        DATABASE_POOL_MAX: '',
      },
      ...{ DATABASE_CONNECT_TIMEOUT_MS: '', DATABASE_STATEMENT_TIMEOUT_MS: '', DATABASE_LOCK_TIMEOUT_MS: '' },
      ...{ TOKEN_ISSUER: '', TOKEN_AUDIENCE: '', TOKEN_JWKS_URL: '', TOKEN_ALGORITHMS: '', TOKEN_CACHE_SECONDS: '' },
      ...{ JWKS_STALE_SECONDS: '', REDIRECT_URI_POLICY: '', ADMIN_CLIENT_TYPES: '' },
    })
    expect(parseConfig(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(parseConfig({}))
    expect(parseConfig(Object.fromEntries(names.map((name) => [name, undefined])))).toEqual(parseConfig({}))
  })

  test('variables of others are of no interest', () => {
    expect(parseConfig({ PATH: '/bin', port: '80', GATEWAY_PORT: 'x' })).toEqual(parseConfig({}))
  })

  test('the configuration is frozen', () => {
    expect(Object.isFrozen(parseConfig({}))).toBe(true)
  })
})

describe('with every variable set', () => {
  test('each variable sets its member of the configuration', () => {
    expect(
      parseConfig({
        ...production,
        HOST: '0.0.0.0',
        PORT: '0',
        PUBLIC_URL: 'https://api.example.ua:8443/',
        TRUSTED_PROXIES: '10.0.0.0/8, ::1',
        DRAIN_SECONDS: '15',
        CORS_HEADERS: 'traceparent, X-A',
        CORS_ORIGINS: 'https://admin.example.ua,http://localhost:8080/',
        LOG_LEVEL: 'warn',
        METRICS_PORT: '9464',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
        DATA_DIR: '/var/lib/gateway',
        DEVELOPMENT_TOKEN_SECONDS: '60',
        DATABASE_POOL_MAX: '500',
        DATABASE_CONNECT_TIMEOUT_MS: '100',
        DATABASE_STATEMENT_TIMEOUT_MS: '60000',
        DATABASE_LOCK_TIMEOUT_MS: '1000',
        DATABASE_QUEUE_MAX: '0',
        DATABASE_QUEUE_TIMEOUT_MS: '50',
        DATABASE_POOLER: 'pgbouncer',
        TOKEN_ALGORITHMS: ' RS256 , ES384,',
        TOKEN_CACHE_SECONDS: '0',
        JWKS_STALE_SECONDS: '86400',
        OPAQUE_TOKENS: 'mithril',
        BROKER_API_KEY: 'enforce',
        REDIRECT_URI_POLICY: 'legacy',
        ADMIN_CLIENT_TYPES: 'NHS ADMIN, MITHRIL ADMIN',
        GRAPHQL_INTROSPECTION: 'true',
        GRAPHQL_DOCUMENTS: 'persisted',
        GRAPHQL_MANIFESTS: 'apollo.json,relay.json',
        CONSOLE_CLIENT_ID: 'console',
        CONSOLE_ISSUER: 'https://SignIn.example.ua',
        CONSOLE_AUTHORIZATION_ENDPOINT: 'https://signin.example.ua/authorize',
        CONSOLE_TOKEN_ENDPOINT: 'https://api.signin.example.ua/token',
        CONSOLE_END_SESSION_ENDPOINT: 'https://signin.example.ua/end',
        CONSOLE_SCOPE: 'client:read connection:read',
        CONSOLE_AUDIENCE: 'https://gateway.example.ua',
        WRITE_LIMIT_PER_MINUTE: '0',
        AUTH_FAILURE_LIMIT_PER_MINUTE: '5',
        REDIS_URL: 'redis://:secret@redis:6379/1',
        EVENT_LOOP_DELAY_MAX_MS: '0',
        EVENTS: 'on',
        EVENT_SIGNING_KEY: Buffer.alloc(32, 7).toString('base64'),
        EVENT_TARGET_NETWORKS: '10.20.0.0/16, fd12::/32',
        EVENTS_ENGINE: 'nats',
        EVENTS_NATS_URL: 'tls://gateway:pass%40word@nats-1.example.ua, nats://token@[::1]:4333/',
        EVENTS_NATS_ROLE: 'deliver',
      }),
    ).toEqual({
      production: true,
      host: '0.0.0.0',
      port: 0,
      publicUrl: 'https://api.example.ua:8443',
      trustedProxies: ['10.0.0.0/8', '::1'],
      drainSeconds: 15,
      corsHeaders: ['traceparent', 'x-a'],
      corsOrigins: ['https://admin.example.ua', 'http://localhost:8080'],
      logLevel: 'warn',
      metricsPort: 9464,
      tracesUrl: new URL('http://collector:4318'),
      dataDir: '/var/lib/gateway',
      developmentTokenSeconds: 60,
      database: {
        ...{
          url: production.DATABASE_URL,
          poolMax: 500,
          connectTimeoutMs: 100,
          statementTimeoutMs: 60_000,
          lockTimeoutMs: 1_000,
        },
        ...{ queueMax: 0, queueTimeoutMs: 50, pooler: 'pgbouncer' },
      },
      token: {
        issuer: 'https://issuer.example.ua/',
        audience: 'gateway',
        jwksUrl: new URL('https://issuer.example.ua/.well-known/jwks.json'),
        algorithms: ['RS256', 'ES384'],
        staleSeconds: 86_400,
      },
      tokenCacheSeconds: 0,
      opaqueTokens: true,
      enforceBrokerKey: true,
      redirectUriPolicy: 'legacy',
      adminClientTypes: ['NHS ADMIN', 'MITHRIL ADMIN'],
      graphql: { introspection: true, persistedOnly: true, manifests: ['apollo.json', 'relay.json'] },
      console: {
        issuer: 'https://SignIn.example.ua',
        clientId: 'console',
        scope: 'client:read connection:read',
        audience: 'https://gateway.example.ua',
        authorizationEndpoint: 'https://signin.example.ua/authorize',
        tokenEndpoint: 'https://api.signin.example.ua/token',
        endSessionEndpoint: 'https://signin.example.ua/end',
      },
      limits: {
        writesPerMinute: 0,
        authFailuresPerMinute: 5,
        redisUrl: new URL('redis://:secret@redis:6379/1'),
        eventLoopDelayMaxMs: 0,
      },
      events: {
        signingKey: Buffer.alloc(32, 7),
        targetNetworks: ['10.20.0.0/16', 'fd12::/32'],
        source: 'https://api.example.ua:8443',
        nats: {
          servers: [
            {
              address: 'nats-1.example.ua:4222',
              host: 'nats-1.example.ua',
              tls: true,
              credentials: { user: 'gateway', pass: 'pass@word' },
            },
            { address: '[::1]:4333', host: '::1', tls: false, credentials: { token: 'token' } },
          ],
          role: 'deliver',
        },
      },
    })
  })

  test('introspection is off in production and on elsewhere, unless somebody says otherwise', () => {
    expect(parseConfig(production).graphql.introspection).toBe(false)
    expect(parseConfig({ ...production, GRAPHQL_INTROSPECTION: 'true' }).graphql.introspection).toBe(true)
    expect(parseConfig({ GRAPHQL_INTROSPECTION: 'false' }).graphql.introspection).toBe(false)
  })

  test('algorithms are those of the configuration, asymmetric ones by default', () => {
    expect(parseConfig(issuer).token?.algorithms).toEqual(['RS256', 'RS512', 'PS256', 'ES256', 'EdDSA', 'Ed25519'])
  })

  test('no admin types at all are a comma: an empty variable would be the default', () => {
    expect(parseConfig({ ADMIN_CLIENT_TYPES: ',' }).adminClientTypes).toEqual([])
  })

  test('an issuer is compared byte by byte, so it is kept as it is written', () => {
    expect(parseConfig({ ...issuer, TOKEN_ISSUER: 'https://Issuer.example.ua' }).token?.issuer).toBe(
      'https://Issuer.example.ua',
    )
  })
})

describe('events', () => {
  const key = Buffer.alloc(32, 7).toString('base64')
  const mistakesOf = (environment: Record<string, string>) => {
    try {
      parseConfig(environment)
    } catch (error) {
      return error instanceof ConfigurationError ? error.mistakes : []
    }
    return []
  }

  const on = { EVENTS: 'on', EVENT_SIGNING_KEY: key, PUBLIC_URL: 'http://localhost' }

  test('are off by default, with a key, too', () => {
    expect(parseConfig({ EVENT_SIGNING_KEY: key, PUBLIC_URL: 'http://localhost' }).events).toBe(null)
  })

  test.each<[Record<string, string>, string[]]>([
    [
      { EVENTS: 'on' },
      [
        'EVENT_SIGNING_KEY is required with EVENTS=on',
        'PUBLIC_URL is required with EVENTS=on: it is the source of events',
      ],
    ],
    [{ EVENTS: 'yes' }, ['EVENTS must be off or on']],
    [{ EVENT_SIGNING_KEY: 'too-short' }, ['EVENT_SIGNING_KEY must be 32 bytes or more in base64']],
    [{ EVENT_SIGNING_KEY: key.slice(0, 42) }, ['EVENT_SIGNING_KEY must be 32 bytes or more in base64']],
    [
      { EVENT_TARGET_NETWORKS: '10.0.0.0/8,intranet' },
      ['EVENT_TARGET_NETWORKS must be a comma-separated list of IP addresses and networks'],
    ],
    [
      { EVENTS_ENGINE: 'nats' },
      ['EVENTS=on is required with EVENTS_ENGINE=nats', 'EVENTS_NATS_URL is required with EVENTS_ENGINE=nats'],
    ],
    [
      { EVENTS_NATS_URL: 'nats://nats:4222', EVENTS_NATS_ROLE: 'deliver' },
      ['EVENTS_ENGINE=nats is required with EVENTS_NATS_URL', 'EVENTS_ENGINE=nats is required with EVENTS_NATS_ROLE'],
    ],
    [{ EVENTS_ENGINE: 'kafka' }, ['EVENTS_ENGINE must be postgres or nats']],
    ...['nats', ',', 'redis://nats:4222', 'nats://', 'nats://nats/path', 'tls://nats?a=b', 'nats://%zz@nats'].map(
      (url): [Record<string, string>, string[]] => [
        { ...on, EVENTS_ENGINE: 'nats', EVENTS_NATS_URL: url },
        [
          'EVENTS_NATS_URL must be a comma-separated list of nats:// or tls:// with host, port, and user and password at most',
        ],
      ],
    ),
  ])('%j has the mistakes %j', (environment, mistakes) => expect(mistakesOf(environment)).toEqual(mistakes))
})

describe('the console', () => {
  const id = { CONSOLE_CLIENT_ID: 'console' }

  test('is off until it has a client id, and signs people in where tokens come from', () => {
    expect(parseConfig(production).console).toBeNull()
    expect(parseConfig({ ...production, ...id }).console).toEqual({
      issuer: 'https://issuer.example.ua/',
      clientId: 'console',
      scope:
        'openid client:read connection:read connection:write connection:refresh_secret connection:delete event:manage',
      audience: null,
      authorizationEndpoint: null,
      tokenEndpoint: null,
      endSessionEndpoint: null,
    })
  })

  test.each<[Record<string, string>, string[]]>([
    [{ ...issuer, CONSOLE_AUDIENCE: 'urn:x' }, ['CONSOLE_CLIENT_ID is required with CONSOLE_AUDIENCE']],
    [id, ['TOKEN_ISSUER is required with CONSOLE_CLIENT_ID: the development issuer knows its console already']],
    [
      { ...issuer, ...id, TOKEN_ISSUER: 'mithril' },
      ['CONSOLE_ISSUER is required with CONSOLE_CLIENT_ID, because TOKEN_ISSUER does not begin with https://'],
    ],
    [
      { ...issuer, ...id, CONSOLE_TOKEN_ENDPOINT: 'https://a.ua/token' },
      ['CONSOLE_AUTHORIZATION_ENDPOINT is required with CONSOLE_TOKEN_ENDPOINT'],
    ],
    [
      { ...issuer, ...id, CONSOLE_AUTHORIZATION_ENDPOINT: 'https://a.ua/authorize' },
      ['CONSOLE_TOKEN_ENDPOINT is required with CONSOLE_AUTHORIZATION_ENDPOINT'],
    ],
    [
      { ...issuer, ...id, CONSOLE_END_SESSION_ENDPOINT: 'https://a.ua/end' },
      ['CONSOLE_AUTHORIZATION_ENDPOINT is required with CONSOLE_END_SESSION_ENDPOINT'],
    ],
  ])('%j is a mistake', (environment, mistakes) => {
    expect(mistakesOf(environment)).toEqual(mistakes)
  })

  test.each(['http://issuer.example.ua', 'http://127.0.0.1:8080', 'javascript:alert(1)', '//issuer.example.ua', 'x'])(
    'has its issuer by https only: %s is refused',
    (CONSOLE_ISSUER) => {
      expect(mistakesOf({ ...production, ...id, CONSOLE_ISSUER })).toEqual([
        'CONSOLE_ISSUER must be a URL that begins with https://',
      ])
    },
  )

  test('shows its addresses to everybody, so none may hold a password', () => {
    expect(mistakesOf({ ...production, ...id, CONSOLE_ISSUER: 'https://console:p4ssw0rd@issuer.example.ua' })).toEqual([
      'CONSOLE_ISSUER must not hold a user name or a password',
    ])
  })
})

const wholeNumbers: [string, number, number][] = [
  ['PORT', 0, 65_535],
  ['DRAIN_SECONDS', 0, 300],
  ['DEVELOPMENT_TOKEN_SECONDS', 1, 86_400],
  ['DATABASE_POOL_MAX', 1, 500],
  ['DATABASE_CONNECT_TIMEOUT_MS', 100, 60_000],
  ['DATABASE_STATEMENT_TIMEOUT_MS', 100, 60_000],
  ['DATABASE_LOCK_TIMEOUT_MS', 100, 60_000],
  ['DATABASE_QUEUE_MAX', 0, 100_000],
  ['DATABASE_QUEUE_TIMEOUT_MS', 10, 60_000],
  ['METRICS_PORT', 0, 65_535],
  ['WRITE_LIMIT_PER_MINUTE', 0, 1_000_000],
  ['AUTH_FAILURE_LIMIT_PER_MINUTE', 0, 1_000_000],
  ['EVENT_LOOP_DELAY_MAX_MS', 0, 60_000],
  ['TOKEN_CACHE_SECONDS', 0, 60],
  ['JWKS_STALE_SECONDS', 0, 86_400],
]

describe('a whole number', () => {
  test.each(wholeNumbers)('%s goes from %i to %i', (name, least, most) => {
    expect(mistakesOf({ [name]: String(least) })).toEqual([])
    expect(mistakesOf({ [name]: String(most) })).toEqual([])
    expect(mistakesOf({ [name]: String(most + 1) })).toEqual([`${name} must be from ${least} to ${most}`])
    if (least > 0)
      expect(mistakesOf({ [name]: String(least - 1) })).toEqual([`${name} must be from ${least} to ${most}`])
  })

  test.each(wholeNumbers)('%s must be written in digits', (name) => {
    for (const text of [
      '-1',
      '+1',
      '1.5',
      '1e3',
      '0x10',
      '1_000',
      ' 1',
      '1 ',
      'ten',
      '٣',
      'NaN',
      'Infinity',
      '9'.repeat(20),
    ])
      expect(mistakesOf({ [name]: text }), text).toEqual([`${name} must be a whole number`])
  })
})

const publicUrl = 'PUBLIC_URL must be scheme, host and port only'
const proxies = 'TRUSTED_PROXIES must be a comma-separated list of IP addresses and networks (10.0.0.0/8)'
const origins = 'CORS_ORIGINS must be a comma-separated list of origins: scheme, host and port only'
const redisUrl = 'REDIS_URL must name a host and at most the number of a database; a socket cannot be used'
const keysUrl = 'TOKEN_JWKS_URL must be https, or http on a loopback address'

describe('what is not valid is named:', () => {
  test.each<[string, string, string]>([
    ['NODE_ENV', 'Production', 'NODE_ENV must be development, test or production'],
    ['NODE_ENV', 'prod', 'NODE_ENV must be development, test or production'],
    ['PUBLIC_URL', 'api.example.ua', 'PUBLIC_URL must be a URL that begins with https:// or http://'],
    ['PUBLIC_URL', 'ftp://api.example.ua', 'PUBLIC_URL must be a URL that begins with https:// or http://'],
    ['PUBLIC_URL', 'https://api.example.ua/gateway', publicUrl],
    ['PUBLIC_URL', 'https://api.example.ua/?a=1', publicUrl],
    ['PUBLIC_URL', 'https://api.example.ua/#a', publicUrl],
    ['PUBLIC_URL', 'https://user@api.example.ua', publicUrl],
    ['PUBLIC_URL', 'https://:password@api.example.ua', publicUrl],
    ['DATABASE_URL', 'mysql://db/mithril', 'DATABASE_URL must begin with postgresql:// or postgres://'],
    ['DATABASE_URL', 'db.example.ua', 'DATABASE_URL must begin with postgresql:// or postgres://'],
    ['DATABASE_URL', 'postgresql://', 'DATABASE_URL must begin with postgresql:// or postgres://'],
    [
      'DATABASE_URL',
      'postgresql://u:p4ssw0rd@db:port/mithril',
      'DATABASE_URL must be a connection string of PostgreSQL',
    ],
    [
      'DATABASE_URL',
      'postgresql://u@db/mithril?schema=mithril',
      'DATABASE_URL must not have schema=: set it for the role, ALTER ROLE … SET search_path = …',
    ],
    ['DATABASE_URL', 'postgresql://u:p4ss#w0rd@db/mithril', 'DATABASE_URL must be a connection string of PostgreSQL'],
    ['TOKEN_ALGORITHMS', ',', 'TOKEN_ALGORITHMS must name at least one algorithm'],
    ['TRUSTED_PROXIES', 'proxy.example.ua', proxies],
    ['TRUSTED_PROXIES', '10.0.0.0/33', proxies],
    ['TRUSTED_PROXIES', 'true', proxies],
    ['CORS_ORIGINS', '*', origins],
    ['CORS_ORIGINS', 'https://admin.example.ua/ui', origins],
    ['CORS_ORIGINS', 'https://ok.example.ua,null', origins],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'collector:4318',
      'OTEL_EXPORTER_OTLP_ENDPOINT must be a URL that begins with https:// or http://',
    ],
    [
      'REDIS_URL',
      'http://redis:6379',
      'REDIS_URL must be a URL that begins with redis:// or rediss:// or valkey:// or valkeys://',
    ],
    ['REDIS_URL', 'redis:///tmp/r.sock', redisUrl],
    ['REDIS_URL', 'redis:///0', redisUrl],
    ['REDIS_URL', 'redis://redis/one', redisUrl],
    ['REDIS_URL', 'rediss://redis/1/2', redisUrl],
    ['REDIS_URL', 'valkey://redis/-1', redisUrl],
    ['DATABASE_POOLER', 'odyssey', 'DATABASE_POOLER must be none or pgbouncer'],
    ['OPAQUE_TOKENS', 'true', 'OPAQUE_TOKENS must be off or mithril'],
    ['ALLOW_DEVELOPMENT_ISSUER', 'yes', 'ALLOW_DEVELOPMENT_ISSUER must be true or false'],
    ['BROKER_API_KEY', 'on', 'BROKER_API_KEY must be off or enforce'],
    ['GRAPHQL_INTROSPECTION', '1', 'GRAPHQL_INTROSPECTION must be true or false'],
    ['GRAPHQL_DOCUMENTS', 'trusted', 'GRAPHQL_DOCUMENTS must be any or persisted'],
  ])('%s=%s', (name, value, mistake) => {
    expect(mistakesOf({ ...issuer, [name]: value })).toEqual([mistake])
  })

  test('waits for the database that are longer together than a caller waits', () => {
    const waits = { DATABASE_QUEUE_TIMEOUT_MS: '10000', DATABASE_CONNECT_TIMEOUT_MS: '10000' }
    expect(mistakesOf({ ...issuer, ...waits, DATABASE_STATEMENT_TIMEOUT_MS: '50000' })).toEqual([])
    expect(mistakesOf({ ...issuer, ...waits, DATABASE_STATEMENT_TIMEOUT_MS: '50001' })).toEqual([
      'DATABASE_QUEUE_TIMEOUT_MS + DATABASE_CONNECT_TIMEOUT_MS + DATABASE_STATEMENT_TIMEOUT_MS must be at most 70000: callers wait no longer',
    ])
  })

  test.each(['verbose', 'INFO', 'trace,info'])('LOG_LEVEL=%s', (level) => {
    expect(mistakesOf({ LOG_LEVEL: level })).toEqual([expect.stringMatching(/^LOG_LEVEL .*"fatal".*"silent"/)])
  })

  test.each(['Strict', 'none', 'true'])('REDIRECT_URI_POLICY=%s', (policy) => {
    expect(mistakesOf({ REDIRECT_URI_POLICY: policy })).toEqual([
      expect.stringMatching(/^REDIRECT_URI_POLICY .*"strict".*"legacy"/),
    ])
  })

  test.each(['HS256', 'none', 'rs256', 'RS256 ES256', 'RS256,HS512', 'HS256,none'])(
    'TOKEN_ALGORITHMS=%s',
    (algorithms) => {
      expect(mistakesOf({ ...issuer, TOKEN_ALGORITHMS: algorithms })).toEqual([
        expect.stringMatching(/^TOKEN_ALGORITHMS must be a comma-separated list of RS256, .*EdDSA/),
      ])
    },
  )

  test.each([
    'http://issuer.example.ua/jwks',
    'http://10.0.0.1/jwks',
    'http://localhost.example.ua/jwks',
    'http://127.0.0.1.example.ua/jwks',
    'http://[::2]/jwks',
    'http://0.0.0.0/jwks',
  ])('TOKEN_JWKS_URL=%s', (value) => {
    expect(mistakesOf({ ...issuer, TOKEN_JWKS_URL: value })).toEqual([keysUrl])
  })

  test.each([
    'http://localhost:9000/jwks',
    'http://127.0.0.1/jwks',
    'http://127.8.8.8/jwks',
    'http://[::1]:9000/jwks',
    'https://any.ua/jwks',
  ])('TOKEN_JWKS_URL=%s is allowed', (value) => {
    expect(mistakesOf({ ...issuer, TOKEN_JWKS_URL: value })).toEqual([])
  })

  test.each([
    'postgresql://db/mithril',
    'postgresql://db/mithril?schema=public',
    'postgres://gateway:p%40ss@[::1]:5432/mithril?sslmode=verify-full',
    'postgresql://gateway@/mithril?host=/var/run/postgresql',
    'postgresql:///mithril?host=/var/run/postgresql&user=gateway',
    'postgresql://%2Fvar%2Frun%2Fpostgresql/mithril',
  ])('DATABASE_URL=%s is allowed', (value) => {
    expect(mistakesOf({ ...issuer, DATABASE_URL: value })).toEqual([])
  })
})

describe('what belongs together:', () => {
  test('an issuer comes with its audience and its keys', () => {
    expect(mistakesOf({ TOKEN_ISSUER: 'https://issuer.example.ua/' })).toEqual([
      'TOKEN_AUDIENCE is required with TOKEN_ISSUER',
      'TOKEN_JWKS_URL is required with TOKEN_ISSUER',
    ])
  })

  test('an audience or keys without an issuer would silently mean the development issuer', () => {
    const { TOKEN_ISSUER: _, ...orphans } = issuer
    expect(mistakesOf(orphans)).toEqual(['TOKEN_ISSUER is required with TOKEN_AUDIENCE and TOKEN_JWKS_URL'])
  })

  test('production has neither a development issuer nor an embedded database', () => {
    expect(mistakesOf(production)).toEqual([])
    expect(mistakesOf({ NODE_ENV: 'production' })).toEqual([
      'TOKEN_ISSUER is required in production: the development issuer never runs there',
      'TOKEN_AUDIENCE is required in production, with TOKEN_ISSUER',
      'TOKEN_JWKS_URL is required in production, with TOKEN_ISSUER',
      'DATABASE_URL is required in production: the embedded PostgreSQL never runs there',
    ])
  })

  test.each(['0.0.0.0', '::', '192.168.1.10', 'gateway.example.ua', '127.0.0.1.example.ua'])(
    'the development issuer is never reachable from outside: HOST=%s',
    (host) => {
      for (const consent of ['false', 'true'])
        expect(mistakesOf({ NODE_ENV: 'development', HOST: host, ALLOW_DEVELOPMENT_ISSUER: consent })).toEqual([
          'TOKEN_ISSUER is required unless HOST is a loopback address: the development issuer must not be reachable from other machines',
        ])
      expect(mistakesOf({ ...issuer, NODE_ENV: 'development', HOST: host })).toEqual([])
    },
  )

  const outside: [string, string][] = [
    ['PUBLIC_URL', 'https://gateway.example.ua'],
    ['PUBLIC_URL', 'http://127.0.0.1.example.ua'],
    ['TRUSTED_PROXIES', '10.0.0.0/8'],
    ['TRUSTED_PROXIES', '127.0.0.1,192.0.2.1'],
    ['TRUSTED_PROXIES', '127.0.0.0/7'],
    ['TRUSTED_PROXIES', '::1/127'],
    ['DATABASE_URL', 'postgresql://gateway:p4ssw0rd@db.example.ua/mithril'],
    ['DATABASE_URL', 'postgresql://127.0.0.1/mithril?host=db.example.ua'],
    ['DATABASE_URL', 'postgresql://gateway@/mithril?host=db.example.ua'],
  ]
  test.each(outside)('the development issuer needs consent beside %s=%s', (name, value) => {
    const environment = { NODE_ENV: 'development', [name]: value }
    expect(mistakesOf(environment)).toEqual([
      `TOKEN_ISSUER is required because ${name} is not a loopback address: the development issuer gives its tokens to everybody on this machine (ALLOW_DEVELOPMENT_ISSUER=true permits that)`,
    ])
    expect(mistakesOf({ ...environment, ALLOW_DEVELOPMENT_ISSUER: 'true' })).toEqual([])
    expect(mistakesOf({ ...environment, ...issuer })).toEqual([])
  })

  test('a database that pg finds by PGHOST counts as that host', () => {
    expect(mistakesOf({ DATABASE_URL: 'postgresql:///mithril', PGHOST: 'db.example.ua' })).toHaveLength(1)
    expect(mistakesOf({ DATABASE_URL: 'postgresql:///mithril', PGHOST: '/var/run/postgresql' })).toEqual([])
  })

  test.each<[string, string]>([
    ['PUBLIC_URL', 'http://localhost:8080'],
    ['PUBLIC_URL', 'https://[::1]:8443'],
    ['TRUSTED_PROXIES', '127.0.0.1, 127.0.0.0/8, ::1, ::1/128'],
    ['DATABASE_URL', 'postgresql://gateway:p4ssw0rd@localhost:5433/mithril'],
    ['DATABASE_URL', 'postgresql://gateway@[::1]/mithril'],
    ['DATABASE_URL', 'postgresql://gateway@/mithril?host=/var/run/postgresql'],
    ['DATABASE_URL', 'postgresql://%2Fvar%2Frun%2Fpostgresql/mithril'],
    ['DATABASE_URL', 'postgresql:///mithril'],
  ])('the development issuer runs beside %s=%s', (name, value) => {
    expect(mistakesOf({ [name]: value })).toEqual([])
  })

  test.each<[string, string]>([
    ['HOST', '0.0.0.0'],
    ['HOST', '::'],
    ['PUBLIC_URL', 'https://gateway.example.ua'],
    ['TRUSTED_PROXIES', '10.0.0.1'],
  ])('a forgotten NODE_ENV means production where other machines can call: %s=%s', (name, value) => {
    const forgotten = { ...issuer, DATABASE_URL: 'postgresql://127.0.0.1/mithril', [name]: value }
    expect(parseConfig(forgotten)).toMatchObject({ production: true, graphql: { introspection: false } })
    expect(parseConfig({ ...forgotten, NODE_ENV: 'development' })).toMatchObject({
      production: false,
      graphql: { introspection: true },
    })
    expect(mistakesOf({ [name]: value })).toEqual([
      `NODE_ENV is not set, and ${name} is not a loopback address: that means production (NODE_ENV=development does not)`,
      'TOKEN_ISSUER is required in production: the development issuer never runs there',
      'TOKEN_AUDIENCE is required in production, with TOKEN_ISSUER',
      'TOKEN_JWKS_URL is required in production, with TOKEN_ISSUER',
      'DATABASE_URL is required in production: the embedded PostgreSQL never runs there',
    ])
  })

  test.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('it runs on HOST=%s', (host) => {
    expect(mistakesOf({ HOST: host })).toEqual([])
  })
})

test('every mistake is listed at once, each by its variable, those between variables too', () => {
  const environment = {
    NODE_ENV: 'production',
    PORT: 'x',
    LOG_LEVEL: 'x',
    DATABASE_POOL_MAX: '0',
    TOKEN_AUDIENCE: 'a',
    TOKEN_JWKS_URL: 'x',
  }
  expect(mistakesOf(environment)).toEqual([
    'PORT must be a whole number',
    expect.stringMatching(/^LOG_LEVEL /),
    'DATABASE_POOL_MAX must be from 1 to 500',
    'TOKEN_JWKS_URL must be a URL that begins with https:// or http://',
    'TOKEN_ISSUER is required in production: the development issuer never runs there',
    'DATABASE_URL is required in production: the embedded PostgreSQL never runs there',
  ])
})

test('a variable that is not valid is not called missing as well', () => {
  expect(mistakesOf({ ...issuer, NODE_ENV: 'production', DATABASE_URL: 'x', TOKEN_JWKS_URL: 'x' })).toEqual([
    'DATABASE_URL must begin with postgresql:// or postgres://',
    'TOKEN_JWKS_URL must be a URL that begins with https:// or http://',
  ])
})

test('values are never repeated: they may be secret', () => {
  const value = 'hunter2-hunter2'
  const names = [
    'NODE_ENV',
    'PORT',
    'PUBLIC_URL',
    'LOG_LEVEL',
    'DATABASE_URL',
    'DATABASE_POOL_MAX',
    'TOKEN_JWKS_URL',
    'TOKEN_ALGORITHMS',
  ]
  for (const text of [
    value,
    `mysql://user:${value}@db/x`,
    `postgresql://user:${value}@db:port/x`,
    `http://user:${value}@issuer.example.ua/`,
  ]) {
    const error = (() => {
      try {
        return parseConfig(Object.fromEntries(names.map((name) => [name, text])))
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(JSON.stringify(error) + String(error) + String((error as Error).stack)).not.toContain(value)
  }
})

test('the error is one readable list, for exit code 78', () => {
  expect(() => parseConfig({ PORT: 'x', DATABASE_POOL_MAX: 'y' })).toThrow(
    expect.objectContaining({
      exitCode: 78,
      message:
        'Configuration is not valid:\n  - PORT must be a whole number\n  - DATABASE_POOL_MAX must be a whole number',
    }),
  )
})

describe('migrations need the database only', () => {
  const { DATABASE_URL } = process.env
  afterEach(() => {
    delete process.env['DATABASE_URL']
    if (DATABASE_URL !== undefined) process.env['DATABASE_URL'] = DATABASE_URL
  })
  test.each([
    ['', 'DATABASE_URL is required'],
    ['mysql://db', 'DATABASE_URL must begin with postgresql:// or postgres://'],
    ['postgresql://u:p4ssw0rd@db:port/mithril', 'DATABASE_URL must be a connection string of PostgreSQL'],
  ])('DATABASE_URL=%s', (value, mistake) => {
    process.env['DATABASE_URL'] = value
    expect(() => readDatabaseUrl()).toThrow(expect.objectContaining({ mistakes: [mistake], exitCode: 78 }))
  })
  test('DATABASE_URL is given as it is', () => {
    process.env['DATABASE_URL'] = production.DATABASE_URL
    expect(readDatabaseUrl()).toBe(production.DATABASE_URL)
  })
})

describe('a loopback address', () => {
  test.each(['localhost', '127.0.0.1', '127.255.255.254', '::1', '[::1]'])('is %s', (host) => {
    expect(isLoopback(host)).toBe(true)
  })
  test.each([
    '0.0.0.0',
    '::',
    '128.0.0.1',
    '10.0.0.1',
    'localhost.example.ua',
    '127.0.0.1.nip.io',
    '127.1',
    '::ffff:10.0.0.1',
    '',
    '[::]',
    '127.0.0.256',
    'LOCALHOST.',
  ])('is not %j', (host) => {
    expect(isLoopback(host)).toBe(false)
  })
})
