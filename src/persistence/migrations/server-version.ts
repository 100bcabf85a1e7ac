import type { Query } from '../pool/query.ts'

/** The oldest major version of PostgreSQL in which the owner of a database may create pg_trgm and citext. */
const LEAST_VERSION = 13

/** @throws Error that names both versions if the server is older than the migrations need. */
export async function requireServerVersion(query: Query): Promise<void> {
  const [row] = await query(
    `SELECT current_setting('server_version_num')::int / 10000 AS major, current_setting('server_version') AS version`,
  )
  if (Number(row?.['major']) < LEAST_VERSION)
    throw new Error(`PostgreSQL ${row?.['version']} is too old: the gateway needs version ${LEAST_VERSION} or newer.`)
}
