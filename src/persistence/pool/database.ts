import { setTimeout as delay } from 'node:timers/promises'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import type { DatabaseConfig } from '../../config/shape.ts'
import type { GatewayError } from '../../domain/errors.ts'
import { PrismaClient } from '../../generated/prisma/client.ts'
import { createAdmission, type Pressure, type ShedReason } from './admission.ts'
import { classifyFailure, isMismatch, refusalWhileMigrating, toRefusal } from './failure.ts'
import { createFastStatements, type SqlValue } from './fast-statements.ts'
import { settingsOfSession } from './session-limits.ts'
import { createStatementNames, noStatementNames } from './statement-names.ts'

type Prisma = ReturnType<typeof createPrisma>

/** What the database has to do just now, and what it was spared. */
export interface DatabaseLoad {
  /** Connections at work, and connections that wait for some. */
  readonly inUse: number
  readonly idle: number
  /** Statements that wait for a connection. */
  readonly waiting: number
  /** How many statements were refused since the start, by reason. */
  readonly shed: Readonly<Record<ShedReason, number>>
}

/** PostgreSQL behind Prisma, on a bounded pool with a limit on every wait. */
export interface Database {
  /**
   * Runs one statement, or one transaction, against the database. Work that lost against a concurrent transaction is
   * run again, so it must be atomic.
   * @throws GatewayError `unavailable` whenever the database, or too much work for it, is the reason; anything else is
   *   a fault of ours
   *   and passes
   */
  run<T>(work: (prisma: Prisma) => Promise<T>): Promise<T>
  /**
   * Runs one statement that nearly every request needs, past the client's own runtime (fast-statements.ts). The text has
   * to be constant, values go into `$1`, `$2` … Each row has one column, a JSON value, which `Row` describes. Atomic, so
   * run again after a lost conflict.
   * @throws as `run`
   */
  rows<Row>(sql: string, values: readonly SqlValue[]): Promise<readonly Row[]>
  /**
   * Rows of a plain statement, for checks that no operation needs. They have a connection of their own beside those of
   * the operations and stand in no queue: how busy the database is says nothing about whether it is there.
   */
  query(sql: string): Promise<readonly Record<string, unknown>[]>
  load(): DatabaseLoad
  /** What a request that needs the database is refused with before any more work is done for it; null: nothing. */
  refusalAhead(): GatewayError | null
  /** Ends all connections; waits for statements in flight. */
  close(): Promise<void>
}

/** Lost conflicts in a row after which the caller is asked to come back: by then it is congestion, not chance. */
const attempts = 4

/** Nothing is run again later than this: each attempt may have to wait for locks. */
const againWithinMs = 1_000

/**
 * The server's own limit answers first, with a proper error; this one is for a server that no longer answers at all.
 */
const clientSideGraceMs = 1_000

function createPrisma(adapter: PrismaPg) {
  return new PrismaClient({
    adapter,
    // No typed read ever selects these, whatever it forgets to name.
    omit: { connection: { secret: true }, client: { secret: true, privSettings: true }, token: { value: true } },
    errorFormat: 'minimal',
  })
}

export interface DatabaseOptions {
  /** Told of connections that break while nobody uses them. */
  readonly onIdleError?: (error: Error) => void
  /** How this process keeps up with what it has to do. */
  readonly pressure?: Pressure
  /** Asked where a statement fails because the database lacks what it names. */
  readonly isMigrationPending?: () => Promise<boolean>
}

const noPressure: Pressure = { isBusy: () => false, isOverloaded: () => false }

/** Opens the pool lazily: making it succeeds while the database is away, and the first query finds out. */
export function createDatabase(url: string, config: DatabaseConfig, options: DatabaseOptions = {}): Database {
  const { onIdleError = () => {}, pressure = noPressure, isMigrationPending = async () => false } = options
  const pool = new pg.Pool({
    connectionString: url,
    // Operations never have more than `poolMax`, because of the admission: one more is for checks.
    max: config.poolMax + 1,
    connectionTimeoutMillis: config.connectTimeoutMs,
    query_timeout: config.statementTimeoutMs + clientSideGraceMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: 'mithril-connection-gateway',
    ...settingsOfSession(config),
  })
  // Without a listener a connection that breaks while idle would end the process.
  pool.on('error', onIdleError)
  const statementNameGenerator = config.pooler === 'pgbouncer' ? noStatementNames : createStatementNames()
  const factory = new PrismaPg(pool, { statementNameGenerator })
  const prisma = createPrisma(factory)
  const runFast = createFastStatements(factory)
  const admission = createAdmission({
    insideAtMost: config.poolMax,
    waitingAtMost: config.queueMax,
    waitAtMostMs: config.queueTimeoutMs,
    pressure,
  })

  /**
   * Runs work in its turn, again where it lost against a concurrent transaction, and turns what it throws in the end
   * into a refusal.
   */
  async function withRetries<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now()
    for (let attempt = 1; ; attempt++) {
      const turn = admission.enter()
      if (turn !== undefined) await turn
      try {
        return await work()
      } catch (error) {
        const again =
          attempt < attempts && performance.now() - startedAt < againWithinMs && classifyFailure(error) === 'conflict'
        if (!again)
          throw isMismatch(error) && (await isMigrationPending()) ? refusalWhileMigrating(error) : toRefusal(error)
      } finally {
        admission.leave()
      }
      await delay(Math.random() * 10 * 2 ** attempt)
    }
  }

  return {
    run: (work) => withRetries(() => work(prisma)),
    rows: <Row>(sql: string, values: readonly SqlValue[]) => withRetries(() => runFast<Row>(sql, values)),
    async query(sql) {
      try {
        return (await pool.query<Record<string, unknown>>(sql)).rows
      } catch (error) {
        throw toRefusal(error)
      }
    },
    refusalAhead: admission.refusalAhead,
    load: () => ({
      inUse: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: admission.waiting(),
      shed: admission.shed(),
    }),
    async close() {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}
