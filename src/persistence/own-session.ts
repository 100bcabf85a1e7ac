import { Client } from 'pg'

const CONNECT_MS = 10_000

/**
 * Runs `work` in a session of its own, which ends with it.
 *
 * @param purpose what needs the session, for the message
 * @throws Error that names host and database, never the password, when there is no connection, or a pooler between us
 *   and PostgreSQL.
 */
export async function withOwnSession<T>(
  databaseUrl: string,
  purpose: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: CONNECT_MS })
  // A connection that breaks between two statements would otherwise end the process; the next statement tells.
  client.on('error', () => {})
  await client.connect().catch((error: unknown) => {
    throw new Error(`Cannot connect to the database ${nameOf(databaseUrl)}: ${reasonOf(error)}`)
  })
  try {
    if (await isPooled(client))
      throw new Error(
        `The database ${nameOf(databaseUrl)} is reached through a connection pooler. ${purpose} need a session of their own: ` +
          'set DATABASE_URL to PostgreSQL itself.',
      )
    return await work(client)
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

/** Host and database of a connection string, for messages. */
export function nameOf(databaseUrl: string): string {
  if (!URL.canParse(databaseUrl)) return 'of DATABASE_URL'
  const { host, pathname } = new URL(databaseUrl)
  return `${host}${pathname}`
}

/** `localhost` has two addresses, and Node reports the failures of both as an AggregateError without a message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  return error instanceof Error ? error.message : String(error)
}
