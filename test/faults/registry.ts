import { Client } from 'pg'
import { type MigrationOptions, migrate } from '../../src/persistence/migrations/migrate.ts'

/** A connection as it is before anything goes wrong. */
export interface Connection {
  readonly clientId: string
  readonly connectionId: string
  readonly initialUri: string
}

const uuid = (kind: number, number: number) => `${kind}0000000-0000-4000-8000-${String(number).padStart(12, '0')}`
const consumerIds = Array.from({ length: 200 }, (_, number) => uuid(2, number))

const connectionsOf = (client: number, consumers: number): Connection[] =>
  consumerIds.slice(0, consumers).map((_, consumer) => ({
    clientId: uuid(1, client),
    connectionId: uuid(3, client * 1_000 + consumer),
    initialUri: `https://initial-${client}-${consumer}.example.ua/`,
  }))

/** What callers write to: few enough for them to meet. */
export const connections: readonly Connection[] = [...connectionsOf(1, 4), ...connectionsOf(2, 4)]

/** So many that callers hardly ever meet. */
export const crowd: readonly Connection[] = connectionsOf(3, consumerIds.length)

export const registry: readonly Connection[] = [...connections, ...crowd]

/** Migrates a database and writes what Mithril would have written. */
export async function fillRegistry(url: string, migrations: MigrationOptions = {}): Promise<void> {
  await migrate(url, migrations)
  const now = `(now() AT TIME ZONE 'UTC')`
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const [[msp, mis], clientIds] = [[uuid(4, 1), uuid(4, 2)], [...new Set(registry.map(({ clientId }) => clientId))]]
    await client.query(
      `INSERT INTO client_types (id, name, inserted_at, updated_at) VALUES ($1, 'MSP', ${now}, ${now}), ($2, 'MIS', ${now}, ${now})`,
      [msp, mis],
    )
    for (const [ids, type] of [
      [clientIds, msp],
      [consumerIds, mis],
    ])
      await client.query(
        `INSERT INTO clients (id, name, settings, priv_settings, client_type_id, inserted_at, updated_at)
         SELECT id, 'A client', '{}', '{"access_type":"DIRECT"}', $2, ${now}, ${now} FROM unnest($1::uuid[]) AS id`,
        [ids, type],
      )
    await client.query(
      `INSERT INTO connections (id, secret, redirect_uri, client_id, consumer_id, inserted_at, updated_at)
       SELECT id, 'secret of ' || id, uri, client, consumer, ${now}, ${now}
         FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[]) AS given(id, uri, client, consumer)`,
      [
        registry.map(({ connectionId }) => connectionId),
        registry.map(({ initialUri }) => initialUri),
        registry.map(({ clientId }) => clientId),
        [...consumerIds.slice(0, 4), ...consumerIds.slice(0, 4), ...consumerIds],
      ],
    )
  } finally {
    await client.end()
  }
}
