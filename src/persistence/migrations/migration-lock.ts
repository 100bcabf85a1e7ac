import { codeOf } from '../../system-error.ts'
import { nameOf, withOwnSession } from '../own-session.ts'
import { LOCK_TIMED_OUT } from '../pool/failure.ts'
import type { Query } from '../pool/query.ts'

/** Longer than the retries of another process, which take at most a minute for each script. */
const LONGEST_WAIT = '10min'

/**
 * Runs `work` while no other process migrates the same database: several instances of the gateway may start at once. A
 * session of its own holds the lock until that session ends.
 *
 * @throws Error that names host and database, never the password, when there is no connection, or a pooler between us
 *   and PostgreSQL.
 */
export function whileAlone<T>(databaseUrl: string, work: (query: Query) => Promise<T>): Promise<T> {
  return withOwnSession(databaseUrl, 'Migrations', async (client) => {
    try {
      await client.query(`SET lock_timeout = '${LONGEST_WAIT}'`)
      await client.query(`SELECT pg_advisory_lock(hashtextextended('mithril-connection-gateway migrations', 0))`)
      return await work(async (sql) => (await client.query<Record<string, unknown>>(sql)).rows)
    } catch (error) {
      if (codeOf(error) !== LOCK_TIMED_OUT) throw error
      throw new Error(
        `Another process has been migrating the database ${nameOf(databaseUrl)} for more than ${LONGEST_WAIT}.`,
      )
    }
  })
}
