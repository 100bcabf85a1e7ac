import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { healthy } from '../../src/domain/event-endpoint.ts'
import type { DeliveryQueue, LeasedDelivery } from '../../src/events/delivery-queue.ts'
import { createDeliveryQueue } from '../../src/persistence/events/delivery-queue.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { adminTypes, insertChanges, insertSubscription, switchOn } from '../support/events.ts'

// Writers, three instances and crashes in any interleaving. An instance may crash after a claim, after the endpoint has
// taken an event, or after it has refused one, before that is stored.

let testDatabase: TestDatabase
let database: Database
let queue: DeliveryQueue
beforeAll(async () => {
  testDatabase = await createTestDatabase()
  await testDatabase.query(switchOn)
  database = createDatabase(testDatabase.url, databaseDefaults)
  queue = createDeliveryQueue(database, adminTypes)
})
afterAll(async () => {
  await database.close()
  await testDatabase.drop()
})

type Step =
  | { readonly kind: 'write'; readonly connections: readonly number[] }
  | { readonly kind: 'gather' }
  | { readonly kind: 'claim' | 'crash'; readonly instance: number; readonly at?: never }
  | { readonly kind: 'take' | 'refuse' | 'lose'; readonly instance: number; readonly at: number }

const instance = fc.integer({ min: 0, max: 2 })
const at = fc.nat({ max: 20 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      connections: fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'gather' as const }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('claim' as const), instance }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), instance }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom('take' as const, 'refuse' as const, 'lose' as const), instance, at }),
  },
)

/** One database after the other would be slow, so each run has subscriptions and connections of its own. */
async function run(steps: readonly Step[]) {
  await testDatabase.query('DELETE FROM event_inbox; DELETE FROM event_deliveries; DELETE FROM event_subscriptions')
  const clientId = randomUUID()
  const connectionIds = [randomUUID(), randomUUID(), randomUUID()]
  const subscriptions = [
    await insertSubscription(testDatabase, { ownerClientId: clientId, reach: 'CLIENT' }),
    await insertSubscription(testDatabase),
  ]
  const leased: LeasedDelivery[][] = [[], [], []]
  const received: LeasedDelivery[] = []
  const written: { connectionId: string; number: string }[] = []

  const take = async (delivery: LeasedDelivery) => {
    received.push(delivery)
    await queue.delivered([{ ...delivery, status: 204 }])
  }
  const refuse = async (delivery: LeasedDelivery) => {
    received.push(delivery)
    const stored = await queue.healthOf(delivery.subscriptionId)
    const attempt = { state: 'PENDING', nextAttemptAt: new Date(), lastStatus: 500, lastFailure: 'status' } as const
    await queue.failed(delivery, attempt, { seen: stored?.seen ?? [], health: healthy, off: false })
  }
  /** The leases of an instance that no longer runs end after a while. */
  const endLeases = (deliveries: readonly LeasedDelivery[]) =>
    testDatabase.query(
      `UPDATE event_deliveries SET leased_until = now() - interval '1 ms' WHERE leased_until::text = ANY (
         SELECT lease::timestamptz::text FROM unnest($1::text[]) AS lease)`,
      [deliveries.map(({ lease }) => lease)],
    )

  for (const one of steps) {
    if (one.kind === 'write') {
      const changes = one.connections.map((index) => ({ connectionId: connectionIds[index] ?? '', clientId }))
      const numbers = await insertChanges(testDatabase, changes)
      written.push(...changes.map(({ connectionId }, index) => ({ connectionId, number: numbers[index] ?? '' })))
    } else if (one.kind === 'gather') await queue.gather()
    else {
      const mine = leased[one.instance] ?? []
      if (one.kind === 'claim')
        mine.push(...(await queue.claim({ atMost: 3, share: 2, shares: new Map(), leaseSeconds: 8 })))
      else if (one.kind === 'crash') await endLeases(mine.splice(0))
      else {
        const [delivery] = mine.splice((one.at ?? 0) % Math.max(1, mine.length), 1)
        if (delivery === undefined) continue
        if (one.kind === 'take') await take(delivery)
        else if (one.kind === 'refuse') await refuse(delivery)
        else {
          // The endpoint has taken it, and the instance crashes before it stores that.
          received.push(delivery)
          await endLeases([delivery])
        }
      }
    }
  }

  await endLeases(leased.flat())
  for (let idle = false; !idle; ) {
    await queue.gather()
    const claimed = await queue.claim({ atMost: 50, share: 50, shares: new Map(), leaseSeconds: 8 })
    for (const delivery of claimed) await take(delivery)
    idle = claimed.length === 0
  }
  return { subscriptions, connectionIds, received, written }
}

test('any interleaving of writers, instances and crashes keeps the order of each connection and loses nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const { subscriptions, connectionIds, received, written } = await run(steps)
      for (const subscriptionId of subscriptions)
        for (const connectionId of connectionIds) {
          const numbers = received
            .filter((delivery) => delivery.subscriptionId === subscriptionId && delivery.connectionId === connectionId)
            .map(({ number }) => number)
          // A receiver that remembers ids sees each event once.
          expect([...new Set(numbers)]).toEqual(
            written.filter((change) => change.connectionId === connectionId).map(({ number }) => number),
          )
        }
      const [left] = await testDatabase.query<{ left: number }>(
        `SELECT ((SELECT count(*) FROM event_inbox)
               + (SELECT count(*) FROM event_deliveries WHERE state <> 'DELIVERED'))::int AS left`,
      )
      expect(left).toEqual({ left: 0 })
    }),
    { numRuns: 60 },
  )
}, 120_000)
