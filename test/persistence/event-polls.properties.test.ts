import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EventSubscriptionStore } from '../../src/domain/event-subscription-store.ts'
import { gather } from '../../src/persistence/events/gather.ts'
import { createSubscriptionStore } from '../../src/persistence/events/subscription-store.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { insertSubscription, switchOn } from '../support/events.ts'

// Writers whose transactions end in any order, two polling instances of one owner, and acknowledgements of any events
// that were received, in any order, repeated or lost.

let testDatabase: TestDatabase
let database: Database
let store: EventSubscriptionStore
beforeAll(async () => {
  testDatabase = await createTestDatabase()
  await testDatabase.query(switchOn)
  database = createDatabase(testDatabase.url, databaseDefaults)
  store = createSubscriptionStore(database)
})
afterAll(async () => {
  await database.close()
  await testDatabase.drop()
})

type Step =
  | { readonly kind: 'write' | 'begin' | 'commit' | 'rollback'; readonly connection: number }
  | { readonly kind: 'gather' }
  | { readonly kind: 'poll'; readonly poller: number; readonly max: number }
  | { readonly kind: 'acknowledge'; readonly poller: number; readonly from: number; readonly count: number }

const connection = fc.nat({ max: 2 })
const poller = fc.nat({ max: 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('write' as const), connection }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('begin' as const), connection }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('commit' as const), connection }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rollback' as const), connection }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'gather' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('poll' as const), poller, max: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('acknowledge' as const),
      poller,
      from: fc.nat({ max: 3 }),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
)

const insert = `
  INSERT INTO connection_changes (connection_id, client_id, consumer_id, kind, redirect_uri_before,
                                  redirect_uri_after, door, changed_at)
  VALUES ($1, $2, $1, 'UPDATED', 'https://before.example.ua/', 'https://after.example.ua/', 'EXTERNAL', now())`

type Received = { readonly number: string; readonly connectionId: string }

async function run(steps: readonly Step[]) {
  await testDatabase.query('DELETE FROM event_inbox; DELETE FROM event_deliveries; DELETE FROM event_subscriptions')
  const clientId = randomUUID()
  const connectionIds = [randomUUID(), randomUUID(), randomUUID()]
  const id = await insertSubscription(testDatabase, { ownerClientId: clientId, reach: 'CLIENT', url: null })
  /** The transaction that has the row lock of each connection. */
  const open = new Map<number, (end?: 'ROLLBACK' | 'COMMIT') => Promise<void>>()
  const received: Received[][] = [[], []]
  const seen: Received[] = []
  const acknowledged = new Set<string>()

  async function poll(by: number, max: number): Promise<number> {
    const events = await store.waiting(id, max)
    received[by]?.push(...events)
    seen.push(...events)
    // Nothing comes back once it is acknowledged.
    expect(events.filter(({ number }) => acknowledged.has(number))).toEqual([])
    return events.length
  }

  async function acknowledge(by: number, from: number, count: number): Promise<void> {
    const numbers = (received[by] ?? []).slice(from, from + count).map(({ number }) => number)
    await store.acknowledge(id, numbers)
    for (const number of numbers) acknowledged.add(number)
  }

  async function end(of: number, how: 'ROLLBACK' | 'COMMIT') {
    await open.get(of)?.(how)
    open.delete(of)
  }

  for (const one of steps) {
    if (one.kind === 'write' || one.kind === 'begin') {
      await end(one.connection, 'COMMIT')
      const values = [connectionIds[one.connection], clientId]
      if (one.kind === 'write') await testDatabase.query(insert, values)
      else open.set(one.connection, await testDatabase.hold(insert, values))
    } else if (one.kind === 'commit') await end(one.connection, 'COMMIT')
    else if (one.kind === 'rollback') await end(one.connection, 'ROLLBACK')
    else if (one.kind === 'gather') await testDatabase.query(gather)
    else if (one.kind === 'poll') await poll(one.poller, one.max)
    else if (one.kind === 'acknowledge') await acknowledge(one.poller, one.from, one.count)
  }

  for (const of of [...open.keys()]) await end(of, 'COMMIT')
  const kept = new Set(acknowledged)
  const before = seen.length
  while ((await poll(0, 50)) > 0) await acknowledge(0, 0, Number.POSITIVE_INFINITY)
  const written = await testDatabase.query<Received>(
    'SELECT id::text AS number, connection_id AS "connectionId" FROM connection_changes WHERE client_id = $1 ORDER BY id',
    [clientId],
  )
  // Each event comes again until it is acknowledged.
  expect(seen.slice(before).map(({ number }) => number)).toEqual(
    written.map(({ number }) => number).filter((number) => !kept.has(number)),
  )
  return { seen, written, connectionIds }
}

test('any interleaving of writers, polls and acknowledgements keeps the order of each connection and loses nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 50, size: 'max' }), async (steps) => {
      const { seen, written, connectionIds } = await run(steps)
      for (const connectionId of connectionIds) {
        const numbersIn = (events: readonly Received[]) => [
          ...new Set(events.filter((event) => event.connectionId === connectionId).map(({ number }) => number)),
        ]
        expect(numbersIn(seen)).toEqual(numbersIn(written))
      }
    }),
    { numRuns: 25 },
  )
}, 120_000)
