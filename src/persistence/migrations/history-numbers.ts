import { inTransaction } from '../own-session.ts'
import type { Query } from '../pool/query.ts'

const sequence = `pg_get_serial_sequence('connection_changes', 'id')::regclass`
const isBehind = `SELECT max(id) > coalesce(pg_sequence_last_value(${sequence}), 0) AS behind FROM connection_changes`

/**
 * Sets the sequence of the history to the largest id. Logical replication, `pg_restore -t` and COPY insert rows without
 * the sequence. The lock makes writers wait, so that none takes a number during this.
 *
 * @returns the new number of the sequence; null: the sequence was not behind
 */
export async function repairHistoryNumbers(query: Query): Promise<string | null> {
  const [found] = await query(isBehind)
  if (found?.['behind'] !== true) return null
  return inTransaction(query, async () => {
    await query('LOCK TABLE connection_changes IN SHARE ROW EXCLUSIVE MODE')
    const [moved] = await query(`SELECT setval(${sequence}, max(id))::text AS number FROM connection_changes`)
    return String(moved?.['number'])
  })
}
