import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { expect, test } from 'vitest'
import {
  deliveredMany,
  failedAttempt,
  releaseMany,
  renewMany,
  withoutChange,
} from '../../src/persistence/events/delivery-ends.ts'
import { take } from '../../src/persistence/events/take.ts'
import { settingsOfKeyedSession } from '../../src/persistence/pool/session-limits.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { adminTypes, insertSubscription, queueChanges, switchOn } from '../support/events.ts'

// An endpoint was away, and its backlog has come before autovacuum has analysed the tables. Then the statements that
// end deliveries read the whole backlog for each delivery, by the index of migration 0014: 222 ms for 32 of 3,600.

const backlog = 3_000
const claimedCount = 32

type Node = Readonly<Record<string, unknown>> & { readonly Plans?: readonly Node[] }

/** The most rows that one node of a plan has read, in all its loops. */
function mostRows(node: Node): number {
  const [rows = 0, removed = 0, loops = 1] = ['Actual Rows', 'Rows Removed by Filter', 'Actual Loops'].map((name) =>
    Number(node[name] ?? 0),
  )
  return Math.max((rows + removed) * loops, ...(node.Plans ?? []).map(mostRows))
}

/** A literal of SQL. Arrays have no element with a special character other than the space of a time. */
const literal = (value: string | number | null | readonly string[]) =>
  value === null ? 'NULL' : `'${Array.isArray(value) ? `{${value.map((one) => `"${one}"`).join()}}` : value}'`

/** Pending deliveries of some connections, one each, and the parameters of the statements that end them. */
async function oldest(database: TestDatabase, id: string) {
  const rows = await database.query<{ connection: string; number: string; lease: string }>(
    `UPDATE event_deliveries AS delivery SET leased_until = now() + interval '8 seconds'
      WHERE (connection_id, number) IN (SELECT connection_id, min(number) FROM event_deliveries
                                         GROUP BY connection_id LIMIT ${claimedCount})
      RETURNING connection_id AS connection, number::text, leased_until::text AS lease`,
  )
  const keys = [rows.map(() => id), rows.map(({ connection }) => connection), rows.map(({ number }) => number)] as const
  const leases = rows.map(({ lease }) => lease)
  const key = [id, rows[0]?.connection ?? '', rows[0]?.number ?? ''] as const
  const failure = [leases[0] ?? '', 'DEAD', null, 500, 'status', 0, 0, null, 1, 0, null, null, 'false'] as const
  return {
    renewMany: [...keys, leases, 8],
    take: [...keys, leases, rows.map(() => 'false'), 8, adminTypes],
    failedAttempt: [...key, ...failure],
    deliveredMany: [...keys, rows.map(() => '204')],
    releaseMany: [...keys, leases],
    withoutChange: key,
  }
}

const statements = { renewMany, take, failedAttempt, deliveredMany, releaseMany, withoutChange }

test.each([
  ['nobody has analysed the tables', ''],
  ['the tables were small when they were analysed', 'VACUUM ANALYZE event_deliveries'],
])('statements that know keys read no backlog, when %s', async (_when, analyse) => {
  const database = await createTestDatabase()
  const session = new pg.Client({ connectionString: database.url, ...settingsOfKeyedSession(databaseDefaults) })
  try {
    await session.connect()
    await session.query('SET plan_cache_mode = force_generic_plan')
    await database.query(switchOn)
    const id = await insertSubscription(database)
    await queueChanges(database, Array(20).fill({}))
    if (analyse !== '') await database.query(analyse)
    const given = await oldest(database, id)
    for (const [name, sql] of Object.entries(statements)) await session.query(`PREPARE "${name}" AS ${sql}`)
    // The session makes its plans while the table is small.
    for (const [name, values] of Object.entries(given))
      await session.query(`EXPLAIN EXECUTE "${name}"(${values.map(literal).join()})`)

    const connectionIds = Array.from({ length: 2 * claimedCount }, () => randomUUID())
    const changes = Array.from({ length: backlog }, (_none, place) => ({
      connectionId: connectionIds[place % connectionIds.length] ?? '',
    }))
    await queueChanges(database, changes)
    const read = new Map<string, number>()
    for (const [name, values] of Object.entries(await oldest(database, id))) {
      await session.query('BEGIN')
      const { rows } = await session.query(
        `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE "${name}"(${values.map(literal).join()})`,
      )
      await session.query('ROLLBACK')
      read.set(name, mostRows(rows[0]['QUERY PLAN'][0].Plan))
    }
    expect([...read].filter(([, rows]) => rows > 2 * claimedCount)).toEqual([])
    expect(read.get('deliveredMany')).toBeGreaterThanOrEqual(claimedCount)
  } finally {
    await session.end()
    await database.drop()
  }
})
