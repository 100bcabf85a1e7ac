import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { both, updateThroughBoth } from '../support/both-doors.ts'
import type { TestDatabase } from '../support/database.ts'
import { type Fixture, startProxiedGateway, type TestGateway, writer } from '../support/gateway.ts'
import type { PostgresProxy } from '../support/postgres-proxy.ts'
import { openRaw, parseAnswers } from '../support/raw-http.ts'
import type { TokenRequest } from '../support/tokens.ts'

let db: TestDatabase
let proxy: PostgresProxy
let gateway: TestGateway
let fixture: Fixture
let userId: string
beforeAll(async () => {
  ;({ gateway, proxy } = await startProxiedGateway())
  db = gateway.database
})
afterAll(() => gateway.close())
// A caller of its own for each test: nothing of it is remembered yet.
beforeEach(async () => {
  fixture = await gateway.connection()
  userId = await db.insertUser()
})

const mint = (more: TokenRequest = {}) => gateway.issuer.mint(writer(fixture.clientId, { userId, ...more }))
const block = (table: 'clients' | 'users', id: string, blocked = true) =>
  db.query(`UPDATE ${table} SET is_blocked = $2 WHERE id = $1`, [id, blocked])

const update = (sent: string | null, restBody?: object) => updateThroughBoth(gateway, fixture, sent, { restBody })
const invalid = { redirect_uri: null }
const changes = () => db.query('SELECT id FROM connection_changes WHERE connection_id = $1', [fixture.connectionId])

describe('a blocked caller', () => {
  test.each([
    ['client', () => block('clients', fixture.clientId)],
    ['user', () => block('users', userId)],
  ])('%s: a valid token is answered 401 through both doors, and nothing is written', async (_who, blockCaller) => {
    const token = mint()
    await blockCaller()
    expect(await update(token)).toEqual(both('401 Access denied'))
    const rest = await gateway.patch(fixture.path, { redirect_uri: 'https://after.example.ua/' }, token)
    expect(rest.headers['www-authenticate']).toBe('Bearer realm="mithril", error="invalid_token"')
    expect(rest.json().error.type).toBe('access_denied')
    const graphql = await gateway.graphql('{ viewer { clientId } }', {}, token)
    expect(graphql.statusCode).toBe(401)
    expect(graphql.headers['www-authenticate']).toBe('Bearer realm="mithril", error="invalid_token"')
    expect(graphql.json()).toMatchObject({
      errors: [{ message: 'Access denied', extensions: { code: 'UNAUTHENTICATED', status: 401 } }],
    })
    expect(await changes()).toEqual([])
  })

  test('a blocked caller gets 401 before scope, client and body are looked at', async () => {
    await block('clients', fixture.clientId)
    const token = mint({ scope: 'nothing' })
    expect(await update(token, invalid)).toEqual(both('401 Access denied'))
    const foreign = await gateway.connection()
    expect((await gateway.patch(foreign.path, '{', token)).statusCode).toBe(401)
  })

  test('a block takes effect within 5 s, also during work, and so does its end', {
    timeout: 120_000,
  }, async () => {
    const token = mint()
    expect(await update(token)).toEqual(both('200 OK'))
    await block('users', userId)
    const begin = performance.now()
    await vi.waitFor(async () => expect(await update(token)).toEqual(both('401 Access denied')), {
      timeout: 6_000,
      interval: 50,
    })
    expect(performance.now() - begin).toBeLessThan(5_500)
    const before = await changes()
    expect(await update(token)).toEqual(both('401 Access denied'))
    expect(await changes()).toEqual(before)
    await block('users', userId, false)
    await vi.waitFor(async () => expect(await update(token)).toEqual(both('200 OK')), { timeout: 6_000, interval: 50 })
  })

  test('a caller that is blocked while its body arrives gets 401', { timeout: 120_000 }, async () => {
    const port = Number(new URL(await gateway.listen()).port)
    const bodies = {
      [`PATCH ${fixture.path}`]: JSON.stringify({ redirect_uri: 'https://late.example.ua/' }),
      'POST /graphql': JSON.stringify({
        query: `mutation { updateClientConnection(input: { clientId: "${fixture.clientId}", connectionId: "${fixture.connectionId}", redirectUri: "https://late.example.ua/" }) { clientConnection { id } } }`,
      }),
    }
    const statusOf = async (line: string, body: string, token: string, late: Promise<unknown>) => {
      const connection = await openRaw(port)
      const head = [
        `${line} HTTP/1.1`,
        'host: gateway',
        `authorization: Bearer ${token}`,
        'content-type: application/json',
        'connection: close',
      ]
      connection.write(`${[...head, `content-length: ${body.length}`].join('\r\n')}\r\n\r\n`)
      await late
      connection.write(body)
      return parseAnswers(await connection.untilClosed()).map(({ status }) => status)
    }
    const through = (token: string, late: Promise<unknown>) =>
      Promise.all(Object.entries(bodies).map(([line, body]) => statusOf(line, body, token, late)))
    const goes = through(mint({ userId: await db.insertUser() }), delay(1_500))
    expect(await update(mint())).toEqual(both('200 OK'))
    const before = await changes()
    expect(await goes).toEqual([[200], [200]])
    const written = await changes()
    expect(written.length).toBeGreaterThan(before.length)
    const stays = through(mint(), delay(5_500))
    await delay(200)
    await block('users', userId)
    const linesBefore = gateway.log.length
    expect(await stays).toEqual([[401], [401]])
    expect(await changes()).toEqual(written)
    // The line still names the client that was blocked.
    const lines = gateway.log.slice(linesBefore).map((line) => JSON.parse(line))
    expect(lines.filter(({ status }) => status === 401)).toEqual([
      expect.objectContaining({ clientId: fixture.clientId }),
      expect.objectContaining({ clientId: fixture.clientId }),
    ])
  })

  test('a blocked user does not block another user of the client', async () => {
    await block('users', userId)
    expect(await update(mint())).toEqual(both('401 Access denied'))
    expect(await update(mint({ userId: await db.insertUser() }))).toEqual(both('200 OK'))
  })
})

describe('a caller whom the registry does not know', () => {
  test.each([
    ['a user of no UUID', "auth0|'; DROP TABLE users; --"],
    ['a user of almost a UUID', `${randomUUID()}0`],
    ['an unknown user', randomUUID()],
    ['a user in capital letters', randomUUID().toUpperCase()],
    ['the longest name', 'ї'.repeat(255)],
  ])('%s is let in: the issuer vouches for it', async (_who, sub) => {
    expect(await update(mint({ userId: sub }))).toEqual(both('200 OK'))
  })

  test('a client without a row is let in, and finds no client of its own', async () => {
    const clientId = randomUUID()
    const { clientId: own } = fixture
    const token = gateway.issuer.mint(writer(clientId))
    expect(
      (
        await gateway.patch(
          `/api/clients/${clientId}/connections/${fixture.connectionId}`,
          { redirect_uri: 'https://a.ua' },
          token,
        )
      ).statusCode,
    ).toBe(404)
    expect(
      (
        await gateway.patch(
          `/api/clients/${own}/connections/${fixture.connectionId}`,
          { redirect_uri: 'https://a.ua' },
          token,
        )
      ).statusCode,
    ).toBe(403)
  })
})

test('the registry is asked once for all requests of each caller', async () => {
  const read = (sent: string) => gateway.app.inject({ url: fixture.path, headers: { authorization: `Bearer ${sent}` } })
  const asked = async (work: () => Promise<unknown>) => {
    const before = proxy.roundTrips()
    await work()
    return proxy.roundTrips() - before
  }
  const token = mint()
  expect(await asked(() => read(token))).toBe(2)
  for (let request = 0; request < 5; request += 1) expect(await asked(() => read(token))).toBe(1)
  expect(await asked(() => read(mint({ userId: randomUUID() })))).toBe(2)
})

describe('while the database is away', () => {
  const away = '503 Service temporarily unavailable'
  test('without the database no caller is let in, and other refusals stay the same', async () => {
    await block('clients', fixture.clientId)
    const token = mint()
    await proxy.stop()
    try {
      expect(await update(null)).toEqual(both('401 Access denied'))
      expect(await update('rubbish')).toEqual(both('401 Access denied'))
      expect(await update(mint({ expiresInSeconds: -60 }))).toEqual(both('401 Access denied'))
      expect(await update(mint({ scope: 'connection:read' }))).toEqual(both('403 Invalid scopes'))
      expect(await update(gateway.issuer.mint(writer(randomUUID())))).toEqual(both('403 Forbidden'))
      expect(await update(token)).toEqual(both(away))
      // Blocked comes before validation, so that cannot be said either.
      expect(await update(token, invalid)).toEqual(both(away))

      const answers = [
        await gateway.graphql('{ viewer { clientId scopes } }', {}, token),
        await gateway.graphql('{ clients(first: 1) { nodes { id } } }', {}, mint({ scope: 'client:read' })),
      ]
      for (const answer of answers) {
        expect(answer.json()).toMatchObject({
          errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE', exception: { retryAfter: 1 } } }],
        })
        expect(answer.json().data ?? null).toBeNull()
        expect(answer.headers['retry-after']).toBe('1')
      }
      expect((await gateway.app.inject('/health/live')).statusCode).toBe(200)
    } finally {
      await proxy.start()
    }
    await vi.waitFor(async () => expect(await update(token)).toEqual(both('401 Access denied')), {
      timeout: 5_000,
      interval: 50,
    })
    expect(await changes()).toEqual([])
  })

  test('a frozen database does not delay refusals that do not need it', async () => {
    proxy.freeze()
    const begin = performance.now()
    const answers = await update(mint({ scope: 'connection:read' }))
    const took = performance.now() - begin
    proxy.thaw()
    expect(answers).toEqual(both('403 Invalid scopes'))
    // One wait for each door.
    expect(took).toBeLessThan(5_000)
    await vi.waitFor(async () => expect(await update(mint())).toEqual(both('200 OK')), {
      timeout: 10_000,
      interval: 50,
    })
  })

  test('a remembered caller is let in while it is remembered', async () => {
    const token = mint()
    expect(await update(token)).toEqual(both('200 OK'))
    await proxy.stop()
    const answers = [await update(token, invalid), await update(token)]
    await proxy.start()
    expect(answers).toEqual([['422 Validation failed', away], both(away)])
  })
})
