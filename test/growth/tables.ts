import { randomUUID } from 'node:crypto'
import { parseConfig } from '../../src/config/parse.ts'
import { dataOf, type Place } from '../../src/development/embedded/place.ts'
import { findPostmaster } from '../../src/development/embedded/postmaster.ts'
import type { ConnectionKey } from '../../src/domain/connection.ts'
import type { PageRequest } from '../../src/domain/page.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { createClientStore } from '../../src/persistence/stores/client-store.ts'
import { createConnectionHistory } from '../../src/persistence/stores/connection-history.ts'
import { createConnectionStore } from '../../src/persistence/stores/connection-store.ts'
import { type Cluster, copyCluster } from '../faults/postgres-cluster.ts'
import { median, processorSeconds } from '../support/processor-time.ts'

export interface Sizes {
  /** There is one connection for each client. */
  readonly clients: number
  readonly changes: number
}

export interface StatementFigures {
  readonly name: string
  /** Processor time of PostgreSQL in microseconds. */
  readonly database: number
  /** Median of the time that the caller waits. */
  readonly milliseconds: number
}

const runs = 1_000
const uuid = (kind: 'a' | 'b', number: number) => `${kind}0000000-0000-4000-8000-${String(number).padStart(12, '0')}`
const sqlUuid = (kind: 'a' | 'b', number: string) =>
  `('${kind}0000000-0000-4000-8000-' || lpad((${number})::text, 12, '0'))::uuid`

/**
 * Clients, connections and changes as years would leave them. A client is the consumer of a hundred others. Foreign
 * keys hold by construction, and indexes are made at the end.
 */
async function fill({ query, session }: Cluster, { clients, changes }: Sizes): Promise<void> {
  const [type] = await query<{ id: string }>('SELECT id FROM client_types LIMIT 1')
  const indexes = await query<{ name: string; definition: string }>(
    `SELECT indexrelid::regclass AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
      WHERE indrelid IN ('clients'::regclass, 'connections'::regclass, 'connection_changes'::regclass)
        AND indexrelid NOT IN (SELECT conindid FROM pg_constraint)`,
  )
  const own = await session()
  try {
    await own.query(`
      SET synchronous_commit = off; SET session_replication_role = replica; SET maintenance_work_mem = '512MB';
      ALTER TABLE connection_changes DROP CONSTRAINT connection_changes_pkey;
      ${indexes.map(({ name }) => `DROP INDEX ${name};`).join(' ')}
      INSERT INTO clients (id, name, settings, priv_settings, client_type_id, inserted_at, updated_at)
      SELECT ${sqlUuid('a', 'n')}, CASE WHEN n % 5000 = 77 THEN 'Аптека «Подорожник» ' ELSE 'Клініка № ' END || n,
             '{}', '{}', '${type?.id}', timestamp '2016-01-01' + n * interval '1 second', '2016-01-01'
        FROM generate_series(1, ${clients}) AS n;
      INSERT INTO connections (id, secret, redirect_uri, client_id, consumer_id, inserted_at, updated_at)
      SELECT ${sqlUuid('b', 'n')}, 'growth-' || n, 'https://consumer-' || n % 5000 || '.example.ua/callback',
             ${sqlUuid('a', 'n')}, ${sqlUuid('a', '1 + n / 100')}, timestamp '2016-01-01' + n * interval '1 second',
             '2016-01-01'
        FROM generate_series(1, ${clients}) AS n;
      INSERT INTO connection_changes (connection_id, client_id, consumer_id, version, kind, redirect_uri_before,
             redirect_uri_after, door, changed_at)
      SELECT ${sqlUuid('b', `1 + n % ${clients}`)}, ${sqlUuid('a', `1 + n % ${clients}`)},
             ${sqlUuid('a', `1 + (1 + n % ${clients}) / 100`)}, 1 + n / ${clients}, 'UPDATED',
             'https://consumer-' || n || '.example.ua/callback', 'https://consumer-' || n + 1 || '.example.ua/callback',
             'EXTERNAL', timestamp '2016-01-01' + n * interval '10 seconds'
        FROM generate_series(1, ${changes}) AS n;
      ${indexes.map(({ definition }) => `${definition};`).join(' ')}
      ALTER TABLE connection_changes ADD CONSTRAINT connection_changes_pkey PRIMARY KEY (connection_id, id);`)
    await own.query('VACUUM ANALYZE')
    await own.query('CHECKPOINT')
  } finally {
    await own.end()
  }
}

const firstPage: PageRequest = { by: 'cursor', size: 20, place: null, backward: false, withTotal: false }

/** The statements of the stores, each with a random client or connection. */
function statements(database: Database, clients: number): readonly [name: string, run: () => Promise<unknown>][] {
  const [connections, history, registry] = [
    createConnectionStore(database),
    createConnectionHistory(database),
    createClientStore(database),
  ]
  const pick = (): ConnectionKey => {
    const number = 1 + Math.floor(Math.random() * clients)
    return { clientId: uuid('a', number), connectionId: uuid('b', number) }
  }
  const caller = { clientId: uuid('a', 1), clientType: 'MSP', scopes: [], userId: uuid('a', 1) }
  const search = (nameContains: string) => registry.page({ nameContains }, 'INSERTED_AT_DESC', firstPage)
  const consumer = () => uuid('a', 1 + Math.floor((Math.random() * clients) / 100))
  return [
    [
      'update',
      () =>
        connections.updateRedirectUri({
          ...pick(),
          expectedVersions: null,
          author: { caller, door: 'REST', requestId: randomUUID() },
          redirectUri: `https://${randomUUID()}.example.ua/callback`,
          revertedChangeId: null,
        }),
    ],
    ['read of a connection', () => connections.find(pick())],
    ['`changes`, first page', () => history.pagesOf([pick()], firstPage)],
    ['`lastChange` of 20', () => history.latest(Array.from({ length: 20 }, pick))],
    ["a client's history, first page", () => history.pageOfClient(pick().clientId, {}, firstPage)],
    ["a client's history, `DELETED` only", () => history.pageOfClient(pick().clientId, { kind: 'DELETED' }, firstPage)],
    ["a client's connections, first page", () => connections.pagesOf([pick().clientId], {}, firstPage)],
    ['`consumerConnections`, first page', () => connections.pageOfConsumer(consumer(), {}, firstPage)],
    ['clients, first page', () => registry.page({}, 'INSERTED_AT_DESC', firstPage)],
    ['clients by a common word', () => search('клініка')],
    ['clients by a rare word', () => search('подорожник')],
  ]
}

/** Fills the tables of a cluster, and runs each statement a thousand times, one after the other. */
export async function measureTables(base: Place, directory: string, sizes: Sizes): Promise<StatementFigures[]> {
  const cluster = await copyCluster(base, directory)
  // The disk would cost an update more than the statement does, and hide how the statement grows.
  await cluster.start(['shared_buffers=512MB', 'max_wal_size=8GB', 'jit=off', 'synchronous_commit=off'])
  const database = createDatabase(cluster.url, { ...parseConfig({}).database, statementTimeoutMs: 60_000 })
  try {
    await fill(cluster, sizes)
    process.stderr.write('The tables are filled.\n')
    const postmaster = (await findPostmaster(dataOf(cluster.place.directory)))?.pid ?? 0
    const found: StatementFigures[] = []
    for (const [name, run] of statements(database, sizes.clients)) {
      for (let number = 0; number < 50; number++) await run()
      const [before, times] = [await processorSeconds(postmaster), [] as number[]]
      for (let number = 0; number < runs; number++) {
        const startedAt = performance.now()
        await run()
        times.push(performance.now() - startedAt)
      }
      const spent = (await processorSeconds(postmaster)) - before
      found.push({ name, database: (spent / runs) * 1e6, milliseconds: median(times) })
    }
    return found
  } finally {
    await database.close()
    await cluster.stop('immediate')
  }
}
