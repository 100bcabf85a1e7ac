import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import type { TypedDocumentString } from '../../src/client/documents/graphql.ts'
import { parseConfig } from '../../src/config/parse.ts'
import type { Config } from '../../src/config/shape.ts'
import { openGateway } from '../../src/gateway.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { patient } from './patient.ts'
import { type PostgresProxy, startPostgresProxy } from './postgres-proxy.ts'
import { recordedLog, recordHidden, recordRedirectUris } from './recordings.ts'
import { startTestIssuer, type TestIssuer, type TokenRequest } from './tokens.ts'

/** The whole gateway as `main.ts` composes it, on a database and an issuer of its own. */
export interface TestGateway {
  readonly app: FastifyInstance
  readonly config: Config
  readonly database: TestDatabase
  readonly issuer: TestIssuer
  /** Listens on real ports, as `main.ts` does. Answers the address of the main one. */
  listen(): Promise<string>
  /** Every line that was logged so far. */
  readonly log: string[]
  graphql<Result, Variables>(
    document: TypedDocumentString<Result, Variables> | string,
    variables: Variables,
    token?: string | null,
    options?: Partial<InjectOptions>,
  ): Promise<LightMyRequestResponse>
  patch(
    path: string,
    body: unknown,
    token?: string | null,
    options?: Partial<InjectOptions>,
  ): Promise<LightMyRequestResponse>
  /** A connection of a new client of type MSP, used by a new MIS. */
  connection(redirectUri?: string): Promise<Fixture>
  auditOf(connectionId: string): Promise<AuditRow[]>
  redirectUriOf(connectionId: string): Promise<string | undefined>
  close(): Promise<void>
}

export interface Fixture {
  readonly clientId: string
  readonly consumerId: string
  readonly connectionId: string
  readonly secret: string
  readonly path: string
}

export interface AuditRow {
  readonly kind: string
  readonly before: string
  readonly after: string
  readonly door: string
  readonly callerClientId: string | null
  readonly callerClientType: string | null
  readonly callerUserId: string | null
  readonly requestId: string | null
}

export const bearer = (token: string | null | undefined) => (token == null ? {} : { authorization: `Bearer ${token}` })

/** Whatever a test sends as a token or as a redirect URI, good or bad, is not for the log. */
function recordRequest(token: string | null | undefined, document: unknown): void {
  recordHidden(token)
  const { redirect_uri, redirectUri } = Object(document) as Record<string, unknown> // anything can be looked into
  recordRedirectUris(redirect_uri, redirectUri)
}

export async function startTestGateway(environment: Record<string, string> = {}): Promise<TestGateway> {
  return startOn(await createTestDatabase(), environment)
}

/**
 * A gateway with a proxy before its database, so that this can be taken away; `gateway.database` is the way past it.
 */
export async function startProxiedGateway(
  environment: Record<string, string> = {},
): Promise<{ gateway: TestGateway; proxy: PostgresProxy }> {
  const database = await createTestDatabase()
  const proxy = await startPostgresProxy(database.url)
  const gateway = await startOn(database, {
    DATABASE_URL: proxy.url,
    DATABASE_CONNECT_TIMEOUT_MS: '2000',
    ...environment,
  })
  const close = async () => {
    await gateway.close()
    await proxy.close()
  }
  return { gateway: { ...gateway, close }, proxy }
}

async function startOn(database: TestDatabase, environment: Record<string, string>): Promise<TestGateway> {
  const issuer = await startTestIssuer()
  const config = parseConfig({
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    DATABASE_POOL_MAX: '5',
    TOKEN_ISSUER: issuer.issuer,
    TOKEN_AUDIENCE: issuer.audience,
    TOKEN_JWKS_URL: issuer.jwksUrl,
    PORT: '0',
    PUBLIC_URL: 'https://gateway.example.ua',
    // Tests write and fail as fast as they can; tests of the limits set their own.
    WRITE_LIMIT_PER_MINUTE: '0',
    AUTH_FAILURE_LIMIT_PER_MINUTE: '0',
    ...patient,
    ...environment,
  })
  const log: string[] = []
  const gateway = await openGateway(config, recordedLog(log))
  const { app } = gateway

  return {
    app,
    config,
    database,
    issuer,
    log,
    async listen() {
      await gateway.listen()
      const { port } = app.server.address() as AddressInfo // TCP, so it is no path
      return `http://127.0.0.1:${port}`
    },
    graphql(document, variables, token, options = {}) {
      recordRequest(token, (variables as { input?: unknown } | undefined)?.input) // looked into, whatever it is
      return app.inject({
        method: 'POST',
        url: '/graphql',
        ...options,
        headers: { 'content-type': 'application/json', ...bearer(token), ...options.headers },
        payload: options.payload ?? JSON.stringify({ query: document.toString(), variables }),
      })
    },
    patch(path, body, token, options = {}) {
      recordRequest(token, body)
      return app.inject({
        method: 'PATCH',
        url: path,
        ...options,
        headers: { 'content-type': 'application/json', ...bearer(token), ...options.headers },
        payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      })
    },
    async connection(redirectUri = 'https://before.example.ua/callback') {
      const clientId = await database.insertClient({ type: 'MSP' })
      const consumerId = await database.insertClient({ type: 'MIS' })
      const secret = `secret-${randomUUID()}`
      const connectionId = await database.insertConnection({ clientId, consumerId, redirectUri, secret })
      return {
        clientId,
        consumerId,
        connectionId,
        secret,
        path: `/api/clients/${clientId}/connections/${connectionId}`,
      }
    },
    auditOf: (connectionId) =>
      database.query<AuditRow>(
        `SELECT kind, redirect_uri_before AS before, redirect_uri_after AS after, door, caller_client_id AS "callerClientId",
                caller_client_type AS "callerClientType", caller_user_id AS "callerUserId", request_id AS "requestId"
           FROM connection_changes WHERE connection_id = $1 ORDER BY id`,
        [connectionId],
      ),
    async redirectUriOf(connectionId) {
      const [row] = await database.query<{ redirect_uri: string }>(
        'SELECT redirect_uri FROM connections WHERE id = $1',
        [connectionId],
      )
      return row?.redirect_uri
    },
    async close() {
      await gateway.close()
      await issuer.close()
      await database.drop()
    },
  }
}

/** A token request for the fixture's own client with the scope to change its connections. */
export const writer = (clientId: string, more: TokenRequest = {}): TokenRequest => ({
  clientId,
  clientType: 'MSP',
  scope: 'connection:read connection:write',
  ...more,
})
