import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '../../src/development/embedded-postgres.ts'
import { migrate } from '../../src/persistence/migrations/migrate.ts'
import { makeClusterDirectory, removeAbandonedClusters } from './cluster-directories.ts'
import { checkRedaction } from './redaction.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where test/support/database.ts makes its databases. */
    readonly testServer: { readonly adminUrl: string; readonly template: string; readonly prefix: string }
  }
}

/**
 * One PostgreSQL for the whole run, with one migrated database that each test file copies; and at the end, when every
 * test has logged what it does log, one look through all of it for what nobody may read.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await findOrStartServer()
  const prefix = `mithril_test_${randomBytes(4).toString('hex')}`
  const template = `${prefix}_template`
  try {
    await administer(server.adminUrl, (admin) => admin.query(`CREATE DATABASE ${template}`))
    await migrate(urlOf(server.adminUrl, template))
  } catch (error) {
    await server.stop()
    throw error
  }
  project.provide('testServer', { adminUrl: server.adminUrl, template, prefix })
  const recordings = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-recordings-'))
  // Workers inherit it, and read it where there is no vitest, too (recordings.ts).
  process.env['TEST_RECORDINGS'] = recordings
  return async () => {
    try {
      await administer(server.adminUrl, (admin) => dropAll(admin, prefix))
    } finally {
      await server.stop()
    }
    try {
      const { lines, hidden } = await checkRedaction(recordings)
      process.stdout.write(
        `Redaction: none of ${hidden} tokens, secrets and redirect URIs is in the ${lines} lines of the log.\n`,
      )
    } finally {
      await rm(recordings, { recursive: true, force: true })
    }
  }
}

async function findOrStartServer(): Promise<{ adminUrl: string; stop(): Promise<void> }> {
  const given = process.env['DATABASE_URL']
  // Its own database is left alone: ours are made beside it.
  if (given !== undefined && given !== '') return { adminUrl: given, stop: async () => {} }
  await removeAbandonedClusters()
  const dataDir = await makeClusterDirectory()
  const postgres = await startEmbeddedPostgres({ dataDir, durable: false, maxConnections: 200 })
  const stop = async () => {
    await postgres.stop()
    await rm(postgres.location, { recursive: true, force: true })
    await rm(dataDir, { recursive: true, force: true })
  }
  return { adminUrl: urlOf(postgres.url, 'postgres'), stop }
}

async function dropAll(admin: Client, prefix: string): Promise<void> {
  const { rows } = await admin.query<{ datname: string }>(
    'SELECT datname FROM pg_database WHERE starts_with(datname, $1)',
    [prefix],
  )
  for (const { datname } of rows)
    await admin.query(`DROP DATABASE IF EXISTS ${admin.escapeIdentifier(datname)} WITH (FORCE)`)
}

async function administer(adminUrl: string, work: (admin: Client) => Promise<unknown>): Promise<void> {
  const admin = new Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 })
  await admin.connect()
  try {
    await work(admin)
  } finally {
    await admin.end()
  }
}

function urlOf(adminUrl: string, database: string): string {
  const url = new URL(adminUrl)
  url.pathname = `/${database}`
  return url.href
}
