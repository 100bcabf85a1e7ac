import { randomBytes } from 'node:crypto'
import { Client, type ClientBase } from 'pg'

/** The specification's example client and connection, and callers of each type, by fixed ids. */
export const demo = {
  msp: { clientId: 'c4a6d45f-2cf2-4e6d-909a-5962604ad63b', clientType: 'MSP' },
  mis: { clientId: '25c03af6-69bd-439e-b0dd-f1669b3dbbfd', clientType: 'MIS' },
  pharmacy: { clientId: 'fa12acee-0000-4000-8000-000000000001', clientType: 'PHARMACY' },
  admin: { clientId: 'adadadad-0000-4000-8000-000000000001', clientType: 'MITHRIL ADMIN' },
  connectionId: 'df9f70ee-4b12-4740-b0f5-bb5aea116863',
  redirectUri: 'https://example2.com',
} as const

const userId = '0eb35eab-0000-4000-8000-000000000001'
const otherMsp = 'c4a6d45f-0000-4000-8000-000000000002'
const otherMis = '25c03af6-0000-4000-8000-000000000002'

const clientScopes = 'client:read connection:read connection:write connection:refresh_secret connection:delete'

const clientTypes = [
  ['a0000000-0000-4000-8000-000000000001', demo.msp.clientType],
  ['a0000000-0000-4000-8000-000000000002', demo.mis.clientType],
  ['a0000000-0000-4000-8000-000000000003', demo.pharmacy.clientType],
  ['a0000000-0000-4000-8000-000000000004', demo.admin.clientType],
] as const

const clients = [
  [demo.msp.clientId, demo.msp.clientType, 'Клініка «Борис»'],
  [otherMsp, demo.msp.clientType, 'Центр первинної медико-санітарної допомоги № 1'],
  [demo.mis.clientId, demo.mis.clientType, 'МІС «Здоров’я»'],
  [otherMis, demo.mis.clientType, 'МІС «Стара поліклініка»'],
  [demo.pharmacy.clientId, demo.pharmacy.clientType, 'Аптека «Подорожник»'],
  [demo.admin.clientId, demo.admin.clientType, 'Адміністратор Mithril'],
] as const

const connections = [
  [demo.connectionId, demo.msp.clientId, demo.mis.clientId, demo.redirectUri],
  // As Mithril let them in before its rules became strict: still read, and still updated, to something better.
  ['df9f70ee-0000-4000-8000-000000000002', demo.msp.clientId, otherMis, 'http://stara-poliklinika.example/oauth/callback'],
  ['df9f70ee-0000-4000-8000-000000000003', demo.pharmacy.clientId, demo.mis.clientId, 'https://apteka.example/oauth/callback'],
  ['df9f70ee-0000-4000-8000-000000000004', otherMsp, demo.mis.clientId, 'https://cpmsd1.example/oauth/callback'],
] as const

/** Inserts the demo data where it is missing and changes nothing that is there. Secrets are random: nobody knows one beforehand. */
export async function seed(database: string | ClientBase): Promise<void> {
  if (typeof database !== 'string') return insertDemo(database)
  const client = new Client({ connectionString: database, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await insertDemo(client)
  } finally {
    await client.end()
  }
}

async function insertDemo(client: ClientBase): Promise<void> {
  // Mithril's timestamps are UTC without saying so.
  const now = `date_trunc('second', now() AT TIME ZONE 'UTC')`
  await client.query('BEGIN')
  try {
    await client.query(
      `INSERT INTO users (id, email, inserted_at, updated_at) VALUES ($1, 'demo@clinic.example', ${now}, ${now}) ON CONFLICT DO NOTHING`,
      [userId],
    )
    for (const [id, name] of clientTypes)
      await client.query(
        `INSERT INTO client_types (id, name, scope, inserted_at, updated_at) VALUES ($1, $2, $3, ${now}, ${now}) ON CONFLICT DO NOTHING`,
        [id, name, clientScopes],
      )
    for (const [id, type, name] of clients)
      await client.query(
        `INSERT INTO clients (id, name, settings, priv_settings, user_id, client_type_id, inserted_at, updated_at)
         SELECT $1, $2, '{}', '{"access_type":"DIRECT"}', $3, id, ${now}, ${now} FROM client_types WHERE name = $4 ON CONFLICT DO NOTHING`,
        [id, name, userId, type],
      )
    for (const [id, clientId, consumerId, redirectUri] of connections)
      await client.query(
        `INSERT INTO connections (id, secret, redirect_uri, client_id, consumer_id, inserted_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, ${now}, ${now}) ON CONFLICT DO NOTHING`,
        [id, randomBytes(32).toString('base64url'), redirectUri, clientId, consumerId],
      )
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}
