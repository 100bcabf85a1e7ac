import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { ConnectionHistoryDocument, RefreshClientConnectionSecretDocument } from '../../src/client/documents/graphql.ts'
import { both, sayings, updateThroughBoth } from '../support/both-doors.ts'
import type { TestDatabase } from '../support/database.ts'
import { startProxiedGateway, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'
import type { PostgresProxy } from '../support/postgres-proxy.ts'
import type { TokenRequest } from '../support/tokens.ts'

const scope = 'client:read connection:read connection:write connection:refresh_secret connection:delete'

let db: TestDatabase
let proxy: PostgresProxy
let gateway: TestGateway
beforeAll(async () => {
  ;({ gateway, proxy } = await startProxiedGateway({ BROKER_API_KEY: 'enforce' }))
  db = gateway.database
})
afterAll(() => gateway.close())

/** The client that acts through a broker, and its connection. */
let clientId: string
let connectionId: string
let path: string
/** The broker, which consumes that connection, and the secret of a connection of its own. */
let brokerId: string
let key: string
beforeEach(async () => {
  clientId = await db.insertClient({ type: 'MSP', privSettings: { access_type: 'BROKER' } })
  brokerId = await insertBroker('client:read connection:read connection:write')
  key = await db.insertApiKey(brokerId)
  connectionId = await db.insertConnection({
    clientId,
    consumerId: brokerId,
    redirectUri: 'https://before.example.ua/',
  })
  path = `/api/clients/${clientId}/connections/${connectionId}`
})

const insertBroker = (brokerScope: unknown) =>
  db.insertClient({ type: 'MIS', privSettings: { access_type: 'DIRECT', broker_scope: brokerScope } })
const mint = (more: TokenRequest = {}) => gateway.issuer.mint(writer(clientId, { scope, ...more }))
const withKey = (apiKey: string | null) => ({ headers: apiKey === null ? {} : { 'api-key': apiKey } })

const update = (apiKey: string | null, sent = mint(), to = gateway) =>
  updateThroughBoth(to, { clientId, connectionId, path }, sent, withKey(apiKey))
const changes = () => db.query('SELECT id FROM connection_changes WHERE connection_id = $1', [connectionId])

describe('a client that acts through a broker', () => {
  test('a client changes its connection with the key of its broker, and the history names both', async () => {
    const userId = randomUUID()
    expect(await update(key, mint({ userId }))).toEqual(both('200 OK'))
    const rows = await db.query(
      'SELECT door, caller_client_id, broker_client_id FROM connection_changes WHERE connection_id = $1 ORDER BY id',
      [connectionId],
    )
    expect(rows).toEqual(
      ['REST', 'GRAPHQL'].map((door) => ({ door, caller_client_id: clientId, broker_client_id: brokerId })),
    )

    const { data } = (
      await gateway.graphql(ConnectionHistoryDocument, { clientId, connectionId, first: 1 }, mint(), withKey(key))
    ).json()
    const change = { caller: { clientId, clientType: 'MSP', userId }, brokerClientId: brokerId, door: 'GRAPHQL' }
    expect(data.clientConnection).toMatchObject({ lastChange: change, changes: { edges: [{ node: change }] } })
  })

  test('the history names no broker for a later change without one', async () => {
    await update(key)
    const admin = mint({ clientId: await db.insertClient({ type: 'MITHRIL ADMIN' }), clientType: 'MITHRIL ADMIN' })
    expect(await update(null, admin)).toEqual(both('200 OK'))
    const rows = await db.query(
      'SELECT broker_client_id FROM connection_changes WHERE connection_id = $1 ORDER BY id',
      [connectionId],
    )
    expect(rows.map((row) => row['broker_client_id'])).toEqual([brokerId, brokerId, null, null])
  })

  test('without a key the answer is 401 through both doors, before everything else', async () => {
    expect(await update(null)).toEqual(both('401 api-key header not set'))
    expect(await update('')).toEqual(both('401 api-key header not set'))
    expect(await update(null, mint({ scope: '' }))).toEqual(both('401 api-key header not set'))
    const rest = await gateway.patch(path, '{', mint())
    expect(rest.headers['www-authenticate']).toBe('Bearer realm="mithril"')
    expect(rest.json()).toMatchObject({
      meta: { code: 401 },
      error: { type: 'access_denied', message: 'api-key header not set' },
    })
    const graphql = await gateway.graphql('{ viewer { clientId } }', {}, mint())
    expect(graphql.statusCode).toBe(401)
    expect(graphql.json().errors[0].extensions).toEqual({
      code: 'UNAUTHENTICATED',
      status: 401,
      reason: 'api_key_missing',
    })
    expect(await changes()).toEqual([])
  })

  test.each<[string, () => string | Promise<string>]>([
    ['nobody has', () => randomUUID()],
    ['is nearly one', () => `${key}x`],
    ['is two', () => `${key}, ${key}`],
    ['is longer than any', () => 'a'.repeat(256)],
    ['holds what no secret holds', () => 'ключ'],
    ['holds a NUL', () => '\0'],
    [
      'is that of a blocked broker',
      async () => {
        await db.query('UPDATE clients SET is_blocked = true WHERE id = $1', [brokerId])
        return key
      },
    ],
  ])('is answered 401 with a key that %s', async (_which, make) => {
    expect(await update(await make())).toEqual(both('401 invalid api-key header'))
    expect(await changes()).toEqual([])
  })

  test('a client has only the scopes that its broker has, too: in operations, guards and viewer', async () => {
    const reader = await db.insertApiKey(await insertBroker('client:read connection:read connection:delete'))
    expect(await update(reader)).toEqual(both('403 Invalid scopes'))
    expect(await update(key, mint({ scope: 'connection:read connection:delete' }))).toEqual(both('403 Invalid scopes'))
    const rest = await gateway.patch(path, { redirect_uri: 'https://after.example.ua/' }, mint(), withKey(reader))
    expect(rest.headers['www-authenticate']).toBe(
      'Bearer realm="mithril", error="insufficient_scope", scope="connection:write"',
    )

    const viewer = '{ viewer { clientId scopes mayUpdate mayRefreshSecret mayDelete } }'
    const seen = async (apiKey: string, sent = mint()) =>
      (await gateway.graphql(viewer, {}, sent, withKey(apiKey))).json().data.viewer
    expect(await seen(reader)).toEqual({
      clientId,
      scopes: ['client:read', 'connection:read', 'connection:delete'],
      mayUpdate: false,
      mayRefreshSecret: false,
      mayDelete: true,
    })
    expect(await seen(key, mint({ scope: 'connection:write' }))).toMatchObject({
      scopes: ['connection:write'],
      mayUpdate: true,
      mayDelete: false,
    })
    expect(await changes()).toEqual([])
  })

  test.each([['connection:writes'], ['CONNECTION:WRITE'], ['connection:write,connection:read'], ['']])(
    'has no scope to write through a broker whose broker_scope is %j',
    async (brokerScope) => {
      expect(await update(await db.insertApiKey(await insertBroker(brokerScope)))).toEqual(both('403 Invalid scopes'))
    },
  )

  test.each([[null], [undefined], [['connection:write']], [{}], [true], [1]])(
    'is answered 401 with the key of a client that is no broker: its broker_scope is %j',
    async (brokerScope) => {
      const noBrokersKey = await db.insertApiKey(await insertBroker(brokerScope))
      expect(await update(noBrokersKey)).toEqual(both('401 invalid api-key header'))
      const rest = await gateway.patch(path, {}, mint(), withKey(noBrokersKey))
      expect(rest.json().error).toEqual({ type: 'access_denied', message: 'invalid api-key header' })
    },
  )

  test('a client acts on its own client only, whatever its broker is', async () => {
    const other = await db.insertClient({ type: 'MSP', privSettings: { access_type: 'BROKER' } })
    expect(await update(key, mint({ clientId: other }))).toEqual(both('403 Forbidden'))
  })

  test('a client of an admin type needs the key as well', async () => {
    const admin = await db.insertClient({ type: 'MITHRIL ADMIN', privSettings: { access_type: 'BROKER' } })
    const token = mint({ clientId: admin, clientType: 'MITHRIL ADMIN' })
    expect(await update(null, token)).toEqual(both('401 api-key header not set'))
    expect(await update(key, token)).toEqual(both('200 OK'))
  })

  test('a blocked client gets 401 that does not ask for a key', async () => {
    await db.query('UPDATE clients SET is_blocked = true WHERE id = $1', [clientId])
    expect(await update(null)).toEqual(both('401 Access denied'))
  })

  test('a replaced key is refused within 5 s', { timeout: 120_000 }, async () => {
    expect(await update(key)).toEqual(both('200 OK'))
    await db.query('UPDATE connections SET secret = $2 WHERE secret = $1', [key, randomUUID()])
    await vi.waitFor(async () => expect(await update(key)).toEqual(both('401 invalid api-key header')), {
      timeout: 6_000,
      interval: 50,
    })
  })

  test('a remembered key, good or wrong, is not looked up again', async () => {
    const token = mint()
    const asked = async (apiKey: string) => {
      const before = proxy.roundTrips()
      await gateway.app.inject({ url: path, headers: { authorization: `Bearer ${token}`, 'api-key': apiKey } })
      return proxy.roundTrips() - before
    }
    const wrong = randomUUID()
    expect([await asked(key), await asked(key), await asked(key)]).toEqual([3, 1, 1])
    expect([await asked(wrong), await asked(wrong), await asked(wrong)]).toEqual([1, 0, 0])
    expect([await asked('a'.repeat(256)), await asked('a'.repeat(256))]).toEqual([0, 0])
  })

  test('the answer is 503 if the broker cannot be looked up', async () => {
    const token = mint()
    expect(await update(randomUUID(), token)).toEqual(both('401 invalid api-key header'))
    await proxy.stop()
    const answers = [
      await update(key, token),
      await update(null, token),
      await update(key, mint({ scope: 'client:read' })),
    ]
    await proxy.start()
    expect(answers).toEqual([
      both('503 Service temporarily unavailable'),
      both('401 api-key header not set'),
      both('403 Invalid scopes'),
    ])
    await vi.waitFor(async () => expect(await update(key, token)).toEqual(both('200 OK')), {
      timeout: 5_000,
      interval: 50,
    })
  })

  test('no key is in the log', async () => {
    const wrong = randomUUID()
    await update(key)
    await update(wrong)
    expect(gateway.log.join('')).not.toContain(key)
    expect(gateway.log.join('')).not.toContain(wrong)
  })

  test('an opaque token works with the key of a broker', async () => {
    const opaque = await startTestGateway({
      DATABASE_URL: proxy.url,
      BROKER_API_KEY: 'enforce',
      OPAQUE_TOKENS: 'mithril',
    })
    const token = await db.insertToken({ clientId, scope })
    expect(await update(null, token, opaque)).toEqual(both('401 api-key header not set'))
    expect(await update(key, token, opaque)).toEqual(both('200 OK'))
    await opaque.close()
  })
})

describe('a new secret through a broker', () => {
  /** One header, two rules: it names the broker, and it has to be the consumer's (`docs/platform.md` §3). */
  async function refresh(apiKey: string | null): Promise<string[]> {
    const rest = await gateway.patch(`${path}/actions/refresh_secret`, {}, mint(), withKey(apiKey))
    const graphql = await gateway.graphql(
      RefreshClientConnectionSecretDocument,
      { input: { clientId, connectionId } },
      mint(),
      withKey(apiKey),
    )
    return sayings(rest, graphql)
  }
  const refresher = 'connection:refresh_secret'

  test('a broker that is the consumer and has the scope gets a new secret', async () => {
    await db.query(`UPDATE clients SET priv_settings = jsonb_build_object('broker_scope', $2::text) WHERE id = $1`, [
      brokerId,
      refresher,
    ])
    expect(await refresh(key)).toEqual(both('200 OK'))
    const rows = await db.query('SELECT kind, broker_client_id FROM connection_changes WHERE connection_id = $1', [
      connectionId,
    ])
    expect(rows).toEqual(Array(2).fill({ kind: 'SECRET_REFRESHED', broker_client_id: brokerId }))
  })

  test('a broker without the scope gets no new secret', async () => {
    expect(await refresh(key)).toEqual(both('403 Invalid scopes'))
  })

  test('a broker that is not the consumer gets no new secret', async () => {
    expect(await refresh(await db.insertApiKey(await insertBroker(refresher)))).toEqual(both('403 Forbidden'))
  })

  test('without a key, or with an unknown one, there is no new secret', async () => {
    expect(await refresh(null)).toEqual(both('401 api-key header not set'))
    expect(await refresh(randomUUID())).toEqual(both('401 invalid api-key header'))
  })
})

test.each([['DIRECT'], [undefined], ['anything']])(
  'a client whose access type is %j needs no key, and one that it sends is not looked at',
  async (accessType) => {
    await db.query('UPDATE clients SET priv_settings = $2 WHERE id = $1', [
      clientId,
      JSON.stringify({ access_type: accessType }),
    ])
    expect(await update(null)).toEqual(both('200 OK'))
    expect(await update(randomUUID())).toEqual(both('200 OK'))
  },
)

test('by default no client needs a key', async () => {
  const lenient = await startTestGateway({ DATABASE_URL: proxy.url })
  const token = lenient.issuer.mint(writer(clientId))
  expect(await update(null, token, lenient)).toEqual(both('200 OK'))
  expect(await update(randomUUID(), token, lenient)).toEqual(both('200 OK'))
  await lenient.close()
})
