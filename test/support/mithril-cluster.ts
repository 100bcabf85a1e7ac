import { readFile, rm } from 'node:fs/promises'
import { Client, type QueryResult } from 'pg'
import { seed } from '../../prisma/seed.ts'
import { startEmbeddedPostgres } from '../../src/development/embedded-postgres.ts'
import { baseline, migrate } from '../../src/persistence/migrations/migrate.ts'
import { makeClusterDirectory } from './cluster-directories.ts'

/**
 * A PostgreSQL of its own, because roles belong to a whole cluster, with a database as Mithril's own migrations make
 * it.
 */
export interface MithrilCluster {
  readonly port: number
  /** The superuser on Mithril's database. */
  readonly adminUrl: string
  /** Mithril's database as somebody who has got this password, directly or by way of another port. */
  urlOf(role: string, port?: number): string
  /** Runs statements as the superuser, or as a role, and answers the rows of the last one. */
  query(sql: string, role?: string): Promise<readonly Record<string, unknown>[]>
  stop(): Promise<void>
}

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8')

/** Every role's password. */
export const rolePassword = 'correct-horse'

/** Starts one with Mithril's tables, owned by a role `mithril`, and nothing of ours. */
export async function startMithrilCluster(): Promise<MithrilCluster> {
  const dataDir = await makeClusterDirectory()
  const postgres = await startEmbeddedPostgres({ dataDir, durable: false })
  const cluster = await connectCluster({
    port: postgres.port,
    adminUrl: postgres.url,
    async stop() {
      await postgres.stop()
      await rm(postgres.location, { recursive: true, force: true })
      await rm(dataDir, { recursive: true, force: true })
    },
  })
  await makeMithril(cluster)
  return cluster
}

/** A running server with a database `mithril`, as a cluster of the tests. */
export async function connectCluster({
  port: ownPort,
  adminUrl,
  stop,
}: Pick<MithrilCluster, 'port' | 'adminUrl' | 'stop'>): Promise<MithrilCluster> {
  const urlOf = (role: string, port = ownPort) => `postgresql://${role}:${rolePassword}@127.0.0.1:${port}/mithril`
  const admin = new Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 })
  await admin.connect()
  return {
    port: ownPort,
    adminUrl,
    urlOf,
    async query(sql, role) {
      if (role === undefined) return rowsOf(await admin.query(sql))
      const client = new Client({ connectionString: urlOf(role), connectionTimeoutMillis: 10_000 })
      await client.connect()
      try {
        return rowsOf(await client.query(sql))
      } finally {
        await client.end()
      }
    },
    async stop() {
      await admin.end()
      await stop()
    },
  }
}

/** Makes Mithril's role and tables as Mithril's own migrations do. */
export async function makeMithril({ query }: MithrilCluster): Promise<void> {
  await query(`CREATE ROLE mithril LOGIN PASSWORD '${rolePassword}'; GRANT CREATE ON DATABASE mithril TO mithril`)
  await query('GRANT CREATE ON SCHEMA public TO mithril')
  await query(await read('prisma/migrations/0000_init/migration.sql'), 'mithril')
}

/** Several statements in one text have a list of results, which pg's typings do not know. */
function rowsOf(result: QueryResult | readonly QueryResult[]): readonly Record<string, unknown>[] {
  const last = Array.isArray(result) ? result.at(-1) : result
  return last?.rows ?? []
}

/** ops/postgres/roles.sql as psql would send it for this role of Mithril's. Not every machine has psql. */
export async function readRoles(mithril = 'mithril'): Promise<string> {
  const text = await read('ops/postgres/roles.sql')
  return text.replaceAll(/^\s*\\.*$/gm, '').replaceAll(':"mithril"', `"${mithril}"`)
}

/** Makes it ready for the gateway as ops/README.md says, with the demo data. */
export async function prepareForGateway({ query, urlOf }: MithrilCluster): Promise<void> {
  await query(await readRoles())
  for (const role of ['gateway_migrator', 'gateway', 'gateway_archivist'])
    await query(`ALTER ROLE ${role} PASSWORD '${rolePassword}'`)
  await baseline(urlOf('gateway_migrator'))
  await migrate(urlOf('gateway_migrator'))
  await query(await read('ops/postgres/rights.sql'), 'gateway_migrator')
  await seed(urlOf('gateway_migrator'))
}
