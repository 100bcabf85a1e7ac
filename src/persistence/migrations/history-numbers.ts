import type { Query } from '../pool/query.ts'

const sequence = `pg_get_serial_sequence('connection_changes', 'id')::regclass`
const isBehind = `SELECT max(id) > coalesce(pg_sequence_last_value(${sequence}), 0) AS behind FROM connection_changes`

/**
 * Moves the sequence of the history above the largest id, where rows have come without it: by logical replication,
 * `pg_restore -t` or COPY. Writers wait meanwhile, so that none takes a number in between.
 *
 * @returns the number that the sequence was moved to; null where it was not behind
 */
export async function repairHistoryNumbers(query: Query): Promise<string | null> {
  const [found] = await query(isBehind)
  if (found?.['behind'] !== true) return null
  await query('BEGIN')
  try {
    await query('LOCK TABLE connection_changes IN SHARE ROW EXCLUSIVE MODE')
    const [moved] = await query(`SELECT setval(${sequence}, max(id))::text AS number FROM connection_changes`)
    await query('COMMIT')
    return String(moved?.['number'])
  } catch (error) {
    await query('ROLLBACK')
    throw error
  }
}
