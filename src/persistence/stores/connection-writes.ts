import type { ConnectionWrite } from '../../domain/connection.ts'
import { connectionColumns } from './connection-rows.ts'

const { select } = connectionColumns

/**
 * A write in two statements. Nearly every request needs only the first one, in one round trip and one transaction. A
 * trigger writes the audit row in that transaction. Both statements set `gateway.caller` for the trigger. The setting
 * ends with the transaction.
 *
 * Parameters: $1 caller as JSON, $2 connection id, $3 client id, $4 expected versions or null, $5 the new value.
 */
export interface Write {
  /**
   * Writes and returns the connection, or returns no row. PostgreSQL checks the conditions on the row that a concurrent
   * writer left (PostgreSQL manual, 13.2.1 Read Committed).
   */
  readonly attempt: string
  /** Whether the attempt leaves a locked row alone. Otherwise it waits for the lock. */
  readonly skipsLocked: boolean
  /**
   * Tells why the attempt wrote nothing, and writes if a write is possible now. It locks the row first, so that the
   * answer and the write see the same state. No row: the connection does not exist. Otherwise it returns one row:
   *
   * | outcome | connection | reason |
   * |---|---|---|
   * | `done` | after the write | |
   * | `unchanged` | stored | it holds the value already, at any version: the request is a repeated one |
   * | `stale` | stored | the request does not expect its version |
   * | `swallowed` | stored | a foreign trigger has suppressed the write |
   */
  readonly lockAndWrite: string
}

/** The outcome column of `Write.lockAndWrite`. */
export type LockedOutcome = 'done' | 'unchanged' | 'stale' | 'swallowed'

const matchesKey = 'connections.id = $2::uuid AND connections.client_id = $3::uuid'
const matchesVersion = '($4::int[] IS NULL OR connections.version = ANY ($4::int[]))'
const setsCaller = `set_config('gateway.caller', $1, true) IS NOT NULL`

/** The columns that every update sets. It sets the version, too, which costs less than a call of the trigger. */
const touch = `updated_at = timezone('utc', clock_timestamp()), version = connections.version + 1`

/**
 * `change` is the beginning of an UPDATE or DELETE of `connections`. `joins` is its keyword for another table.
 */
function statementsOf(
  change: string,
  joins: 'FROM' | 'USING',
  { matches = matchesKey, differs = 'true', lock = 'FOR UPDATE', skipsLocked = false } = {},
): Write {
  // This subquery has the lock, so the UPDATE around it does not wait.
  const isFree = skipsLocked ? `EXISTS (SELECT FROM connections WHERE ${matches} ${lock} SKIP LOCKED)` : 'true'
  return {
    attempt: `
      ${change} WHERE ${matches} AND ${matchesVersion} AND ${setsCaller} AND ${differs} AND ${isFree}
      RETURNING ${select()}`,
    skipsLocked,
    lockAndWrite: `
      WITH locked AS (
        SELECT id, ${matchesVersion} AS expected, ${differs} AS differs, ${select()} AS connection
          FROM connections WHERE ${matches} ${lock}
      ), written AS (
        ${change} ${joins} locked
         WHERE connections.id = locked.id AND locked.expected AND locked.differs AND ${setsCaller}
        RETURNING ${select('connections.')} AS connection
      )
      SELECT json_build_array('done', connection) FROM written
       UNION ALL
      SELECT json_build_array(
               CASE WHEN NOT differs THEN 'unchanged' WHEN NOT expected THEN 'stale' ELSE 'swallowed' END, connection)
        FROM locked WHERE NOT EXISTS (SELECT FROM written)`,
  }
}

export const updateRedirectUri = statementsOf(`UPDATE connections SET redirect_uri = $5, ${touch}`, 'FROM', {
  differs: 'connections.redirect_uri <> $5',
  // The update changes no key, so inserts of rows that reference this row need not wait.
  lock: 'FOR NO KEY UPDATE',
  // It shares a transaction with other updates (docs/decisions/0045-updates-share-a-transaction.md).
  skipsLocked: true,
})

/** $6 is the consumer. The new secret is for this consumer only, and Mithril can change the consumer meanwhile. */
export const replaceSecret = statementsOf(`UPDATE connections SET secret = $5, ${touch}`, 'FROM', {
  matches: `${matchesKey} AND connections.consumer_id = $6::uuid`,
})

export const deleteConnection = statementsOf('DELETE FROM connections', 'USING')

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
