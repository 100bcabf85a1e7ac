import type { LightMyRequestResponse } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { UpdateClientConnectionDocument } from '../../src/client/documents/graphql.ts'
import { migrate } from '../../src/persistence/migrations/migrate.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startProxiedGateway, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'
import type { PostgresProxy } from '../support/postgres-proxy.ts'
import { startTestIssuer, type TestIssuer } from '../support/tokens.ts'

const requestId = 'a-request-id-of-20-characters'
const after = 'https://after.example.ua/callback?code=visible-only-to-the-database'

let db: TestDatabase
let proxy: PostgresProxy
let gateway: TestGateway
let clientId: string
let connectionId: string
let path: string
let secret: string
let token: string

beforeAll(async () => {
  ;({ gateway, proxy } = await startProxiedGateway({
    DATABASE_STATEMENT_TIMEOUT_MS: '200',
    DATABASE_LOCK_TIMEOUT_MS: '100',
  }))
  db = gateway.database
  ;({ clientId, connectionId, path, secret } = await gateway.connection())
  token = gateway.issuer.mint(writer(clientId))
})
afterAll(() => gateway.close())

const headers = { 'x-request-id': requestId }
const throughRest = (to = gateway, sent: string | null = token, redirectUri = after) =>
  to.patch(path, { redirect_uri: redirectUri }, sent, { headers })
const throughGraphql = (to = gateway, sent: string | null = token, redirectUri = after) =>
  to.graphql(UpdateClientConnectionDocument, { input: { clientId, connectionId, redirectUri } }, sent, { headers })
const ready = (to = gateway) => to.app.inject({ url: '/health/ready' })

/** Who needs no database: the status of the refusal, the token and the redirect URI. */
const refusedAsEver = ({ issuer }: TestGateway): [number, string | null, string?][] => [
  // The first one, while the caller is still remembered.
  [422, issuer.mint(writer(clientId)), 'http://after.example.ua'],
  [401, null],
  [401, 'rubbish'],
  [403, issuer.mint(writer(clientId, { scope: 'connection:read' }))],
  [403, issuer.mint(writer(connectionId))],
]
async function refusalOf(to: TestGateway, sent: string | null, redirectUri = after): Promise<number[]> {
  const rest = await throughRest(to, sent, redirectUri)
  const graphql = await throughGraphql(to, sent, redirectUri)
  return [rest.statusCode, graphql.json().errors[0].extensions.status]
}

const envelopeOf503 = {
  meta: {
    code: 503,
    url: expect.stringMatching(/^https:\/\/gateway\.example\.ua\/api\/clients\//),
    type: 'object',
    request_id: requestId,
  },
  error: { type: 'internal_error', message: 'Service temporarily unavailable' },
}
const errorOf503 = (retryAfter: number) => ({
  message: 'Service temporarily unavailable',
  extensions: { code: 'SERVICE_UNAVAILABLE', status: 503, exception: { retryAfter } },
})

/** What no caller may ever read: our database, our libraries, our files. */
const internal =
  /prisma|postgres|\bpg\b|select\b|update connections|ECONN|127\.0\.0\.1|localhost|node_modules|\/src\/|\.ts\b|\bat \w+ \(|stack|timeout|terminat|jwks|fetch failed|mithril_test/i

function expectNothingInternal(answer: LightMyRequestResponse): void {
  expect(answer.body).not.toMatch(internal)
  expect(JSON.stringify(answer.headers)).not.toMatch(internal)
}

/** Both doors refuse with 503, say when to come back, and nothing else. */
async function expectBothDoorsUnavailable(to = gateway, retryAfter = 1, sent = token): Promise<void> {
  const rest = await throughRest(to, sent)
  expect(rest.json()).toEqual(envelopeOf503)
  expect(rest.statusCode).toBe(503)
  expect(rest.headers['retry-after']).toBe(String(retryAfter))
  expect(rest.headers['x-request-id']).toBe(requestId)
  expectNothingInternal(rest)

  const graphql = await throughGraphql(to, sent)
  const [error] = graphql.json().errors
  expect(error).toMatchObject(errorOf503(retryAfter))
  expect(graphql.json().extensions).toEqual({ requestId })
  // A mutation that fails nulls its own field, or there is no data at all.
  expect(Object.values(graphql.json().data ?? {}).filter((value) => value !== null)).toEqual([])
  expect(graphql.statusCode).toBe(200)
  expect(graphql.headers['retry-after']).toBe(String(retryAfter))
  expect(graphql.headers['x-request-id']).toBe(requestId)
  expectNothingInternal(graphql)
}

async function expectReady(to: TestGateway, status: number, checks: Record<string, string>): Promise<void> {
  const answer = await ready(to)
  expect(answer.json()).toEqual({
    status: status === 200 ? 'ok' : 'unavailable',
    version: expect.any(String),
    checks,
  })
  expect(answer.statusCode).toBe(status)
  expect(answer.headers['retry-after']).toBe(status === 200 ? undefined : '1')
  expectNothingInternal(Object.assign(answer, { headers: {} }))
}

const allOk = { keys: 'ok', database: 'ok', migrations: 'ok' }
const databaseAway = { keys: 'ok', database: 'unavailable', migrations: 'unavailable' }

const expectLive = async (to = gateway) => expect((await to.app.inject({ url: '/health/live' })).statusCode).toBe(200)

/** The same gateway serves again, within what is promised, through both doors. */
async function expectRecovery(to = gateway, sent = token): Promise<void> {
  await vi.waitFor(async () => expect((await throughRest(to, sent)).statusCode).toBe(200), {
    timeout: 30_000,
    interval: 50,
  })
  expect((await throughGraphql(to, sent)).json().errors).toBeUndefined()
  await expectReady(to, 200, allOk)
}

const errorLines = (to: TestGateway) =>
  to.log.map((line): Record<string, unknown> => JSON.parse(line)).filter((line) => Number(line['level']) >= 50)

describe('the database', () => {
  afterEach(async () => {
    proxy.thaw()
    await proxy.stop()
    await proxy.start()
    await expectRecovery()
  })

  const faults: [string, () => unknown][] = [
    ['is away', () => proxy.stop()],
    ['is frozen', () => proxy.freeze()],
    [
      'takes no connections',
      async () => {
        const [name] = await db.query<{ name: string }>('SELECT current_database() AS name')
        const other = await createTestDatabase({ empty: true })
        await other.query(`ALTER DATABASE ${name?.name} ALLOW_CONNECTIONS false`)
        await other.query(
          `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1 AND application_name LIKE 'mithril%'`,
          [name?.name],
        )
        return async () => {
          await other.query(`ALTER DATABASE ${name?.name} ALLOW_CONNECTIONS true`)
          await other.drop()
        }
      },
    ],
    ['has a lock on the row', () => db.lockConnection(connectionId)],
  ]

  test.each(faults)(
    '%s: both doors answer 503 with Retry-After, nothing is written, and each has one line in the log',
    async (_name, begin) => {
      const [row] = await db.query('SELECT * FROM connections WHERE id = $1', [connectionId])
      const changes = await db.query('SELECT id FROM connection_changes')
      await throughRest(gateway, token, 'not a value')
      gateway.log.length = 0

      const end = await begin()
      await expectBothDoorsUnavailable()
      await expectLive()
      const lines = errorLines(gateway)
      if (typeof end === 'function') await end()
      proxy.thaw()
      await proxy.stop()
      await proxy.start()

      expect(lines).toEqual([
        expect.objectContaining({
          msg: 'request',
          requestId,
          door: 'REST',
          code: 'SERVICE_UNAVAILABLE',
          status: 503,
          clientId,
        }),
        expect.objectContaining({
          msg: 'request',
          requestId,
          door: 'GRAPHQL',
          code: 'SERVICE_UNAVAILABLE',
          status: 200,
          clientId,
        }),
      ])
      for (const { cause } of lines) expect(cause).toMatch(/^\w+.*: \w+/)
      const [now] = await db.query('SELECT * FROM connections WHERE id = $1', [connectionId])
      expect(now).toEqual(row)
      expect(await db.query('SELECT id FROM connection_changes')).toEqual(changes)
      expectNoSecretLogged(gateway)
    },
  )

  test('without the database readiness fails, and liveness does not', async () => {
    await expectReady(gateway, 200, allOk)
    await proxy.stop()
    await expectReady(gateway, 503, databaseAway)
    await expectLive()
  })

  test('without the database refusals that do not need it stay the same', async () => {
    await proxy.stop()
    for (const [status, sent, redirectUri] of refusedAsEver(gateway))
      expect(await refusalOf(gateway, sent, redirectUri)).toEqual([status, status])
    expect((await gateway.app.inject({ url: '/nothing' })).statusCode).toBe(404)
    expect((await gateway.patch(path, '{', token)).statusCode).toBe(400)
  })

  test('when the database breaks, each request in flight is answered with 200 or 503', async () => {
    const requests = Array.from({ length: 40 }, (_, number) =>
      throughRest(gateway, token, `https://after.example.ua/${number}`),
    )
    await proxy.stop()
    const statuses = new Set((await Promise.all(requests)).map((answer) => answer.statusCode))
    expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([])
    await proxy.start()
    const rows = await db.query<{ before: string; after: string }>(
      'SELECT redirect_uri_before AS before, redirect_uri_after AS after FROM connection_changes WHERE connection_id = $1 ORDER BY id',
      [connectionId],
    )
    expect(rows.slice(1).map((row) => row.before)).toEqual(rows.slice(0, -1).map((row) => row.after))
  })
})

describe('there is more work for the database than it can take', () => {
  let narrow: TestGateway
  let release: () => Promise<void>
  beforeAll(async () => {
    narrow = await startTestGateway({
      DATABASE_URL: db.url,
      DATABASE_POOL_MAX: '1',
      DATABASE_QUEUE_MAX: '0',
      EVENT_LOOP_DELAY_MAX_MS: '0',
      DATABASE_LOCK_TIMEOUT_MS: '10000',
      DATABASE_STATEMENT_TIMEOUT_MS: '10000',
    })
    release = await db.lockConnection(connectionId)
  })
  afterAll(async () => {
    await release()
    await narrow.close()
  })

  test('overload is 503 with a Retry-After of 1 to 3 s, and other refusals and readiness stay the same', async () => {
    const sent = narrow.issuer.mint(writer(clientId))
    // It is sent only when somebody waits for its answer.
    const waiting = throughRest(narrow, sent, 'https://waited.example.ua/').then((answer) => answer)
    // Whatever is asked before could take its only place in front of the database.
    await db.untilLockWaited()
    const rest = await throughRest(narrow, sent)
    expect(rest.statusCode).toBe(503)
    expect(rest.json()).toEqual(envelopeOf503)
    expect(rest.headers['retry-after']).toMatch(/^[123]$/)
    expectNothingInternal(rest)
    const graphql = await throughGraphql(narrow, sent)
    expect(graphql.json().errors).toMatchObject([errorOf503(expect.any(Number))])
    expect(graphql.headers['retry-after']).toMatch(/^[123]$/)
    expectNothingInternal(graphql)

    // As long as the process has some rest, which others on this machine may keep it from.
    for (const [status, sent, redirectUri] of refusedAsEver(narrow))
      await vi.waitFor(async () => expect(await refusalOf(narrow, sent, redirectUri)).toEqual([status, status]), {
        timeout: 30_000,
        interval: 100,
      })
    expect((await narrow.app.inject({ url: '/nothing' })).statusCode).toBe(404)
    expect((await narrow.app.inject({ method: 'PUT', url: path })).statusCode).toBe(405)
    await expectReady(narrow, 200, allOk)

    // Now the process has no rest either, and must not spend its time on bodies that it would refuse in the end.
    let restless = true
    const spin = () => {
      if (restless) setImmediate(spin)
    }
    spin()
    try {
      await vi.waitFor(
        async () => expect((await throughRest(narrow, sent, 'http://after.example.ua')).statusCode).toBe(503),
        {
          timeout: 30_000,
        },
      )
      const graphqlAhead = await throughGraphql(narrow, sent, 'http://after.example.ua')
      expect(graphqlAhead.json().errors).toMatchObject([errorOf503(expect.any(Number))])
      expect([graphqlAhead.statusCode, graphqlAhead.headers['retry-after']]).toEqual([
        200,
        expect.stringMatching(/^[123]$/),
      ])
      expectNothingInternal(graphqlAhead)
      expect(await refusalOf(narrow, null)).toEqual([401, 401])
      const ofRest = async (token: string) => (await throughRest(narrow, token)).statusCode
      expect(await ofRest(narrow.issuer.mint(writer(clientId, { scope: 'connection:read' })))).toBe(403)
      expect(await ofRest(narrow.issuer.mint(writer(connectionId)))).toBe(403)
      expect((await narrow.app.inject({ url: '/nothing' })).statusCode).toBe(404)
      expect((await narrow.app.inject({ method: 'PUT', url: path })).statusCode).toBe(405)
      await expectReady(narrow, 200, allOk)
    } finally {
      restless = false
    }

    await release()
    expect((await waiting).statusCode).toBe(200)
    expect((await throughRest(narrow, sent)).statusCode).toBe(200)
    const lines = errorLines(narrow)
    expect(lines.length).toBeGreaterThanOrEqual(2)
    for (const { cause } of lines) expect(cause).toBe('Shed: queue_full')
  })
})

function expectNoSecretLogged(to: TestGateway): void {
  const log = to.log.join('')
  const password = decodeURIComponent(new URL(db.url).password)
  const [head, payload, signature] = token.split('.')
  for (const hidden of [
    token,
    head,
    payload,
    signature,
    secret,
    password,
    'visible-only-to-the-database',
    'after.example.ua',
  ])
    if (hidden) expect(log).not.toContain(hidden)
  // Not the statement, and no line of our own source either.
  expect(log).not.toMatch(/WITH author|UPDATE connections|\$queryRaw|database\.run|\n.*\n {2,}\d+ /)
}

describe('a migration is pending', () => {
  let empty: TestDatabase
  let behind: TestGateway
  beforeAll(async () => {
    empty = await createTestDatabase({ empty: true })
    behind = await startTestGateway({ DATABASE_URL: empty.url })
    // The keys come in the background.
    await vi.waitFor(async () => expect((await ready(behind)).json().checks.keys).toBe('ok'), {
      timeout: 30_000,
      interval: 10,
    })
  })
  afterAll(async () => {
    await behind.close()
    await empty.drop()
  })

  test('a pending migration makes both doors unavailable, and they serve after it without a restart', async () => {
    const sent = behind.issuer.mint(writer(clientId))
    behind.log.length = 0
    await expectReady(behind, 503, { ...allOk, migrations: 'unavailable' })
    await expectLive(behind)
    await expectBothDoorsUnavailable(behind, 30, sent)
    expect(errorLines(behind)).toEqual([
      expect.objectContaining({ code: 'SERVICE_UNAVAILABLE', status: 503, cause: 'Error: not ready: migrations' }),
      expect.objectContaining({ door: 'REST', cause: expect.stringContaining('42P01') }),
      expect.objectContaining({ door: 'GRAPHQL', cause: expect.stringContaining('42P01') }),
    ])

    await migrate(empty.url)
    await expectReady(behind, 200, allOk)
    expect((await throughRest(behind, sent)).statusCode).toBe(404)
  })
})

describe("the issuer's keys are away at the start", () => {
  let issuer: TestIssuer
  let keyless: TestGateway
  beforeAll(async () => {
    issuer = await startTestIssuer()
    await issuer.stop()
    keyless = await startTestGateway({ DATABASE_URL: db.url, TOKEN_JWKS_URL: issuer.jwksUrl })
  })
  afterAll(async () => {
    await keyless.close()
    await issuer.close()
  })

  test('without keys both doors answer 503 and never 401, and serve as soon as the keys are there', async () => {
    const sent = issuer.mint(writer(clientId))
    await expectReady(keyless, 503, { ...allOk, keys: 'unavailable' })
    await expectLive(keyless)
    keyless.log.length = 0
    await expectBothDoorsUnavailable(keyless, 5, sent)
    expect(errorLines(keyless).filter(({ msg }) => msg === 'request')).toEqual([
      expect.objectContaining({ door: 'REST', status: 503, cause: expect.stringContaining('keys') }),
      expect.objectContaining({ door: 'GRAPHQL', status: 200, cause: expect.stringContaining('keys') }),
    ])

    // No token is no token, whatever the keys.
    expect((await throughRest(keyless, null)).statusCode).toBe(401)

    await issuer.restart()
    await expectRecovery(keyless, sent)
  })
})

test('a fault of our own is 500, says nothing of itself, and has one line with its cause', async () => {
  await db.query(
    `CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a fault'; END $$`,
  )
  await db.query('CREATE TRIGGER broken BEFORE UPDATE ON connections FOR EACH ROW EXECUTE FUNCTION broken()')
  gateway.log.length = 0
  const rest = await throughRest(gateway, token, 'https://fault.example.ua/')
  const graphql = await throughGraphql(gateway, token, 'https://fault.example.ua/')
  await db.query('DROP TRIGGER broken ON connections')

  expect(rest.statusCode).toBe(500)
  expect(rest.json()).toEqual({
    meta: { code: 500, url: `https://gateway.example.ua${path}`, type: 'object', request_id: requestId },
    error: { type: 'internal_error', message: 'Internal server error' },
  })
  expect(graphql.statusCode).toBe(200)
  expect(graphql.json()).toEqual({
    data: { updateClientConnection: null },
    errors: [
      {
        message: 'Internal server error',
        path: ['updateClientConnection'],
        locations: expect.any(Array),
        extensions: { code: 'INTERNAL_SERVER_ERROR', status: 500 },
      },
    ],
    extensions: { requestId },
  })
  for (const answer of [rest, graphql]) expectNothingInternal(answer)
  expect(errorLines(gateway)).toEqual([
    expect.objectContaining({ door: 'REST', status: 500, cause: expect.stringContaining('P0001') }),
    expect.objectContaining({ door: 'GRAPHQL', status: 200, cause: expect.stringContaining('P0001') }),
  ])
})
