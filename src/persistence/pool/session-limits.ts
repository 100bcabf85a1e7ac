import type { DatabaseConfig } from '../../config/shape.ts'
import type { Query } from './query.ts'

/** Limits that the server keeps for us in each session, in milliseconds. */
const sessionLimits = ({ statementTimeoutMs, lockTimeoutMs }: DatabaseConfig) => ({
  statement_timeout: statementTimeoutMs,
  lock_timeout: lockTimeoutMs,
  idle_in_transaction_session_timeout: statementTimeoutMs,
})

/**
 * What is asked for when a session starts. PgBouncer refuses such settings, and hands a session to another client after
 * each transaction: there the limits belong to the gateway's role, `ALTER ROLE … SET …` (ops/postgres/roles.sql).
 */
export function settingsOfSession(config: DatabaseConfig): Partial<ReturnType<typeof sessionLimits>> {
  return config.pooler === 'pgbouncer' ? {} : sessionLimits(config)
}

/**
 * What the sessions behind PgBouncer lack of these limits. A statement that the server does not end goes on after the
 * gateway has given it up and answered 503.
 * @returns one sentence for each limit that is missing or longer than configured
 */
async function findMissingLimits(query: Query, config: DatabaseConfig): Promise<string[]> {
  const asked = new Map(Object.entries(sessionLimits(config)))
  // pg_settings gives all three in milliseconds; 0 is no limit.
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
 * A check that asks for missing limits until the database has answered once, and warns of what it finds. No more than
 * that: an `ALTER ROLE` that nobody meant must not take every instance out of service at once.
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
