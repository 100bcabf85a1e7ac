import type { Database } from '../../src/persistence/pool/database.ts'
import type { RunFastStatement } from '../../src/persistence/pool/fast-statements.ts'
import type { SqlValue } from '../../src/persistence/pool/json-rows.ts'

/** The same database. It tells of each fast statement before PostgreSQL gets it. */
export function watchStatements(
  database: Database,
  tell: (sql: string, values: readonly SqlValue[]) => void,
): Database {
  const watched =
    (run: RunFastStatement): RunFastStatement =>
    (sql, values) => {
      tell(sql, values)
      return run(sql, values)
    }
  return { ...database, rows: watched(database.rows), read: watched(database.read) }
}
