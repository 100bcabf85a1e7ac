import pg from 'pg'
import { JsonRows, type JsonStatement, type SqlValue } from './json-rows.ts'
import { createWriteGroups } from './write-groups.ts'

/** Runs a statement and returns its rows. Each row is one JSON value. */
export type RunFastStatement = <Row>(sql: string, values: readonly SqlValue[]) => Promise<readonly Row[]>

/** The rows of each set of values with which a statement ran. */
export type RowsOfSets<Row> = readonly (readonly Row[])[]

const rowsOfOne = <Row>([rows = []]: RowsOfSets<Row>): readonly Row[] => rows

export interface FastStatementsOptions {
  readonly nameOf: (statement: { readonly sql: string }) => string
  /** The number of short reads that share one connection at a time. 1: each has a connection of its own. */
  readonly readsPerConnection: number
}

/**
 * States of PostgreSQL about the data, the locks or the time of one statement: the session goes on. After any other
 * error it may have lost a prepared statement, which pg would go on to use.
 */
const keepsSession = /^(2[23]|40|55P03|57014|P0)/

/**
 * Whether PostgreSQL does not know the prepared statement. Reads that went out together prepare their statement once.
 * If that failed, its error is the reason for all of them.
 */
const isUnprepared = (error: unknown): boolean => error instanceof pg.DatabaseError && error.code === '26000'

/** A connection of the pool while statements run on it. */
interface Lease {
  readonly client: Promise<pg.PoolClient>
  readonly onError: (error: Error) => void
  inFlight: number
  /** Whether statements wait for the end of this turn of the event loop, to go out in one write. */
  isGathering: boolean
  /** The error after which the pool must close the connection. */
  broken?: Error
  /** The first statement that failed, and its error. */
  failed?: { readonly sql: string; readonly error: unknown }
}

/**
 * Statements that nearly every request needs go to pg directly. The runtime of Prisma's client costs more than the
 * statement (docs/decisions/0005-one-statement-past-the-client.md). All other statements use the client:
 * `prisma.$queryRaw`.
 */
export function createFastStatements(pool: pg.Pool, { nameOf, readsPerConnection }: FastStatementsOptions) {
  const shared = new Set<Lease>()

  function open(): Lease {
    const onError = (error: Error) => breakOff(lease, error)
    const lease: Lease = { client: connect(pool, onError), onError, inFlight: 0, isGathering: false }
    lease.client.catch(onError)
    return lease
  }

  /** No further statement goes to this connection. */
  function breakOff(lease: Lease, error: Error): void {
    lease.broken = error
    shared.delete(lease)
  }

  function sharedWithRoom(): Lease {
    for (const lease of shared) if (lease.inFlight < readsPerConnection) return lease
    const lease = open()
    shared.add(lease)
    return lease
  }

  async function runOn<Row>(lease: Lease, sql: string, sets: JsonStatement['sets']): Promise<RowsOfSets<Row>> {
    lease.inFlight += 1
    try {
      const client = await lease.client
      if (shared.has(lease)) gather(lease, client)
      return await send(client, { sql, sets, name: nameOf({ sql }) })
    } catch (error) {
      if (!(error instanceof pg.DatabaseError && keepsSession.test(error.code ?? ''))) breakOff(lease, error as Error)
      if (lease.failed?.sql === sql && isUnprepared(error)) throw lease.failed.error
      lease.failed ??= { sql, error }
      throw error
    } finally {
      lease.inFlight -= 1
      if (lease.inFlight === 0) giveBack(lease)
    }
  }

  function giveBack(lease: Lease): void {
    shared.delete(lease)
    lease.client.then(
      (client) => {
        client.off('error', lease.onError)
        client.release(lease.broken)
      },
      () => {}, // The pool has no connection to take back.
    )
  }

  /** Runs a statement on a connection of its own. */
  const rows: RunFastStatement = async (sql, values) => rowsOfOne(await runOn(open(), sql, [values]))

  /** Runs a short read on a connection that it shares with others. PostgreSQL runs them one after the other. */
  const read: RunFastStatement = async (sql, values) => rowsOfOne(await runOn(sharedWithRoom(), sql, [values]))

  /** Runs a write that waits for no lock, in a transaction that it may share with other writes. */
  const write = createWriteGroups({ together: (sql, sets) => runOn(open(), sql, sets), alone: rows })

  return { rows, read, write }
}

/**
 * Takes a connection of the pool. `onError` listens before pg reads the next message, because an error without a
 * listener would end the process. pg rejects the statements in flight by itself.
 */
function connect(pool: pg.Pool, onError: (error: Error) => void): Promise<pg.PoolClient> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client === undefined) return reject(error)
      client.on('error', onError)
      resolve(client)
    })
  })
}

/** Holds back what is written to the connection in this turn of the event loop. Then it goes out in one write. */
function gather(lease: Lease, { connection }: pg.PoolClient): void {
  if (lease.isGathering) return
  lease.isGathering = true
  connection.stream.cork()
  setImmediate(() => {
    lease.isGathering = false
    connection.stream.uncork()
  })
}

function send<Row>(client: pg.PoolClient, statement: JsonStatement): Promise<RowsOfSets<Row>> {
  return new Promise((resolve, reject) => {
    client.query(
      new JsonRows(statement, (error, rowsOfSets) => {
        if (error !== null) reject(error)
        else resolve(rowsOfSets.map((rows) => rows.map((json) => JSON.parse(json) as Row))) // the statement's type
      }),
    )
  })
}
