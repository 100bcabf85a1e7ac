import { randomBytes, randomUUID } from 'node:crypto'
import { Client, type ClientBase } from 'pg'
import { clients, clientTypes, connections, type DemoConnection, users } from './seed-data.ts'

/**
 * Inserts the missing rows of the demo data and changes no other row. Secrets are random, so that nobody can know one.
 */
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

// Mithril stores timestamps in UTC, without an offset.
const now = `date_trunc('second', now() AT TIME ZONE 'UTC')`

const insertUsers = `
  INSERT INTO users (id, email, inserted_at, updated_at)
  SELECT id, email, ${now}, ${now} FROM json_to_recordset($1) AS demo(id uuid, email text)
  ON CONFLICT DO NOTHING`

const insertClientTypes = `
  INSERT INTO client_types (id, name, scope, inserted_at, updated_at)
  SELECT id, name, scope, ${now}, ${now} FROM json_to_recordset($1) AS demo(id uuid, name text, scope text)
  ON CONFLICT DO NOTHING`

// The statement finds the type by its name: a database with Mithril's types has other ids.
const insertClients = `
  INSERT INTO clients (id, name, settings, priv_settings, user_id, client_type_id, is_blocked, block_reason,
                       inserted_at, updated_at)
  SELECT id, name, settings, '{"access_type":"DIRECT"}', "userId", (SELECT id FROM client_types WHERE name = type),
         "blockReason" IS NOT NULL, "blockReason", "insertedAt", "insertedAt"
    FROM json_to_recordset($1)
      AS demo(id uuid, type text, name text, settings jsonb, "userId" uuid, "blockReason" text, "insertedAt" timestamp)
  ON CONFLICT DO NOTHING`

/**
 * Returns the new connections. `hasHistory`: the connection existed before and was deleted, so it had a history
 * before this statement.
 */
const insertConnections = `
  INSERT INTO connections (id, secret, redirect_uri, client_id, consumer_id, inserted_at, updated_at)
  SELECT id, secret, "redirectUri", "clientId", "consumerId", "insertedAt", "insertedAt"
    FROM json_to_recordset($1)
      AS demo(id uuid, secret text, "redirectUri" text, "clientId" uuid, "consumerId" uuid, "insertedAt" timestamp)
  ON CONFLICT DO NOTHING
  RETURNING id, EXISTS (SELECT FROM connection_changes WHERE connection_id = connections.id) AS "hasHistory"`

const updateConnection = `
  UPDATE connections
     SET redirect_uri = coalesce($2, redirect_uri), secret = coalesce($3, secret), updated_at = ${now}
   WHERE id = $1`

const newSecret = () => randomBytes(32).toString('base64url')

async function insertDemo(client: ClientBase): Promise<void> {
  await client.query('BEGIN')
  try {
    await client.query(insertUsers, [JSON.stringify(users)])
    await client.query(insertClientTypes, [JSON.stringify(clientTypes)])
    await client.query(insertClients, [JSON.stringify(clients)])
    const withSecrets = connections.map(({ history: _history, ...connection }) => ({
      ...connection,
      secret: newSecret(),
    }))
    const { rows } = await client.query<{ id: string; hasHistory: boolean }>(insertConnections, [
      JSON.stringify(withSecrets),
    ])
    const inserted = new Set(rows.filter(({ hasHistory }) => !hasHistory).map(({ id }) => id))
    // The order of the data gives the changes the same numbers on every new database.
    for (const connection of connections) if (inserted.has(connection.id)) await makeHistory(client, connection)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}

/**
 * Makes the history by real updates. The triggers of the database record them and count the versions.
 */
async function makeHistory(client: ClientBase, { id, history }: DemoConnection): Promise<void> {
  for (const { author, redirectUri, revertsFirst } of history) {
    const revertedChangeId = revertsFirst ? await firstChangeOf(client, id) : undefined
    // An empty setting means a change by another program.
    const caller = author === null ? '' : JSON.stringify({ ...author, requestId: randomUUID(), revertedChangeId })
    await client.query(`SELECT set_config('gateway.caller', $1, true)`, [caller])
    await client.query(updateConnection, [id, redirectUri, redirectUri === null ? newSecret() : null])
  }
}

async function firstChangeOf(client: ClientBase, connectionId: string): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM connection_changes WHERE connection_id = $1 AND kind <> 'CREATED' ORDER BY id LIMIT 1`,
    [connectionId],
  )
  return rows[0]?.id
}
