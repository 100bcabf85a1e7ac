/**
 * The beginning of a statement that is planned for its values each time it runs. Prepared statements end up with one
 * plan for any values, and there is none that is good for a search after a rare text and after a common one.
 */
export const plannedAnew = '/* planned anew */'

/** Named statements are prepared once per connection. Bounded, because lists of ids make ever new texts. */
const namedStatements = 500

/** PostgreSQL's unnamed statement: prepared for one use. */
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

/** Behind PgBouncer the next statement may run in another session, which knows none of the names. */
export const noStatementNames = () => unnamed
