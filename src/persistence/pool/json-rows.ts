import pg from 'pg'

export type SqlValue = string | number | null | readonly string[]

/** The part of pg's connection that a statement writes to. pg's types leave it out. */
interface Wire {
  readonly submittedNamedStatements: Record<string, string>
  parse(message: { readonly text: string; readonly name: string }): void
  bind(message: { readonly statement: string; readonly values: readonly unknown[] }): void
  execute(message: object): void
  sync(): void
}

/** The members of pg's query that its types leave out. pg calls each of them (pg/lib/query.js). */
interface PgQuery extends pg.Query {
  name: string
  readonly values: readonly unknown[]
  callback: (error: Error | null) => void
  hasBeenParsed(wire: Wire): boolean
}

const PgQuery = pg.Query as unknown as new (text: string, values: readonly unknown[]) => PgQuery

/** A statement whose rows have one column, which is a JSON value. */
export interface JsonStatement {
  readonly sql: string
  /** One or more sets of values. The statement runs once for each, in their order, all in one transaction. */
  readonly sets: readonly (readonly SqlValue[])[]
  /** The name under which the connection keeps the statement prepared. Empty: it does not. */
  readonly name: string
}

/**
 * A query of pg that reads its rows as text. It does not ask PostgreSQL to describe the columns, and builds no object
 * of columns, types and rows: this halves the driver's work (docs/decisions/0005-one-statement-past-the-client.md).
 */
export class JsonRows extends PgQuery {
  readonly #statement: JsonStatement
  readonly #sets: readonly (readonly (string | null)[])[]
  /** The rows of each set whose run has ended. */
  readonly #rowsOfSets: string[][] = []
  #rows: string[] = []

  /** @param done gets the rows of each set after the COMMIT, or an error. */
  constructor(statement: JsonStatement, done: (error: Error | null, rowsOfSets: readonly string[][]) => void) {
    const sets = statement.sets.map((values) => values.map(textOf))
    super(statement.sql, sets[0] ?? [])
    this.#statement = statement
    this.#sets = sets
    this.name = statement.name
    this.callback = (error) => done(error, this.#rowsOfSets)
  }

  /**
   * pg calls this to write the messages of the extended protocol. What stands before one `Sync` is one transaction
   * (PostgreSQL manual, 55.2.3 and 55.2.4).
   */
  prepare(wire: Wire): void {
    const { sql: text, name } = this.#statement
    if (!this.hasBeenParsed(wire)) {
      wire.parse({ text, name })
      if (name !== '') wire.submittedNamedStatements[name] = text
    }
    for (const values of this.#sets) {
      wire.bind({ statement: name, values })
      wire.execute({})
    }
    wire.sync()
  }

  handleDataRow({ fields }: { readonly fields: readonly [string] }): void {
    this.#rows.push(fields[0])
  }

  handleCommandComplete(): void {
    this.#rowsOfSets.push(this.#rows)
    this.#rows = []
  }

  /** PostgreSQL has committed: after an error pg calls `handleError`, and not this. */
  handleReadyForQuery(): void {
    const isWhole = this.#rowsOfSets.length === this.#sets.length
    this.callback(isWhole ? null : new Error('PostgreSQL has not answered each run of a statement'))
  }
}

/** The text of a parameter. PostgreSQL reads it by the type that the statement gives the parameter. */
function textOf(value: SqlValue): string | null {
  if (value === null) return null
  return typeof value === 'object' ? `{${value.map(elementOf).join(',')}}` : String(value)
}

const elementOf = (element: string) => `"${element.replace(/["\\]/g, '\\$&')}"`
