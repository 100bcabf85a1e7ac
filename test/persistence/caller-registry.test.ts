import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CallerRegistry } from '../../src/domain/caller-registry.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { createCallerRegistry } from '../../src/persistence/stores/caller-registry.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'

let db: TestDatabase
let database: Database
let registry: CallerRegistry
beforeAll(async () => {
  db = await createTestDatabase()
  database = createDatabase(db.url, databaseDefaults)
  registry = createCallerRegistry(database)
})
afterAll(async () => {
  await database.close()
  await db.drop()
})

const block = (table: 'clients' | 'users', id: string) =>
  db.query(`UPDATE ${table} SET is_blocked = true WHERE id = $1`, [id])

describe('the status of a caller', () => {
  const free = { blocked: false, throughBroker: false, registered: true }

  test('a caller is blocked if its client or its user is blocked', async () => {
    const [client, blockedClient] = [await db.insertClient({ type: 'MSP' }), await db.insertClient({ type: 'MSP' })]
    const [user, blockedUser] = [await db.insertUser(), await db.insertUser()]
    await block('clients', blockedClient)
    await block('users', blockedUser)
    expect(await registry.statusOf(client, null)).toEqual(free)
    expect(await registry.statusOf(client, user)).toEqual(free)
    expect(await registry.statusOf(client.toUpperCase(), user.toUpperCase())).toEqual(free)
    expect(await registry.statusOf(blockedClient, null)).toEqual({ ...free, blocked: true })
    expect(await registry.statusOf(client, blockedUser)).toEqual({ ...free, blocked: true })
    expect(await registry.statusOf(blockedClient.toUpperCase(), user)).toEqual({ ...free, blocked: true })
  })

  test('a client or user without a row counts as not blocked, and the status says that there is no client', async () => {
    expect(await registry.statusOf(randomUUID(), randomUUID())).toEqual({ ...free, registered: false })
  })

  test.each([
    [{ access_type: 'BROKER' }, true],
    [{ access_type: 'DIRECT' }, false],
    [{ access_type: 'broker' }, false],
    [{ access_type: ['BROKER'] }, false],
    [{}, false],
    [null, false],
    ['BROKER', false],
    [['access_type', 'BROKER'], false],
  ])('private settings %j: through a broker is %s', async (privSettings, throughBroker) => {
    const clientId = await db.insertClient({ type: 'MSP', privSettings })
    expect(await registry.statusOf(clientId, null)).toEqual({ blocked: false, throughBroker, registered: true })
  })

  test('a client without private settings acts through no broker', async () => {
    const clientId = await db.insertClient({ type: 'MSP' })
    await db.query('UPDATE clients SET priv_settings = NULL WHERE id = $1', [clientId])
    expect(await registry.statusOf(clientId, null)).toEqual(free)
  })
})

describe('an opaque token', () => {
  test('an opaque token is found by its value, with the type of its client', async () => {
    const [clientId, userId] = [await db.insertClient({ type: 'MIS' }), await db.insertUser()]
    const value = await db.insertToken({ clientId, scope: 'connection:read', userId, expiresAt: 2_000_000_000 })
    expect(await registry.tokenOf(value)).toEqual({
      clientId,
      clientType: 'MIS',
      userId,
      scope: 'connection:read',
      expiresAt: 2_000_000_000,
    })
    expect(await registry.tokenOf(`${value}x`)).toBeNull()
    expect(await registry.tokenOf(value.toUpperCase())).toBeNull()
  })

  test('a refresh token or an authorization code is not found as an access token', async () => {
    const clientId = await db.insertClient({ type: 'MIS' })
    for (const name of ['refresh_token', 'authorization_code', 'ACCESS_TOKEN', '', null])
      expect(await registry.tokenOf(await db.insertToken({ clientId, name }))).toBeNull()
  })

  test.each([
    ['an unknown client', { client_id: randomUUID(), scope: '' }],
    ['a client id that is no UUID', { client_id: "'; DROP TABLE tokens; --", scope: '' }],
    ['a client id in braces', { client_id: `{${randomUUID()}}`, scope: '' }],
    ['a client id over two lines', { client_id: `${randomUUID()}\n`, scope: '' }],
    ['a client id that is a number', { client_id: 1, scope: '' }],
    ['a client id that is an object', { client_id: {}, scope: '' }],
    ['no client id', { scope: '' }],
    ['details that are null', null],
    ['details that are a list', ['client_id']],
    ['details that are a text', 'client_id'],
  ])('with %s is nobody', async (_name, details) => {
    expect(await registry.tokenOf(await db.insertToken({ details }))).toBeNull()
  })

  test.each([[1], [['a']], [{}], [null]])(
    'a token with the stored scope %j is found with exactly that scope',
    async (scope) => {
      const clientId = await db.insertClient({ type: 'MIS' })
      const value = await db.insertToken({ clientId, scope })
      expect(await registry.tokenOf(value)).toMatchObject({ clientId, scope })
    },
  )
})

describe('a broker', () => {
  test('the broker is the client of the connection that has the secret', async () => {
    const clientId = await db.insertClient({
      type: 'MIS',
      privSettings: { broker_scope: ' connection:read  client:read ' },
    })
    const consumerId = await db.insertClient({ type: 'MIS' })
    await db.insertConnection({
      clientId,
      consumerId,
      redirectUri: 'https://mis.example.ua/',
      secret: 'secret of a broker',
    })
    expect(await registry.brokerOf('secret of a broker')).toEqual({
      clientId,
      scopes: ['connection:read', 'client:read'],
    })
    expect(await registry.brokerOf('another')).toBeNull()
    await block('clients', consumerId)
    expect(await registry.brokerOf('secret of a broker')).toMatchObject({ clientId })
    await block('clients', clientId)
    expect(await registry.brokerOf('secret of a broker')).toBeNull()
  })

  test.each([[undefined], [null], [1], [['connection:read']], [{ 'connection:read': true }]])(
    'is none with a broker_scope of %j',
    async (scope) => {
      const clientId = await db.insertClient({ type: 'MIS', privSettings: { broker_scope: scope } })
      const secret = randomUUID()
      await db.insertConnection({ clientId, consumerId: clientId, redirectUri: 'https://mis.example.ua/', secret })
      expect(await registry.brokerOf(secret)).toBeNull()
    },
  )
})

test('each question is one statement that reads by indexes, and selects no secret', async () => {
  const proxy = await startPostgresProxy(db.url)
  const watched = createDatabase(proxy.url, databaseDefaults)
  const { statusOf, tokenOf, brokerOf } = createCallerRegistry(watched)
  await statusOf(randomUUID(), randomUUID())
  await tokenOf('value')
  await brokerOf('secret')
  const statements = proxy.statements.filter((sql) => sql.includes('SELECT'))
  await watched.close()
  await proxy.close()
  expect(statements).toHaveLength(3)

  // On empty tables no plan says anything.
  await db.query(`
    INSERT INTO users (id, is_blocked, inserted_at, updated_at) SELECT gen_random_uuid(), false, now(), now() FROM generate_series(1, 5000);
    INSERT INTO clients (id, client_type_id, is_blocked, inserted_at, updated_at)
      SELECT gen_random_uuid(), (SELECT id FROM client_types LIMIT 1), false, now(), now() FROM generate_series(1, 5000);
    INSERT INTO connections (id, secret, redirect_uri, client_id, consumer_id, inserted_at, updated_at)
      SELECT gen_random_uuid(), gen_random_uuid(), 'https://a.example.ua/', id, id, now(), now() FROM clients WHERE priv_settings IS NULL ON CONFLICT DO NOTHING;
    INSERT INTO tokens (id, name, value, inserted_at, updated_at) SELECT gen_random_uuid(), 'access_token', gen_random_uuid(), now(), now() FROM generate_series(1, 5000);
    ANALYZE`)
  const session = await db.pool.connect()
  await session.query('SET plan_cache_mode = force_generic_plan')
  for (const [index, sql] of statements.entries()) {
    await session.query(`PREPARE statement${index} AS ${sql}`)
    const values = index === 0 ? `'${randomUUID()}', '${randomUUID()}'` : `'a'`
    const { rows } = await session.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE statement${index} (${values})`)
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).not.toMatch(/Seq Scan on (?!client_types)/)
    expect(sql).not.toMatch(/SELECT[^;]*\b(secret|value)\b[^;]*FROM/)
  }
  session.release(true)
})
