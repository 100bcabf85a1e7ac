/**
 * The beginning of a statement that PostgreSQL plans for its values at each run. PostgreSQL uses one plan for all
 * values of a prepared statement. No single plan is fast for both rare and common search texts.
 */
export const plannedAnew = '/* planned anew */'

/** The greatest number of names. PostgreSQL prepares each named statement once per connection and keeps it. */
const namedStatements = 500

/** The unnamed statement: PostgreSQL prepares it for one use. */
const unnamed = ''

/** Names each statement by its text, so that PostgreSQL keeps it prepared. */
export function createStatementNames(): (query: { readonly sql: string }) => string {
  const names = new Map<string, string>()
  return ({ sql }) => {
    const known = names.get(sql)
    if (known !== undefined) return known
    if (names.size >= namedStatements || sql.startsWith(plannedAnew)) return unnamed
    const name = `gateway_${names.size}`
    names.set(sql, name)
    return name
  }
}

/** Behind PgBouncer the next statement may run in another session, which does not have the names. */
export const noStatementNames = () => unnamed
