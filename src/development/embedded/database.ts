import { Client } from 'pg'
import { codeOf } from '../../system-error.ts'

const CONNECT_MS = 10_000
/** duplicate_database, and unique_violation, which PostgreSQL answers if two processes create it at the same time. */
const ALREADY_THERE = new Set(['42P04', '23505'])

/** Creates the database `name` unless it exists. `adminUrl` names any other database of the same server. */
export async function ensureDatabase(adminUrl: string, name: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl, connectionTimeoutMillis: CONNECT_MS })
  await client.connect()
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`)
  } catch (error) {
    if (!ALREADY_THERE.has(codeOf(error) ?? '')) throw error
  } finally {
    await client.end()
  }
}
