import { Client } from 'pg'
import { type MigrationOptions, migrate } from '../../src/persistence/migrate.ts'

/** What is in the registry before anything goes wrong: two clients, each with a connection to each of four systems. */
export interface Connection {
  readonly clientId: string
  readonly connectionId: string
  readonly initialUri: string
}

const uuid = (kind: number, number: number) => `${kind}0000000-0000-4000-8000-${String(number).padStart(12, '0')}`
const clientIds = [1, 2].map((number) => uuid(1, number))
const consumerIds = [1, 2, 3, 4].map((number) => uuid(2, number))

export const connections: readonly Connection[] = clientIds.flatMap((clientId, client) =>
  consumerIds.map((_, consumer) => ({
    clientId,
    connectionId: uuid(3, client * consumerIds.length + consumer + 1),
    initialUri: `https://initial-${client}-${consumer}.example.ua/`,
  })),
)

/** Migrates a database and writes what Mithril would have written. */
export async function fillRegistry(url: string, migrations: MigrationOptions = {}): Promise<void> {
  await migrate(url, migrations)
  const now = `(now() AT TIME ZONE 'UTC')`
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    for (const [number, name] of ['MSP', 'MIS'].entries())
      await client.query(`INSERT INTO client_types (id, name, inserted_at, updated_at) VALUES ($1, $2, ${now}, ${now})`, [
        uuid(4, number),
        name,
      ])
    for (const id of [...clientIds, ...consumerIds])
      await client.query(
        `INSERT INTO clients (id, name, settings, priv_settings, client_type_id, inserted_at, updated_at)
         VALUES ($1, 'A client', '{}', '{"access_type":"DIRECT"}', $2, ${now}, ${now})`,
        [id, uuid(4, clientIds.includes(id) ? 0 : 1)],
      )
    for (const [index, { connectionId, clientId, initialUri }] of connections.entries())
      await client.query(
        `INSERT INTO connections (id, secret, redirect_uri, client_id, consumer_id, inserted_at, updated_at)
         VALUES ($1, 'secret of ' || $5, $2, $3, $4, ${now}, ${now})`,
        [connectionId, initialUri, clientId, consumerIds[index % consumerIds.length], String(index)],
      )
  } finally {
    await client.end()
  }
}
