/** One row as PostgreSQL returns it: a JSON array, which costs less than an object. `Members` names its values. */
export interface Row<Members> {
  readonly length: number
  readonly [position: number]: Members[keyof Members]
}

/** The columns of a row, with its SQL and its reader. */
export interface Columns<Members> {
  readonly names: readonly (keyof Members)[]
  /** The SQL of a row as one JSON value. `table`, with its dot, precedes each column. */
  select(table?: string): string
  /** One member of a row. */
  get<Name extends keyof Members>(row: Row<Members>, name: Name): Members[Name]
  /** All members of a row. */
  read(row: Row<Members>): Members
}

/** @param sql The SQL of each member. Its order is the order in the row. */
export function createColumns<Members extends object>(
  sql: {
    readonly [Name in keyof Members]-?: string
  },
): Columns<Members> {
  const names = Object.keys(sql) as (keyof Members & string)[]
  const positions = Object.fromEntries(names.map((name, position) => [name, position])) as Record<keyof Members, number>
  return {
    names,
    select: (table = '') => `json_build_array(${names.map((name) => table + sql[name]).join(', ')})`,
    get: <Name extends keyof Members>(row: Row<Members>, name: Name) => row[positions[name]] as Members[Name],
    read(row) {
      const values: Partial<Members> = {}
      for (let position = 0; position < names.length; position++)
        values[names[position] as keyof Members] = row[position] as Members[keyof Members]
      return values as Members // each name has a value
    },
  }
}
