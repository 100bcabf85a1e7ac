import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ChangeAuthor } from '../../src/domain/connection.ts'
import { changeKinds } from '../../src/domain/connection-change.ts'
import {
  type EventSubscriptionStore,
  replayedAtMost,
  subscriptionsAtMost,
} from '../../src/domain/event-subscription-store.ts'
import type { PageRequest } from '../../src/domain/page.ts'
import { createSubscriptionStore } from '../../src/persistence/events/subscription-store.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { insertChanges, insertSubscription, queueChanges, switchOn } from '../support/events.ts'

let testDatabase: TestDatabase
let database: Database
let store: EventSubscriptionStore
beforeEach(async () => {
  testDatabase = await createTestDatabase()
  database = createDatabase(testDatabase.url, databaseDefaults)
  store = createSubscriptionStore(database)
})
afterEach(async () => {
  await database.close()
  await testDatabase.drop()
})

const owner = '10000000-0000-4000-8000-000000000001'
const author: ChangeAuthor = {
  caller: { clientId: owner, clientType: 'MIS', scopes: [], userId: 'user-1' },
  door: 'REST',
  requestId: 'request-1',
}
const push = (more: object = {}) => ({
  id: randomUUID(),
  ownerClientId: owner,
  reach: 'CONSUMER' as const,
  method: 'PUSH' as const,
  url: 'https://events.example.ua/',
  kinds: changeKinds,
  ...more,
})
const poll = (more: object = {}) => push({ method: 'POLL', url: null, ...more })
const acts = async () =>
  (await testDatabase.query<{ act: string }>('SELECT act FROM event_subscription_changes ORDER BY changed_at')).map(
    ({ act }) => act,
  )
const first = (
  size: number,
  place: PageRequest & { by: 'cursor' } = { by: 'cursor', size, place: null, backward: false, withTotal: true },
) => place

describe('a new subscription', () => {
  test('is what was asked for, not verified yet, with a row that says who made it', async () => {
    const wanted = push()
    const created = await store.create(wanted, author)
    expect(created).toEqual({
      ...wanted,
      state: 'UNVERIFIED',
      keyGeneration: 1,
      keyRotatedAt: null,
      failingSince: null,
      createdAt: expect.any(Date),
    })
    expect(Math.abs(Date.now() - Number(created?.createdAt))).toBeLessThan(60_000)
    expect(await store.find(wanted.id)).toEqual(created)
    expect(await testDatabase.query('SELECT * FROM event_subscription_changes')).toEqual([
      {
        id: expect.any(String),
        subscription_id: wanted.id,
        owner_client_id: owner,
        act: 'CREATED',
        door: 'REST',
        caller_client_id: owner,
        caller_client_type: 'MIS',
        caller_user_id: 'user-1',
        request_id: 'request-1',
        changed_at: expect.any(Date),
      },
    ])
  })

  test('is active at once if its owner fetches the events', async () => {
    expect(await store.create(poll(), author)).toMatchObject({ state: 'ACTIVE', url: null })
  })

  test(`is refused to an owner of ${subscriptionsAtMost}, and not to others`, async () => {
    for (let count = 0; count < subscriptionsAtMost; count++) await store.create(poll(), author)
    expect(await store.create(poll(), author)).toBe(null)
    expect(await store.create(poll({ ownerClientId: randomUUID() }), author)).not.toBe(null)
    expect(await acts()).toHaveLength(subscriptionsAtMost + 1)
  })

  test(`is never one of more than ${subscriptionsAtMost}, also if many are made at the same time`, async () => {
    const owners = Array.from({ length: 10 }, () => randomUUID())
    for (const ownerClientId of owners) {
      for (let count = 1; count < subscriptionsAtMost; count++)
        await insertSubscription(testDatabase, { ownerClientId, reach: 'CLIENT' })
      await Promise.all(Array.from({ length: 6 }, () => store.create(poll({ ownerClientId }), author)))
    }
    const counts = await testDatabase.query<{ found: number }>(
      'SELECT count(*)::int AS found FROM event_subscriptions GROUP BY owner_client_id',
    )
    expect(Math.max(...counts.map(({ found }) => found))).toBeLessThanOrEqual(subscriptionsAtMost)
  })
})

describe('a subscription', () => {
  test('goes through its states, and refuses every other step', async () => {
    const { id } = (await store.create(push(), author)) ?? { id: '' }
    const step = async (name: 'activate' | 'pause' | 'resume') => (await store[name](id, author))?.state ?? null
    expect([await step('pause'), await step('resume')]).toEqual([null, null])
    expect([await step('activate'), await step('activate')]).toEqual(['ACTIVE', null])
    expect([await step('pause'), await step('pause'), await step('activate')]).toEqual(['PAUSED', null, null])
    expect([await step('resume'), await step('resume')]).toEqual(['ACTIVE', null])
    await testDatabase.query(`UPDATE event_subscriptions SET state = 'OFF', failures = 9, probes = 3, failing_since = now(),
                                     closed_until = now() + interval '1 day'`)
    expect([await step('pause'), await step('resume'), await step('activate')]).toEqual([null, null, 'ACTIVE'])
    const healthy = 'SELECT failures, probes, failing_since, closed_until FROM event_subscriptions'
    expect(await testDatabase.query(healthy)).toEqual([
      { failures: 0, probes: 0, failing_since: null, closed_until: null },
    ])
    expect(await acts()).toEqual(['CREATED', 'ACTIVATED', 'PAUSED', 'RESUMED', 'ACTIVATED'])
  })

  test('has a new secret after a rotation, and is gone after a removal, which the log outlives', async () => {
    const { id } = (await store.create(poll(), author)) ?? { id: '' }
    const rotated = await store.rotateKey(id, author)
    expect([rotated?.keyGeneration, rotated?.keyRotatedAt]).toEqual([2, expect.any(Date)])
    expect(await store.delete(id, author)).toMatchObject({ id })
    expect([await store.find(id), await store.delete(id, author), await store.rotateKey(id, author)]).toEqual([
      null,
      null,
      null,
    ])
    expect(await acts()).toEqual(['CREATED', 'KEY_ROTATED', 'DELETED'])
  })

  test('is listed by its owner in pages, oldest first', async () => {
    const ids: string[] = []
    for (let count = 0; count < 5; count++) ids.push((await store.create(poll(), author))?.id ?? '')
    await store.create(poll({ ownerClientId: randomUUID() }), author)
    const one = await store.page(owner, first(3))
    expect(one.items.map(({ item }) => item.id)).toEqual(ids.slice(0, 3))
    expect([one.total, one.hasNext]).toEqual([5, true])
    const all = await store.page(null, { by: 'number', size: 4, number: 2 })
    expect([all.items.length, all.total]).toEqual([2, 6])
  })
})

describe('a log of subscriptions', () => {
  test.each(['UPDATE event_subscription_changes SET act = act', 'DELETE FROM event_subscription_changes'])(
    'refuses %s',
    async (statement) => {
      await store.create(poll(), author)
      await expect(testDatabase.query(statement)).rejects.toThrow('event_subscription_changes is append-only')
    },
  )
})

describe('a replay', () => {
  test('goes on behind its portion of 10,000, and loses or repeats no event', async () => {
    const id = await insertSubscription(testDatabase, { url: null })
    const connectionId = randomUUID()
    const numbers = await testDatabase.query<{ id: string }>(
      `INSERT INTO connection_changes (connection_id, client_id, consumer_id, kind, redirect_uri_before,
                                       redirect_uri_after, door, changed_at)
       SELECT $1, $1, $1, 'UPDATED', 'https://before.example.ua/', 'https://after.example.ua/', 'EXTERNAL', now()
         FROM generate_series(1, $2::int)
       RETURNING id::text`,
      [connectionId, replayedAtMost + 2],
    )
    const first = await store.replay(id, { connectionId }, author)
    const after = numbers[replayedAtMost - 1]?.id ?? ''
    expect(first).toEqual({ queued: replayedAtMost, hasMore: true, last: after })
    // The receiver takes the first portion before the second one is asked for.
    await testDatabase.query(`UPDATE event_deliveries SET state = 'DELIVERED', ended_at = now()`)
    expect(await store.replay(id, { connectionId, after }, author)).toEqual({ queued: 2, hasMore: false, last: null })
    const [queued] = await testDatabase.query('SELECT count(*)::int FROM event_deliveries WHERE subscription_id = $1', [
      id,
    ])
    expect(queued).toEqual({ count: replayedAtMost + 2 })
  })

  const connectionId = '20000000-0000-4000-8000-000000000001'
  const change = { connectionId, clientId: randomUUID(), consumerId: owner }
  const statesOf = () =>
    testDatabase.query(`SELECT number::text, state, attempts FROM event_deliveries ORDER BY number`)

  test('queues what the subscription reaches, of a connection or of a time', async () => {
    const before = await insertChanges(testDatabase, [
      change,
      { ...change, kind: 'TRUNCATED' },
      { ...change, consumerId: randomUUID() },
      change,
      { consumerId: owner },
    ])
    const id = await insertSubscription(testDatabase, { ownerClientId: owner, reach: 'CONSUMER', url: null })
    expect(await store.replay(id, { connectionId }, author)).toEqual({ queued: 2, hasMore: false, last: null })
    expect((await statesOf()).map(({ number }) => number)).toEqual([before[0], before[3]])
    const hour = 3_600_000
    const around = { from: new Date(Date.now() - hour), to: new Date(Date.now() + hour) }
    expect(await store.replay(id, around, author)).toEqual({ queued: 1, hasMore: false, last: null })
    const later = { from: around.to, to: new Date(Date.now() + 2 * hour) }
    expect(await store.replay(id, later, author)).toEqual({ queued: 0, hasMore: false, last: null })
    expect(await acts()).toEqual(['REPLAYED', 'REPLAYED', 'REPLAYED'])
  })

  test('queues ended events anew, and leaves a pending one where it is', async () => {
    await testDatabase.query(switchOn)
    const id = await insertSubscription(testDatabase, { ownerClientId: owner, reach: 'CONSUMER' })
    const [dead, arrived, pending] = await queueChanges(testDatabase, [change, change, change])
    await testDatabase.query(
      `UPDATE event_deliveries SET state = CASE number WHEN $1 THEN 'DEAD' ELSE 'DELIVERED' END, ended_at = now(),
              attempts = 10 WHERE number IN ($1, $2)`,
      [dead, arrived],
    )
    await testDatabase.query('UPDATE event_deliveries SET attempts = 3 WHERE number = $1', [pending])
    expect(await store.replay(id, { connectionId }, author)).toEqual({ queued: 2, hasMore: false, last: null })
    expect(await statesOf()).toEqual([
      { number: dead, state: 'PENDING', attempts: 0 },
      { number: arrived, state: 'PENDING', attempts: 0 },
      { number: pending, state: 'PENDING', attempts: 3 },
    ])
  })

  test.each(['UNVERIFIED', 'OFF'] as const)('queues nothing while the subscription is %s', async (state) => {
    await insertChanges(testDatabase, [change])
    const id = await insertSubscription(testDatabase, { ownerClientId: owner, reach: 'CONSUMER', state })
    expect(await store.replay(id, { connectionId }, author)).toBe(null)
    expect([await statesOf(), await acts()]).toEqual([[], []])
  })
})

describe('an owner that polls', () => {
  const connectionId = '20000000-0000-4000-8000-000000000002'
  const numbersOf = async (id: string, atMost = 100) => (await store.waiting(id, atMost)).map(({ number }) => number)
  beforeEach(() => testDatabase.query(switchOn))

  test('gets the oldest events first, the same ones until they are acknowledged, and none twice after that', async () => {
    const id = await insertSubscription(testDatabase, { url: null })
    const numbers = await insertChanges(testDatabase, Array(5).fill({ connectionId }))
    expect(await numbersOf(id, 2)).toEqual(numbers.slice(0, 2))
    expect(await numbersOf(id, 2)).toEqual(numbers.slice(0, 2))
    expect(await store.acknowledge(id, [numbers[0] ?? '', numbers[3] ?? ''])).toBe(2)
    expect(await numbersOf(id)).toEqual([numbers[1], numbers[2], numbers[4]])
    expect(await store.acknowledge(id, numbers)).toBe(3)
    expect([await numbersOf(id), await store.acknowledge(id, numbers)]).toEqual([[], 0])
  })

  test('gets the event as a push has it, with the number of the one before', async () => {
    const id = await insertSubscription(testDatabase, { url: null, ownerClientId: owner, reach: 'CONSUMER' })
    const [first, second] = await insertChanges(testDatabase, Array(2).fill({ connectionId, consumerId: owner }))
    expect((await store.waiting(id, 9))[1]).toEqual({
      number: second,
      kind: 'UPDATED',
      connectionId,
      clientId: expect.any(String),
      consumerId: owner,
      version: null,
      before: 'https://before.example.ua/',
      after: 'https://after.example.ua/',
      door: 'EXTERNAL',
      requestId: null,
      changedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      previous: first,
    })
  })

  test('gets the next event although older rows of the audit were archived', async () => {
    const id = await insertSubscription(testDatabase, { url: null })
    // An archive has taken the rows of these deliveries.
    await testDatabase.query(
      'INSERT INTO event_deliveries (subscription_id, connection_id, number) SELECT $1, $2, unnest($3::bigint[])',
      [id, connectionId, [1, 2].map((number) => -number)],
    )
    expect([await numbersOf(id, 1), await store.ready([id])]).toEqual([[], []])
    const numbers = await insertChanges(testDatabase, Array(2).fill({ connectionId }))
    expect([await numbersOf(id, 1), await store.ready([id])]).toEqual([numbers.slice(0, 1), [id]])
  })

  test('gets nothing of a subscription that is pushed, paused or of somebody else, and acknowledges nothing of it', async () => {
    const pushed = await insertSubscription(testDatabase)
    const paused = await insertSubscription(testDatabase, { url: null, state: 'PAUSED' })
    const other = await insertSubscription(testDatabase, { url: null, ownerClientId: owner, reach: 'CLIENT' })
    const numbers = await insertChanges(testDatabase, [{ connectionId }])
    expect([await numbersOf(pushed), await numbersOf(paused), await numbersOf(other)]).toEqual([[], [], []])
    expect([await store.acknowledge(pushed, numbers), await store.acknowledge(other, numbers)]).toEqual([0, 0])
    await store.resume(paused, author)
    expect(await numbersOf(paused)).toEqual(numbers)
  })
})

test('deliveries are listed newest first, and by their state', async () => {
  await testDatabase.query(switchOn)
  const id = await insertSubscription(testDatabase)
  const numbers = await queueChanges(testDatabase, [{}, {}, {}])
  await testDatabase.query(
    `UPDATE event_deliveries SET state = 'DEAD', attempts = 10, last_status = 503, last_failure = 'status', ended_at = now()
      WHERE number = $1`,
    [numbers[1]],
  )
  const [page] = await store.deliveriesOf([id], null, first(2))
  expect(page?.items.map(({ item }) => item.number)).toEqual([numbers[2], numbers[1]])
  expect([page?.total, page?.hasNext]).toEqual([3, true])
  const [none, dead] = await store.deliveriesOf([randomUUID(), id], 'DEAD', first(2))
  expect([none?.items, none?.total]).toEqual([[], 0])
  expect(dead?.items.map(({ item }) => item)).toEqual([
    {
      number: numbers[1],
      connectionId: expect.any(String),
      state: 'DEAD',
      attempts: 10,
      nextAttemptAt: expect.any(Date),
      lastStatus: 503,
      lastFailure: 'status',
      endedAt: expect.any(Date),
    },
  ])
})
