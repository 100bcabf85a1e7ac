import { z } from 'zod'
import { isConnectionString, isLoopback, isNetwork, isOrigin, truth, url, wholeNumber, words } from './values.ts'

const tokenAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const

/**
 * Every variable that is read, one a line, with what it may be and what it is if it is not set. README.md explains
 * each.
 */
export const variables = z.object({
  // A name that is nearly `production` must not mean development.
  NODE_ENV: z
    .enum(['development', 'test', 'production'], 'must be development, test or production')
    .default('development'),
  HOST: z.string().default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535).default(4000),
  PUBLIC_URL: url(['https:', 'http:']).refine(isOrigin, 'must be scheme, host and port only').optional(),
  TRUSTED_PROXIES: words(',')
    .refine(
      (proxies) => proxies.every(isNetwork),
      'must be a comma-separated list of IP addresses and networks (10.0.0.0/8)',
    )
    .default([]),
  CORS_ORIGINS: words(',')
    .refine(
      (origins) =>
        origins.every((origin) => URL.canParse(origin) && /^https?:/.test(origin) && isOrigin(new URL(origin))),
      'must be a comma-separated list of origins: scheme, host and port only',
    )
    .default([]),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  METRICS_PORT: wholeNumber(0, 65_535).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(['https:', 'http:']).optional(),
  DATA_DIR: z.string().default('.data'),

  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\/./, { abort: true, error: 'must begin with postgresql:// or postgres://' })
    .refine(isConnectionString, 'must be a connection string of PostgreSQL')
    .optional(),
  DATABASE_POOL_MAX: wholeNumber(1, 500).default(10),
  DATABASE_CONNECT_TIMEOUT_MS: wholeNumber(100, 60_000).default(2_000),
  DATABASE_STATEMENT_TIMEOUT_MS: wholeNumber(100, 60_000).default(5_000),
  DATABASE_LOCK_TIMEOUT_MS: wholeNumber(100, 60_000).default(3_000),
  DATABASE_QUEUE_MAX: wholeNumber(0, 100_000).default(200),
  DATABASE_QUEUE_TIMEOUT_MS: wholeNumber(10, 60_000).default(500),
  DATABASE_POOLER: z.enum(['none', 'pgbouncer'], 'must be none or pgbouncer').default('none'),

  TOKEN_ISSUER: z.string().optional(),
  TOKEN_AUDIENCE: z.string().optional(),
  TOKEN_JWKS_URL: url(['https:', 'http:'])
    .refine(
      (value) => value.protocol === 'https:' || isLoopback(value.hostname),
      'must be https, or http on a loopback address',
    )
    .optional(),
  TOKEN_ALGORITHMS: words(',')
    .pipe(
      z
        .array(z.enum(tokenAlgorithms, `must be a comma-separated list of ${tokenAlgorithms.join(', ')}`))
        .min(1, 'must name at least one algorithm'),
    )
    .default(['RS256', 'RS512', 'PS256', 'ES256', 'EdDSA']),
  TOKEN_CACHE_SECONDS: wholeNumber(0, 60).default(60),
  JWKS_STALE_SECONDS: wholeNumber(0, 86_400).default(600),
  OPAQUE_TOKENS: z.enum(['off', 'mithril'], 'must be off or mithril').default('off'),
  BROKER_API_KEY: z.enum(['off', 'enforce'], 'must be off or enforce').default('off'),

  REDIRECT_URI_POLICY: z.enum(['strict', 'legacy']).default('strict'),
  ADMIN_CLIENT_TYPES: words(',').default(['MITHRIL ADMIN', 'NHS']),
  GRAPHQL_INTROSPECTION: truth.optional(),
  GRAPHQL_DOCUMENTS: z.enum(['any', 'persisted'], 'must be any or persisted').default('any'),

  WRITE_LIMIT_PER_MINUTE: wholeNumber(0, 1_000_000).default(120),
  AUTH_FAILURE_LIMIT_PER_MINUTE: wholeNumber(0, 1_000_000).default(60),
  REDIS_URL: url(['redis:', 'rediss:']).optional(),
  EVENT_LOOP_DELAY_MAX_MS: wholeNumber(0, 60_000).default(200),
})

export type Variables = z.infer<typeof variables>
