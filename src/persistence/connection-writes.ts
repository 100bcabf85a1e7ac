import type { ConnectionWrite } from '../domain/connection.ts'
import { columnsOf, connectionColumns } from './connection-rows.ts'

/**
 * A write and its audit row in one statement, so in one round trip and one transaction.
 *
 * `locked` comes first: version and value are compared, and an unchanged row is answered, as it is after any concurrent writer, not
 * as it was when the statement began. The write reads the setting, so it is there before the trigger asks for it (see
 * record_connection_change in prisma/migrations), and it ends with the transaction.
 *
 * Answers no row where there is no such connection; else one: the connection after the write, or as it is where nothing was
 * written, and whether its version was one of those expected.
 *
 * Parameters: $1 author as JSON, $2 connection id, $3 client id, $4 expected versions or null, $5 what is written.
 */
const writing = (change: string) => `
  WITH author AS MATERIALIZED (
    SELECT set_config('gateway.caller', $1, true) AS setting
  ), locked AS (
    SELECT ${connectionColumns.join(', ')}, $4::int[] IS NULL OR version = ANY ($4::int[]) AS expected
      FROM connections
     WHERE id = $2::uuid AND client_id = $3::uuid
       FOR UPDATE
  ), written AS (
    ${change}
    RETURNING ${columnsOf('connections')}, true AS expected
  )
  SELECT * FROM written UNION ALL SELECT * FROM locked WHERE NOT EXISTS (SELECT FROM written)`

/** The row to write to, if it has an expected version. */
const target = 'connections.id = locked.id AND locked.expected AND author.setting IS NOT NULL'
/** What every update moves. The version is moved here, too, because that is cheaper than to leave it to the trigger. */
const moved = `updated_at = timezone('utc', clock_timestamp()), version = locked.version + 1`

// Changing what is no key leaves references to the row alone, so they need not wait.
export const updateRedirectUri = writing(`
    UPDATE connections SET redirect_uri = $5, ${moved} FROM locked, author
     WHERE ${target} AND locked.redirect_uri <> $5`).replace('FOR UPDATE', 'FOR NO KEY UPDATE')

export const replaceSecret = writing(`
    UPDATE connections SET secret = $5, ${moved} FROM locked, author
     WHERE ${target}`)

export const deleteConnection = writing(`
    DELETE FROM connections USING locked, author
     WHERE ${target}`)

/** The values of $1 to $4. */
export function writeValues({ author, connectionId, clientId, expectedVersions }: ConnectionWrite, revertedChangeId: string | null = null) {
  const { caller, door, requestId } = author
  const setting = {
    clientId: caller.clientId,
    clientType: caller.clientType,
    userId: caller.userId,
    door,
    requestId,
    ...(revertedChangeId !== null && { revertedChangeId }),
  }
  return [JSON.stringify(setting), connectionId, clientId, expectedVersions === null ? null : expectedVersions.map(String)] as const
}
