import type { Query } from '../pool/query.ts'
import { findExtensions } from './extension-schemas.ts'

const SCRATCH = 'gateway_baseline'

/** Selects each column of a schema: its base type, and the length of a `varchar`. */
const columnsOf = (schema: string) => `
  SELECT relname AS table, attname AS name, typname AS type,
         CASE WHEN typname = 'varchar' AND atttypmod > 0 THEN atttypmod - 4 END AS length,
         format_type(atttypid, atttypmod) AS described
    FROM pg_attribute
         JOIN pg_class ON pg_class.oid = attrelid AND relkind IN ('r', 'p')
         JOIN pg_type ON pg_type.oid = atttypid
   WHERE relnamespace = ${schema} AND attnum > 0 AND NOT attisdropped`

/**
 * Compares a database that Mithril made with the tables in Mithril's own migration script. It runs the script in a
 * schema of its own, in a transaction that it rolls back. The database may have longer texts and more columns than the
 * script.
 *
 * @returns one sentence for each missing table, each missing column, and each column of another type
 */
export async function findDifferences(query: Query, script: string): Promise<string[]> {
  await query('BEGIN')
  try {
    const [mithrils] = await query(
      `SELECT relnamespace::int8::text AS schema FROM pg_class WHERE oid = 'connections'::regclass`,
    )
    await query(`CREATE SCHEMA ${SCRATCH}`)
    await query(`SELECT set_config('search_path', '${SCRATCH}, ' || current_setting('search_path'), true)`)
    await query(findExtensions)
    await query(script)
    const found = columnsOf(String(mithrils?.['schema']))
    const rows = await query(`
      SELECT expected.table, expected.name, expected.described AS expected, found.described AS found,
             NOT EXISTS (SELECT FROM (${found}) AS any_column WHERE any_column.table = expected.table) AS lacks_table
        FROM (${columnsOf(`'${SCRATCH}'::regnamespace`)}) AS expected
             LEFT JOIN (${found}) AS found ON found.table = expected.table AND found.name = expected.name
       WHERE found.name IS NULL OR found.type <> expected.type OR found.length < expected.length
       ORDER BY expected.table, expected.name`)
    return [...new Set(rows.map(describe))]
  } finally {
    await query('ROLLBACK')
  }
}

function describe(row: Record<string, unknown>): string {
  const column = `${row['table']}.${row['name']}`
  if (row['lacks_table'] === true) return `the table ${row['table']} is missing`
  if (row['found'] === null) return `the column ${column} (${row['expected']}) is missing`
  return `the column ${column} is ${row['found']}, not ${row['expected']}`
}
