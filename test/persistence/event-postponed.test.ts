import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { DeliveryQueue, LeasedDelivery } from '../../src/events/delivery-queue.ts'
import { claim as claimStatement } from '../../src/persistence/events/claim.ts'
import { createDeliveryQueue } from '../../src/persistence/events/delivery-queue.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { adminTypes, insertSubscription, queueChanges, switchOn } from '../support/events.ts'

// A claim postpones deliveries far behind the first one of their connection, and the end of the one before makes each
// due again. Both can happen at the same time. A delivery that stayed postponed would wait for five minutes.

let testDatabase: TestDatabase
let database: Database
let queue: DeliveryQueue
let blocker: pg.Client
beforeEach(async () => {
  testDatabase = await createTestDatabase()
  await testDatabase.query(switchOn)
  database = createDatabase(testDatabase.url, databaseDefaults)
  queue = createDeliveryQueue(database, adminTypes)
  blocker = new pg.Client({ connectionString: testDatabase.url })
  await blocker.connect()
})
afterEach(async () => {
  await blocker.end()
  await database.close()
  await testDatabase.drop()
})

const claim = () => queue.claim({ atMost: 50, share: 50, shares: new Map(), leaseSeconds: 8 })
const arrive = (deliveries: readonly LeasedDelivery[]) =>
  queue.delivered(deliveries.map((delivery) => ({ ...delivery, status: 204 })))

const postponed = async () =>
  (
    await testDatabase.query<{ number: string }>(
      'SELECT number::text FROM event_deliveries WHERE next_attempt_at > now() ORDER BY number',
    )
  ).map(({ number }) => number)

async function waitsFor(event: string): Promise<void> {
  const sql = 'SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = $1'
  await vi.waitFor(async () => expect(await testDatabase.query(sql, [event])).toHaveLength(1), { timeout: 30_000 })
}

/** From now on, claims wait at this point: they have read the queue and have postponed nothing. */
async function holdClaims(): Promise<() => Promise<unknown>> {
  await testDatabase.query(`
    CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW; END $$`)
  await testDatabase.query(`
    CREATE TRIGGER hold BEFORE UPDATE ON event_deliveries FOR EACH ROW
      WHEN (OLD.leased_until IS NULL AND NEW.leased_until IS NOT NULL) EXECUTE FUNCTION hold()`)
  await blocker.query('SELECT pg_advisory_lock(1)')
  return () => blocker.query('SELECT pg_advisory_unlock(1)')
}

test('a claim postpones nothing behind deliveries that have ended since it began', async () => {
  await insertSubscription(testDatabase)
  const connectionId = randomUUID()
  const [first] = await queueChanges(testDatabase, [{ connectionId }])
  const [leased] = await claim()
  expect(leased?.number).toBe(first)
  const behind = await queueChanges(testDatabase, [...Array(14).fill({ connectionId }), {}])
  const goOn = await holdClaims()
  const claiming = claim()
  await waitsFor('advisory')
  // Another instance sends ten events meanwhile.
  for (const number of [first, ...behind.slice(0, 9)]) if (leased) await arrive([{ ...leased, number: number ?? '' }])
  await goOn()
  expect(await claiming).toHaveLength(1)
  expect(await postponed()).not.toContain(behind[9])
  expect((await claim()).map(({ number }) => number)).toEqual([behind[9]])
})

test('the end of a delivery waits for a claim that postpones the next one, and makes it due', async () => {
  await insertSubscription(testDatabase)
  const connectionId = randomUUID()
  const numbers = await queueChanges(testDatabase, Array(14).fill({ connectionId }))
  const [leased] = await claim()
  expect(await postponed()).toEqual(numbers.slice(10))
  await testDatabase.query('UPDATE event_deliveries SET next_attempt_at = now()')
  await blocker.query('BEGIN')
  await blocker.query(claimStatement, [50, 50, [], [], 8, adminTypes])
  // Another instance ends the last delivery before the postponed ones.
  const arriving = leased && arrive([{ ...leased, number: numbers[9] ?? '' }])
  await waitsFor('transactionid')
  await blocker.query('COMMIT')
  await arriving
  expect(await postponed()).toEqual(numbers.slice(11))
})
