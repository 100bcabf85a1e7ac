import type { DatabaseConfig } from '../../config/shape.ts'
import type { Query } from './query.ts'

/** Limits in milliseconds that PostgreSQL enforces in each session. */
const sessionLimits = ({ statementTimeoutMs, lockTimeoutMs }: DatabaseConfig) => ({
  statement_timeout: statementTimeoutMs,
  lock_timeout: lockTimeoutMs,
  idle_in_transaction_session_timeout: statementTimeoutMs,
})

/**
 * The settings at the start of a session. PgBouncer refuses them, and gives a session to another client after each
 * transaction. With PgBouncer the operator sets them for the gateway's role: `ALTER ROLE … SET …`
 * (ops/postgres/roles.sql).
 */
export function settingsOfSession(config: DatabaseConfig): Partial<ReturnType<typeof sessionLimits>> {
  return config.pooler === 'pgbouncer' ? {} : sessionLimits(config)
}

/**
 * Settings of sessions whose statements find every row by a key. PostgreSQL keeps the plan of a named statement. A plan
 * from a time when a table was small may read the whole table for each row. It stays until `ANALYZE` sees the growth.
 * An index is right for these statements at every size. Behind PgBouncer each statement is planned anew.
 */
export function settingsOfKeyedSession(config: DatabaseConfig): { readonly options?: string } {
  return config.pooler === 'pgbouncer' ? {} : { options: '-c enable_seqscan=off -c jit=off' }
}

/**
 * Finds the limits that sessions behind PgBouncer lack. Without a limit, PostgreSQL continues a statement after the
 * gateway has answered 503.
 * @returns one sentence for each limit that is missing or longer than configured
 */
async function findMissingLimits(query: Query, config: DatabaseConfig): Promise<string[]> {
  const asked = new Map(Object.entries(sessionLimits(config)))
  // pg_settings has all three in milliseconds. 0 means no limit.
  const names = [...asked.keys()].map((name) => `'${name}'`).join(', ')
  const rows = await query(
    `SELECT name, setting::int AS setting FROM pg_settings WHERE name IN (${names}) ORDER BY name`,
  )
  return rows.flatMap(({ name, setting }) => {
    const most = asked.get(String(name)) ?? 0
    const found = Number(setting)
    return found > 0 && found <= most
      ? []
      : [`${name} of the gateway's role is ${found} ms, and has to be from 1 to ${most} ms`]
  })
}

/**
 * A check that warns of missing limits. It asks until the database has answered once. It only warns, because a mistaken
 * `ALTER ROLE` must not stop every instance at once.
 */
export function createSessionLimitsCheck(
  query: Query,
  config: DatabaseConfig,
  warn: (sentence: string) => void,
): () => Promise<void> {
  let answered = config.pooler === 'none'
  return async () => {
    if (answered) return
    const missing = await findMissingLimits(query, config)
    if (answered) return
    answered = true
    for (const sentence of missing) warn(sentence)
  }
}
