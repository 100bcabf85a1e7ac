/** One row as PostgreSQL answers it: a JSON array, which costs less than an object. `Values` names its members. */
export interface Row<Values> {
  readonly length: number
  readonly [position: number]: Values[keyof Values]
}

/** The columns of a row, from which its SQL and its reader come. */
export interface Columns<Values> {
  readonly names: readonly (keyof Values)[]
  /** The SQL of a row as one value; `table`, with its dot, goes before each column. */
  select(table?: string): string
  /** One member of a row. */
  get<Name extends keyof Values>(row: Row<Values>, name: Name): Values[Name]
  /** All members of a row. */
  read(row: Row<Values>): Values
}

/** @param sql The SQL of each member. Its order is the order in the row. */
export function createColumns<Values extends object>(
  sql: {
    readonly [Name in keyof Values]-?: string
  },
): Columns<Values> {
  const names = Object.keys(sql) as (keyof Values & string)[]
  const positions = Object.fromEntries(names.map((name, position) => [name, position])) as Record<keyof Values, number>
  return {
    names,
    select: (table = '') => `json_build_array(${names.map((name) => table + sql[name]).join(', ')})`,
    get: <Name extends keyof Values>(row: Row<Values>, name: Name) => row[positions[name]] as Values[Name],
    read(row) {
      const values: Partial<Values> = {}
      for (let position = 0; position < names.length; position++)
        values[names[position] as keyof Values] = row[position] as Values[keyof Values]
      return values as Values // each name has got its value
    },
  }
}
