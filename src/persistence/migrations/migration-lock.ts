import { Client } from 'pg'
import { codeOf } from '../../system-error.ts'
import { LOCK_TIMED_OUT } from '../pool/failure.ts'

const CONNECT_MS = 10_000
/** Longer than another process may go on trying: each of its scripts has a minute. */
const LONGEST_WAIT = '10min'

/** Runs one SQL statement without parameters and returns its rows. */
export type Query = (sql: string) => Promise<readonly Record<string, unknown>[]>

/**
 * Runs `work` while no other process migrates the same database: several instances of the gateway may start at once.
 * The lock is held by a session of its own and falls with it.
 *
 * @throws Error that names host and database, never the password, when there is no connection, or a pooler between us
 *   and PostgreSQL.
 */
export async function whileAlone<T>(databaseUrl: string, work: (query: Query) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: CONNECT_MS })
  // A connection that breaks while the engine works on its own would otherwise end the process; the next query tells.
  client.on('error', () => {})
  await client.connect().catch((error: unknown) => {
    throw new Error(`Cannot connect to the database ${nameOf(databaseUrl)}: ${reasonOf(error)}`)
  })
  try {
    if (await isPooled(client))
      throw new Error(
        `The database ${nameOf(databaseUrl)} is reached through a connection pooler. Migrations need a session of their own: ` +
          'set DATABASE_URL to PostgreSQL itself.',
      )
    await client.query(`SET lock_timeout = '${LONGEST_WAIT}'`)
    await client.query(`SELECT pg_advisory_lock(hashtextextended('mithril-connection-gateway migrations', 0))`)
    return await work(async (sql) => (await client.query<Record<string, unknown>>(sql)).rows)
  } catch (error) {
    if (codeOf(error) !== LOCK_TIMED_OUT) throw error
    throw new Error(
      `Another process has been migrating the database ${nameOf(databaseUrl)} for more than ${LONGEST_WAIT}.`,
    )
  } finally {
    await client.end()
  }
}

/**
 * Whether somebody else holds the session, and may hand it to another client with our lock on it. PgBouncer tells each
 * client a process number of its own making; PostgreSQL tells that of the session.
 */
async function isPooled(client: Client): Promise<boolean> {
  const { processID } = client as Client & { readonly processID: number | null } // pg's typings leave it out
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return processID !== rows[0]?.pid
}

function nameOf(databaseUrl: string): string {
  if (!URL.canParse(databaseUrl)) return 'of DATABASE_URL'
  const { host, pathname } = new URL(databaseUrl)
  return `${host}${pathname}`
}

/** `localhost` has two addresses, and Node reports the failures of both as an AggregateError without a message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  return error instanceof Error ? error.message : String(error)
}
