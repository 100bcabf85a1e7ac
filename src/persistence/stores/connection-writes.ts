import type { ConnectionWrite } from '../../domain/connection.ts'
import { connectionColumns } from './connection-rows.ts'

const { select } = connectionColumns

/**
 * A write in two statements. Nearly every request needs the first one only: one round trip, and one transaction with
 * the audit row that a trigger writes. Both set `gateway.caller` for that trigger; the setting ends with the transaction.
 *
 * Parameters of both: $1 caller as JSON, $2 connection id, $3 client id, $4 expected versions or null, $5 the new value.
 */
export interface Write {
  /**
   * Writes and answers the connection, or answers no row. PostgreSQL judges the conditions by the row as it is after any
   * concurrent writer, for which the statement waits (PostgreSQL manual, 13.2.1 Read Committed).
   */
  readonly attempt: string
  /**
   * Explains why the attempt wrote nothing, and writes if that has become possible. It locks the row first, so that
   * answer and write see the same state. No row: there is no such connection. Else one row of an outcome and a connection:
   *
   * | outcome | connection | |
   * |---|---|---|
   * | `done` | after the write | |
   * | `unchanged` | as it is | it holds the value already, at whatever version: the write is a repeated one |
   * | `stale` | as it is | its version is none of those expected |
   * | `swallowed` | as it is | somebody else's trigger has suppressed the write |
   */
  readonly explain: string
}

/** The outcome column of `Write.explain`. */
export type ExplainedOutcome = 'done' | 'unchanged' | 'stale' | 'swallowed'

const matchesKey = 'connections.id = $2::uuid AND connections.client_id = $3::uuid'
const matchesVersion = '($4::int[] IS NULL OR connections.version = ANY ($4::int[]))'
const setsCaller = `set_config('gateway.caller', $1, true) IS NOT NULL`

/** The columns that every update moves. The version moves here, too: that costs less than a call of the trigger. */
const touch = `updated_at = timezone('utc', clock_timestamp()), version = connections.version + 1`

/**
 * `change` is the beginning of an UPDATE or DELETE of `connections`, `joins` how that statement names another table.
 */
function write(change: string, joins: 'FROM' | 'USING', { differs = 'true', lock = 'FOR UPDATE' } = {}): Write {
  return {
    attempt: `${change} WHERE ${matchesKey} AND ${matchesVersion} AND ${setsCaller} AND ${differs} RETURNING ${select()}`,
    explain: `
      WITH locked AS (
        SELECT id, ${matchesVersion} AS expected, ${differs} AS differs, ${select()} AS connection
          FROM connections WHERE ${matchesKey} ${lock}
      ), written AS (
        ${change} ${joins} locked WHERE connections.id = locked.id AND locked.expected AND locked.differs AND ${setsCaller}
        RETURNING ${select('connections.')} AS connection
      )
      SELECT json_build_array('done', connection) FROM written
       UNION ALL
      SELECT json_build_array(
               CASE WHEN NOT differs THEN 'unchanged' WHEN NOT expected THEN 'stale' ELSE 'swallowed' END, connection)
        FROM locked WHERE NOT EXISTS (SELECT FROM written)`,
  }
}

export const updateRedirectUri = write(`UPDATE connections SET redirect_uri = $5, ${touch}`, 'FROM', {
  differs: 'connections.redirect_uri <> $5',
  // Changing what is no key leaves references to the row alone, so they need not wait.
  lock: 'FOR NO KEY UPDATE',
})

export const replaceSecret = write(`UPDATE connections SET secret = $5, ${touch}`, 'FROM')

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
