import { Client } from 'pg'
import { codeOf } from '../../system-error.ts'

const CONNECT_MS = 10_000
/** duplicate_database; unique_violation is what the loser of a race for the name gets. */
const ALREADY_THERE = new Set(['42P04', '23505'])

/** Makes the database `name` unless it is there. `adminUrl` is that of any database of the same server. */
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
