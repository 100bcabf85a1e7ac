import { afterAll, beforeAll, expect, test } from 'vitest'
import { demo, seed } from '../../prisma/seed.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  await seed(database.url)
})
afterAll(() => database.drop())

const everything = async () => ({
  users: await database.query('SELECT * FROM users'),
  types: await database.query('SELECT * FROM client_types ORDER BY id'),
  clients: await database.query('SELECT * FROM clients ORDER BY id'),
  connections: await database.query('SELECT * FROM connections ORDER BY id'),
})

test("the demo data has the specification's example connection", async () => {
  const rows = await database.query(
    `SELECT client_id, client_type.name AS client_type, consumer_id, consumer_type.name AS consumer_type, connections.redirect_uri
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
    },
  ])
})

test('it has a caller of each type, and one old http: redirect URI', async () => {
  for (const { clientId, clientType } of [demo.msp, demo.mis, demo.pharmacy, demo.admin])
    expect(
      await database.query(
        `SELECT client_types.name, is_blocked, settings, priv_settings FROM clients JOIN client_types ON client_types.id = client_type_id WHERE clients.id = $1`,
        [clientId],
      ),
    ).toEqual([{ name: clientType, is_blocked: false, settings: {}, priv_settings: { access_type: 'DIRECT' } }])
  expect(await database.query(`SELECT redirect_uri FROM connections WHERE redirect_uri LIKE 'http:%'`)).toHaveLength(1)
})

test('seeding again, by several at once too, changes nothing that is there', async () => {
  await database.query(`UPDATE connections SET redirect_uri = 'https://changed.example' WHERE id = $1`, [demo.connectionId])
  const before = await everything()

  await Promise.all([seed(database.url), seed(database.url)])

  expect(await everything()).toEqual(before)
})

test('its secrets are different each time', async () => {
  const other = await createTestDatabase()
  await seed(other.url)
  const secretsOf = async ({ query }: TestDatabase) =>
    (await query<{ secret: string }>('SELECT secret FROM connections')).map(({ secret }) => secret)

  const secrets = [...(await secretsOf(database)), ...(await secretsOf(other))]
  await other.drop()
  expect(secrets).toHaveLength(8)
  expect(new Set(secrets).size).toBe(8)
})
