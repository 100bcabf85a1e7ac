import { inSpan, type Span, type Tracing } from '../../observability/tracing.ts'
import type { Database } from './database.ts'

const tables = /\b(?:FROM|JOIN|UPDATE|INTO)\s+(clients|client_types|connections|connection_changes|tokens|users)\b/g
const writes = /\b(UPDATE|DELETE|INSERT)\s+(?:FROM\s+|INTO\s+)?\w/

/** A statement in a few words, without its values: `UPDATE connections`, `SELECT clients connections`. */
export function summarize(sql: string): string {
  const verb = writes.exec(sql)?.[1] ?? 'SELECT'
  return [verb, ...new Set([...sql.matchAll(tables)].map(([, table]) => table))].join(' ')
}

/** Bounds the cache of names: filters and pages of lists make many texts of one statement. */
const summariesAtMost = 500

/**
 * The same database, with a span for each statement. A span includes the wait for a connection and all attempts.
 */
export function traceDatabase(database: Database, tracing: Tracing): Database {
  const summaries = new Map<string, string>()
  const summaryOf = (sql: string) => {
    const summary = summaries.get(sql) ?? summarize(sql)
    if (summaries.size < summariesAtMost) summaries.set(sql, summary)
    return summary
  }
  const begin = (summary: string): Span =>
    tracing.begin(summary, { 'db.system.name': 'postgresql', 'db.query.summary': summary }, 'database')

  return {
    ...database,
    run: (work) => inSpan(begin('prisma'), () => database.run(work)),
    rows: (sql, values) => inSpan(begin(summaryOf(sql)), () => database.rows(sql, values)),
    read: (sql, values) => inSpan(begin(summaryOf(sql)), () => database.read(sql, values)),
    write: (sql, values) => inSpan(begin(summaryOf(sql)), () => database.write(sql, values)),
  }
}
