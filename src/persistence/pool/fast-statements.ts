import type { PrismaPg } from '@prisma/adapter-pg'

export type SqlValue = string | number | null | readonly string[]

/** Runs a statement and answers its rows, each of which is one JSON value. */
export type RunFastStatement = <Row>(sql: string, values: readonly SqlValue[]) => Promise<readonly Row[]>

/** PostgreSQL knows the types from the statement; the adapter's own conversions are for types that we do not send. */
const anyType = { scalarType: 'unknown', arity: 'scalar' } as const

/**
 * Statements that nearly every request needs go through Prisma's driver adapter, past the client's own runtime, which
 * costs more than the statement (docs/decisions, "Fast statements"). Statements that few requests need go through the
 * client: `prisma.$queryRaw`.
 *
 * Each row is one column, a JSON value: a driver's work is per column and per row, and this is one text.
 */
export function createFastStatements(factory: PrismaPg): RunFastStatement {
  // Wraps the pool and connects to nothing yet.
  const adapter = factory.connect()
  return async <Row>(sql: string, values: readonly SqlValue[]) => {
    const driver = await adapter
    const { rows } = await driver.queryRaw({ sql, args: [...values], argTypes: values.map(() => anyType) })
    return rows.map(([json]) => JSON.parse(String(json)) as Row) // the statement says what it is
  }
}
