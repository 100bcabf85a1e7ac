import { setTimeout as delay } from 'node:timers/promises'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import type { DatabaseConfig } from '../../config/shape.ts'
import type { GatewayError } from '../../domain/errors.ts'
import { createAdmission, type Pressure, type ShedReason } from './admission.ts'
import { classifyFailure, isMismatch, refusalWhileMigrating, toRefusal } from './failure.ts'
import { createFastStatements, type RunFastStatement } from './fast-statements.ts'
import { settingsOfKeyedSession, settingsOfSession } from './session-limits.ts'
import { createStatementNames, noStatementNames } from './statement-names.ts'

type Prisma = Awaited<ReturnType<typeof createPrisma>>

/** The current load of the database, and the refusals since the start. */
export interface DatabaseLoad {
  /** Connections in use, and connections that are idle. */
  readonly inUse: number
  readonly idle: number
  /** Statements that wait for a connection. */
  readonly waiting: number
  /** The number of refused statements since the start, by reason. */
  readonly shed: Readonly<Record<ShedReason, number>>
}

/** PostgreSQL through Prisma, with a bounded pool and a limit on every wait. */
export interface Database {
  /**
   * Runs one statement or one transaction. It runs work again that lost against a concurrent transaction, so the work
   * must be atomic.
   * @throws GatewayError `unavailable` if the database is away or has too much work. Any other error is a fault of the
   *   gateway and passes unchanged.
   */
  run<T>(work: (prisma: Prisma) => Promise<T>): Promise<T>
  /** Imports Prisma's client, so that the first `run` does not wait for it. It does not connect. */
  prepare(): Promise<void>
  /**
   * Runs one statement that nearly every request needs, without the runtime of Prisma's client (fast-statements.ts).
   * The text must be constant, with the values as `$1`, `$2` … Each row has one column, a JSON value that `Row`
   * describes. A statement is atomic, so it runs again after a lost conflict.
   * @throws as `run`
   */
  readonly rows: RunFastStatement
  /**
   * Runs a read that PostgreSQL answers in about a millisecond. Short reads share connections: one write to the socket
   * carries several. So a busy gateway and its database need a third of the CPU for them. A statement that waits for a
   * lock or reads many rows would hold up the others, so it uses `rows`.
   * @throws as `run`
   */
  readonly read: RunFastStatement
  /**
   * Runs a write that waits for no lock of a row. On a busy gateway it shares a transaction with other writes, which
   * costs less (write-groups.ts). A mistake of one write has no effect on the others. All of a group are `unavailable`
   * if its connection breaks, or if one of them exceeds a limit of time.
   * @throws as `run`
   */
  readonly write: RunFastStatement
  /**
   * Rows of a statement for a check of readiness. Checks have a connection of their own and do not queue: a busy
   * database is not a database that is away.
   */
  query(sql: string): Promise<readonly Record<string, unknown>[]>
  load(): DatabaseLoad
  /** The error with which the gateway refuses a request that needs the database. null: it accepts the request. */
  refusalAhead(): GatewayError | null
  /** Waits for statements in flight, then closes all connections. */
  close(): Promise<void>
}

/** After this number of lost conflicts in a row, the caller gets `unavailable`. */
const attempts = 4

/** No attempt begins later than this, because each attempt may wait for locks. */
const againWithinMs = 1_000

/**
 * The limit of the client. The server's own limit for a statement is shorter and gives a better error. This one serves
 * if the server does not answer at all, and for a group of writes that are slow together.
 */
const clientSideGraceMs = 1_000

/** Short reads on one connection at a time. More would make the last one wait too long. */
const readsPerConnection = 8

/** Imports Prisma's client, which takes 10 MB. Most processes never run a statement that needs it. */
async function createPrisma(adapter: PrismaPg) {
  const { PrismaClient } = await import('../../generated/prisma/client.ts')
  return new PrismaClient({
    adapter,
    // No typed read selects these columns, even if it names none.
    omit: { connection: { secret: true }, client: { secret: true, privSettings: true }, token: { value: true } },
    errorFormat: 'minimal',
  })
}

export interface DatabaseOptions {
  /** Called when a connection breaks while it is idle. */
  readonly onIdleError?: (error: Error) => void
  /** The load of this process. */
  readonly pressure?: Pressure
  /** Called if a statement fails because the database lacks a table, column, function or right. */
  readonly isMigrationPending?: () => Promise<boolean>
  /** All statements find their rows by keys, in tables that grow fast. */
  readonly isKeyed?: boolean
}

const noPressure: Pressure = { isBusy: () => false, isOverloaded: () => false }

/** Makes the pool, which connects at the first query. So this succeeds also while the database is away. */
export function createDatabase(url: string, config: DatabaseConfig, options: DatabaseOptions = {}): Database {
  const { onIdleError = () => {}, pressure = noPressure, isMigrationPending = async () => false } = options
  const { isKeyed = false } = options
  const pool = new pg.Pool({
    connectionString: url,
    // The admission limits operations to `poolMax` connections. Checks have one more.
    max: config.poolMax + 1,
    connectionTimeoutMillis: config.connectTimeoutMs,
    query_timeout: config.statementTimeoutMs + clientSideGraceMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: 'mithril-connection-gateway',
    // A client sends the next statement before the last one is answered. Only `read` makes use of it.
    pipeline: true,
    ...settingsOfSession(config),
    ...(isKeyed && settingsOfKeyedSession(config)),
  })
  // Without a listener, Node ends the process when an idle connection breaks.
  pool.on('error', onIdleError)
  const statementNameGenerator = config.pooler === 'pgbouncer' ? noStatementNames : createStatementNames()
  const factory = new PrismaPg(pool, { statementNameGenerator })
  let client: Promise<Prisma> | undefined
  const openClient = () => {
    client ??= createPrisma(factory)
    return client
  }
  const fast = createFastStatements(pool, {
    nameOf: statementNameGenerator,
    // PgBouncer takes a session from a client after each transaction. A pipeline would hold it longer.
    readsPerConnection: config.pooler === 'pgbouncer' ? 1 : readsPerConnection,
  })
  const admission = createAdmission({
    insideAtMost: config.poolMax,
    waitingAtMost: config.queueMax,
    waitAtMostMs: config.queueTimeoutMs,
    pressure,
  })

  /**
   * Waits for a place and runs the work. It runs the work again after a lost conflict. It turns the last error into a
   * refusal.
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
    run: (work) => withRetries(async () => work(await openClient())),
    async prepare() {
      await openClient()
    },
    rows: (sql, values) => withRetries(() => fast.rows(sql, values)),
    read: (sql, values) => withRetries(() => fast.read(sql, values)),
    write: (sql, values) => withRetries(() => fast.write(sql, values)),
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
      await (await client)?.$disconnect()
      await pool.end()
    },
  }
}
