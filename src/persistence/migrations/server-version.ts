import type { Query } from '../pool/query.ts'

/** The least major version of PostgreSQL: the owner of a database may create pg_trgm and citext from it on. */
const LEAST_VERSION = 13

/** @throws Error that names both versions where the server is older than the migrations need. */
export async function requireServerVersion(query: Query): Promise<void> {
  const [row] = await query(
    `SELECT current_setting('server_version_num')::int / 10000 AS major, current_setting('server_version') AS version`,
  )
  if (Number(row?.['major']) < LEAST_VERSION)
    throw new Error(`PostgreSQL ${row?.['version']} is too old: the gateway needs version ${LEAST_VERSION} or newer.`)
}
