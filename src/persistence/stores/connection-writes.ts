import type { ConnectionWrite } from '../../domain/connection.ts'
import { connectionRow } from './connection-rows.ts'

/**
 * A write in two statements, of which nearly every request needs the first one only: one round trip, one transaction
 * with the audit row that a trigger writes. Both set `gateway.caller` before the trigger asks for it
 * (prisma/migrations/4_faster_record); it ends with the transaction.
 *
 * Parameters of both: $1 author as JSON, $2 connection id, $3 client id, $4 expected versions or null, $5 what is
 * written.
 */
export interface Write {
  /**
   * Writes and answers the connection; or no row where there was nothing to write. What is to be written is judged by
   * the row as it is after any concurrent writer, whom the statement waits for (PostgreSQL manual, 13.2.1 Read
   * Committed).
   */
  readonly quick: string
  /**
   * Settles what the first one left open: no row where there is no such connection; else the connection after the
   * write, or as it is where nothing was written, and whether its version was one of those expected; null where it was
   * and the write was due, so that somebody else's trigger has swallowed it. The row is locked first, so that the
   * answer and the write see the same state.
   */
  readonly settling: string
}

const isNamed = 'connections.id = $2::uuid AND connections.client_id = $3::uuid'
const isExpected = '($4::int[] IS NULL OR connections.version = ANY ($4::int[]))'
const isAuthored = `set_config('gateway.caller', $1, true) IS NOT NULL`

/** What every update moves. The version is moved here, too, because that is cheaper than to leave it to the trigger. */
const moved = `updated_at = timezone('utc', clock_timestamp()), version = connections.version + 1`

/**
 * `change` is the beginning of an UPDATE or DELETE of `connections`, `joins` how that statement names another table.
 */
function write(change: string, joins: 'FROM' | 'USING', { isDue = 'true', lock = 'FOR UPDATE' } = {}): Write {
  return {
    quick: `${change} WHERE ${isNamed} AND ${isExpected} AND ${isAuthored} AND ${isDue} RETURNING ${connectionRow()}`,
    settling: `
      WITH locked AS (
        SELECT id, ${isExpected} AS expected, ${isDue} AS due, ${connectionRow()} AS connection FROM connections WHERE ${isNamed} ${lock}
      ), written AS (
        ${change} ${joins} locked WHERE connections.id = locked.id AND locked.expected AND locked.due AND ${isAuthored}
        RETURNING ${connectionRow('connections.')} AS connection
      )
      SELECT json_build_array(connection, true) FROM written
       UNION ALL SELECT json_build_array(connection, CASE WHEN expected AND due THEN NULL ELSE expected END)
                   FROM locked WHERE NOT EXISTS (SELECT FROM written)`,
  }
}

export const updateRedirectUri = write(`UPDATE connections SET redirect_uri = $5, ${moved}`, 'FROM', {
  isDue: 'connections.redirect_uri <> $5',
  // Changing what is no key leaves references to the row alone, so they need not wait.
  lock: 'FOR NO KEY UPDATE',
})

export const replaceSecret = write(`UPDATE connections SET secret = $5, ${moved}`, 'FROM')

export const deleteConnection = write('DELETE FROM connections', 'USING')

/** The values of $1 to $4. */
export function writeValues(
  { author, connectionId, clientId, expectedVersions }: ConnectionWrite,
  revertedChangeId: string | null = null,
) {
  const { caller, door, requestId } = author
  const setting = {
    clientId: caller.clientId,
    clientType: caller.clientType,
    userId: caller.userId,
    door,
    requestId,
    brokerClientId: caller.brokerClientId,
    ...(revertedChangeId !== null && { revertedChangeId }),
  }
  return [
    JSON.stringify(setting),
    connectionId,
    clientId,
    expectedVersions === null ? null : expectedVersions.map(String),
  ] as const
}
