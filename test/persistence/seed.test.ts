import { afterAll, beforeAll, expect, test } from 'vitest'
import { seed } from '../../prisma/seed.ts'
import { demo } from '../../prisma/seed-data.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  await seed(database.url)
})
afterAll(() => database.drop())

const everything = async () => ({
  users: await database.query('SELECT * FROM users ORDER BY id'),
  types: await database.query('SELECT * FROM client_types ORDER BY id'),
  clients: await database.query('SELECT * FROM clients ORDER BY id'),
  connections: await database.query('SELECT * FROM connections ORDER BY id'),
  changes: await database.query('SELECT * FROM connection_changes ORDER BY id'),
})

test("the demo data has the specification's example connection, with nothing but its beginning in its history", async () => {
  const rows = await database.query(
    `SELECT client_id, client_type.name AS client_type, consumer_id, consumer_type.name AS consumer_type, connections.redirect_uri, version,
            (SELECT count(*)::int FROM connection_changes WHERE connection_id = connections.id) AS changes
     FROM connections
     JOIN clients ON clients.id = client_id JOIN client_types client_type ON client_type.id = clients.client_type_id
     JOIN clients consumers ON consumers.id = consumer_id JOIN client_types consumer_type ON consumer_type.id = consumers.client_type_id
     WHERE connections.id = $1`,
    [demo.connectionId],
  )

  expect(rows).toEqual([
    {
      client_id: 'c4a6d45f-2cf2-4e6d-909a-5962604ad63b',
      client_type: 'MSP',
      consumer_id: '25c03af6-69bd-439e-b0dd-f1669b3dbbfd',
      consumer_type: 'MIS',
      redirect_uri: 'https://example2.com',
      version: 1,
      changes: 1,
    },
  ])
})

test('lists, newest first, begin with the example of the specification', async () => {
  const newest = async (table: string) =>
    database.query(`SELECT id FROM ${table} ORDER BY inserted_at DESC, id DESC LIMIT 1`)

  expect([await newest('clients'), await newest('connections')]).toEqual([
    [{ id: demo.msp.clientId }],
    [{ id: demo.connectionId }],
  ])
})

test('the demo data has a caller of each type', async () => {
  for (const { clientId, clientType } of [demo.msp, demo.mis, demo.pharmacy, demo.admin, demo.nhs])
    expect(
      await database.query(
        `SELECT client_types.name, is_blocked, settings, priv_settings FROM clients JOIN client_types ON client_types.id = client_type_id WHERE clients.id = $1`,
        [clientId],
      ),
    ).toEqual([{ name: clientType, is_blocked: false, settings: {}, priv_settings: { access_type: 'DIRECT' } }])
})

test('the demo data has 61 clients and 200 connections, and each system has a connection to itself', async () => {
  expect(
    await database.query(
      `SELECT client_types.name, count(*)::int FROM clients JOIN client_types ON client_types.id = client_type_id GROUP BY 1 ORDER BY 1`,
    ),
  ).toEqual([
    { name: 'MIS', count: 12 },
    { name: 'MITHRIL ADMIN', count: 1 },
    { name: 'MSP', count: 34 },
    { name: 'NHS', count: 1 },
    { name: 'PHARMACY', count: 13 },
  ])
  expect(
    await database.query(
      `SELECT count(*)::int, count(*) FILTER (WHERE client_id = consumer_id)::int AS own,
              count(*) FILTER (WHERE connections.inserted_at < clients.inserted_at)::int AS before_their_client,
              max(connections.inserted_at) - min(connections.inserted_at) > interval '5 years' AS over_years,
              max(connections.inserted_at) < now() AS past
         FROM connections JOIN clients ON clients.id = client_id`,
    ),
  ).toEqual([{ count: 200, own: 12, before_their_client: 0, over_years: true, past: true }])
})

test('a few clients are blocked, with a reason', async () => {
  expect(
    await database.query(
      `SELECT is_blocked, block_reason IS NOT NULL AS says_why, count(*)::int FROM clients GROUP BY is_blocked, says_why ORDER BY is_blocked`,
    ),
  ).toEqual([
    { is_blocked: false, says_why: false, count: 56 },
    { is_blocked: true, says_why: true, count: 5 },
  ])
})

test('some redirect URIs are old http: ones', async () => {
  expect(await database.query(`SELECT count(*)::int FROM connections WHERE redirect_uri LIKE 'http:%'`)).toEqual([
    { count: 11 },
  ])
})

test('histories have every kind but deletion and moves, every door, and are unbroken chains', async () => {
  expect(
    await database.query(
      `SELECT kind, array_agg(DISTINCT door ORDER BY door) AS doors FROM connection_changes GROUP BY kind ORDER BY kind`,
    ),
  ).toEqual([
    { kind: 'CREATED', doors: ['EXTERNAL'] },
    { kind: 'REVERTED', doors: ['GRAPHQL'] },
    { kind: 'SECRET_REFRESHED', doors: ['EXTERNAL', 'GRAPHQL', 'REST'] },
    { kind: 'UPDATED', doors: ['EXTERNAL', 'GRAPHQL', 'REST'] },
  ])

  const broken = await database.query(
    `SELECT * FROM (
       SELECT change.*, lag(redirect_uri_after) OVER history AS ended, lead(change.id) OVER history AS next, redirect_uri AS stored
         FROM connection_changes change JOIN connections ON connections.id = connection_id
       WINDOW history AS (PARTITION BY connection_id ORDER BY change.id)
     ) link
     WHERE redirect_uri_before <> ended OR (next IS NULL AND redirect_uri_after <> stored)`,
  )
  expect(broken).toEqual([])

  const versions = await database.query<{ changes: number; as_counted: boolean; connections: number }>(
    `SELECT changes, bool_and(version = changes) AS as_counted, count(*)::int AS connections
       FROM connections
            CROSS JOIN LATERAL (SELECT count(*)::int AS changes FROM connection_changes WHERE connection_id = connections.id) counted
      GROUP BY changes ORDER BY changes`,
  )
  expect(versions).toEqual([
    { changes: 1, as_counted: true, connections: 178 },
    { changes: 2, as_counted: true, connections: 6 },
    { changes: 3, as_counted: true, connections: 10 },
    { changes: 6, as_counted: true, connections: 6 },
  ])
})

test('every caller in the histories had the right to its change', async () => {
  expect(
    await database.query(
      `SELECT DISTINCT client_types.name, caller_client_id = connection_changes.client_id AS own_client
         FROM connection_changes
              JOIN clients ON clients.id = caller_client_id
              JOIN client_types ON client_types.id = client_type_id AND client_types.name = caller_client_type
        ORDER BY 1`,
    ),
  ).toEqual([
    { name: 'MIS', own_client: true },
    { name: 'MITHRIL ADMIN', own_client: false },
    { name: 'MSP', own_client: true },
    { name: 'PHARMACY', own_client: true },
  ])
})

test('the connection of the examples with a history has a first change that can be taken back', async () => {
  const { connectionId, firstChangeId } = demo.changed

  expect(
    await database.query(
      `SELECT change.kind, client_id, redirect_uri <> redirect_uri_before AND redirect_uri_before LIKE 'https://_%' AS can_be_taken_back
         FROM connections JOIN connection_changes change USING (client_id)
        WHERE connections.id = $1 AND connection_id = $1 AND change.id = $2`,
      [connectionId, firstChangeId],
    ),
  ).toEqual([{ kind: 'UPDATED', client_id: demo.msp.clientId, can_be_taken_back: true }])
})

test('a second seed, also by several at once, changes no row, version or history', async () => {
  await database.query(`UPDATE connections SET redirect_uri = 'https://changed.example' WHERE id = $1`, [
    demo.connectionId,
  ])
  const before = await everything()

  await Promise.all([seed(database.url), seed(database.url)])

  expect(await everything()).toEqual(before)
})

test('several seeds of a new database at once leave the same rows as one', async () => {
  const other = await createTestDatabase()
  const count = ({ query }: TestDatabase) =>
    query('SELECT connection_id, kind, door, redirect_uri_after FROM connection_changes ORDER BY id')

  await Promise.all([seed(other.url), seed(other.url), seed(other.url)])

  // The test before this one changed the connection of the example.
  const isOfOthers = (row: object) => Reflect.get(row, 'connection_id') !== demo.connectionId
  const changes = await count(other)
  await other.drop()
  expect(changes.filter(isOfOthers)).toEqual((await count(database)).filter(isOfOthers))
})

test('a seed restores a deleted connection without a second history', async () => {
  await database.query('DELETE FROM connections WHERE id = $1', [demo.changed.connectionId])
  const changes = (await everything()).changes

  await seed(database.url)

  expect(await database.query('SELECT version FROM connections WHERE id = $1', [demo.changed.connectionId])).toEqual([
    { version: 1 },
  ])
  const added = expect.objectContaining({ connection_id: demo.changed.connectionId, kind: 'CREATED', version: 1 })
  expect((await everything()).changes).toEqual([...changes, added])
})

test('the secrets of two seeds differ', async () => {
  const other = await createTestDatabase()
  await seed(other.url)
  const secretsOf = async ({ query }: TestDatabase) =>
    (await query<{ secret: string }>('SELECT secret FROM connections')).map(({ secret }) => secret)

  const secrets = [...(await secretsOf(database)), ...(await secretsOf(other))]
  await other.drop()
  expect(secrets).toHaveLength(400)
  expect(new Set(secrets).size).toBe(400)
})
