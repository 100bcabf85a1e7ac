import type { PrismaPg } from '@prisma/adapter-pg'

export type SqlValue = string | number | null | readonly string[]

/** Runs a statement and returns its rows. Each row is one JSON value. */
export type RunFastStatement = <Row>(sql: string, values: readonly SqlValue[]) => Promise<readonly Row[]>

/** PostgreSQL takes the types from the statement. The adapter converts only types that these statements do not have. */
const anyType = { scalarType: 'unknown', arity: 'scalar' } as const

/**
 * Statements that nearly every request needs use Prisma's driver adapter directly. The runtime of Prisma's client costs
 * more than the statement (docs/decisions/0005-one-statement-past-the-client.md). All other statements use the client:
 * `prisma.$queryRaw`.
 *
 * Each row has one column, a JSON value, because the driver's work grows with the number of columns.
 */
export function createFastStatements(factory: PrismaPg): RunFastStatement {
  // This wraps the pool and does not connect yet.
  const adapter = factory.connect()
  return async <Row>(sql: string, values: readonly SqlValue[]) => {
    const driver = await adapter
    const { rows } = await driver.queryRaw({ sql, args: [...values], argTypes: values.map(() => anyType) })
    return rows.map(([json]) => JSON.parse(String(json)) as Row) // the statement decides the type
  }
}
