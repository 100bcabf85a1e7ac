import { Client } from 'pg'

const CONNECT_MS = 10_000

/**
 * Opens a session of its own, runs `work` in it, and closes it.
 *
 * @param purpose the subject of the error message, in the plural
 * @throws Error that names host and database, never the password, when there is no connection, or a pooler between us
 *   and PostgreSQL.
 */
export async function withOwnSession<T>(
  databaseUrl: string,
  purpose: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: CONNECT_MS })
  // Without a listener, Node ends the process when an idle connection breaks. The next statement reports the failure.
  client.on('error', () => {})
  await client.connect().catch((error: unknown) => {
    throw new Error(`Cannot connect to the database ${nameOf(databaseUrl)}: ${reasonOf(error)}`)
  })
  try {
    if (await isPooled(client))
      throw new Error(
        `The database ${nameOf(databaseUrl)} is reached through a connection pooler. ` +
          `${purpose} need a session of their own: set DATABASE_URL to PostgreSQL itself.`,
      )
    return await work(client)
  } finally {
    await client.end()
  }
}

/**
 * Runs `work` in a transaction of a session, and takes everything back if it fails.
 * @throws the error of `work`, also if the session is lost
 */
export async function inTransaction<T>(query: (sql: string) => Promise<unknown>, work: () => Promise<T>): Promise<T> {
  await query('BEGIN')
  try {
    const result = await work()
    await query('COMMIT')
    return result
  } catch (error) {
    await query('ROLLBACK').catch(() => {})
    throw error
  }
}

/**
 * Whether a pooler owns the session and may give it, with our lock, to another client. PgBouncer sends each client a
 * process number that it has made up. PostgreSQL sends the number of the session's process.
 */
async function isPooled(client: Client): Promise<boolean> {
  const { processID } = client as Client & { readonly processID: number | null } // pg's typings leave it out
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return processID !== rows[0]?.pid
}

/** Host and database of a connection string, for messages. */
export function nameOf(databaseUrl: string): string {
  if (!URL.canParse(databaseUrl)) return 'of DATABASE_URL'
  const { host, pathname } = new URL(databaseUrl)
  return `${host}${pathname}`
}

/** The reason of a failed connection. `localhost` has two addresses: Node reports both failures without a message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  return error instanceof Error ? error.message : String(error)
}
