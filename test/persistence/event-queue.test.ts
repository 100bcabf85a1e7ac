import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { healthy } from '../../src/domain/event-endpoint.ts'
import type { DeliveryQueue, LeasedDelivery } from '../../src/events/delivery-queue.ts'
import { createLeases } from '../../src/events/leases.ts'
import { createDeliveryQueue } from '../../src/persistence/events/delivery-queue.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { adminTypes, insertChanges, insertSubscription, queueChanges, switchOn } from '../support/events.ts'

let testDatabase: TestDatabase
let database: Database
let queue: DeliveryQueue
beforeEach(async () => {
  testDatabase = await createTestDatabase()
  await testDatabase.query(switchOn)
  database = createDatabase(testDatabase.url, databaseDefaults)
  queue = createDeliveryQueue(database, adminTypes)
})
afterEach(async () => {
  await database.close()
  await testDatabase.drop()
})

const claim = (more: Partial<Parameters<DeliveryQueue['claim']>[0]> = {}) =>
  queue.claim({ atMost: 50, share: 50, shares: new Map(), leaseSeconds: 8, ...more })
const numbersOf = (deliveries: readonly LeasedDelivery[]) =>
  deliveries.map(({ number }) => number).sort((a, b) => Number(a) - Number(b))
const arrive = (deliveries: readonly LeasedDelivery[]) =>
  queue.delivered(deliveries.map((delivery) => ({ ...delivery, status: 204 })))
const [one, two] = [randomUUID(), randomUUID()]
const later = (seconds: number) => new Date(Date.now() + seconds * 1_000)

/** Stores a failure of a delivery, which waits until then. */
async function fail(delivery: LeasedDelivery | undefined, nextAttemptAt: Date | null, more: object = {}) {
  if (delivery === undefined) throw new Error('nothing was claimed')
  const stored = await queue.healthOf(delivery.subscriptionId)
  return queue.failed(
    delivery,
    { state: nextAttemptAt === null ? 'DEAD' : 'PENDING', nextAttemptAt, lastStatus: 503, lastFailure: 'status' },
    { seen: stored?.seen ?? [], health: healthy, off: false, ...more },
  )
}

describe('a claim', () => {
  test('leases the oldest event of each connection only, with all that a request needs', async () => {
    const subscriptionId = await insertSubscription(testDatabase)
    const [a1, , b1] = await queueChanges(testDatabase, [
      { connectionId: one },
      { connectionId: one },
      { connectionId: two },
    ])
    const claimed = await claim()
    expect(numbersOf(claimed)).toEqual([a1, b1])
    expect(claimed.find(({ number }) => number === a1)).toEqual({
      subscriptionId,
      connectionId: one,
      number: a1,
      lease: expect.any(String),
      attempts: 0,
      isProbe: false,
      url: 'https://events.example.ua/',
      keyGeneration: 1,
      keyRotatedAt: null,
      change: {
        number: a1,
        kind: 'UPDATED',
        connectionId: one,
        clientId: expect.any(String),
        consumerId: expect.any(String),
        version: null,
        before: 'https://before.example.ua/',
        after: 'https://after.example.ua/',
        door: 'EXTERNAL',
        requestId: null,
        changedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
        previous: null,
      },
    })
    expect(await claim()).toEqual([])
  })

  test('goes on with the next event of the connection once the one before has arrived or is dead', async () => {
    await insertSubscription(testDatabase)
    const [first, second, third] = await queueChanges(testDatabase, Array(3).fill({ connectionId: one }))
    await arrive(await claim())
    const next = await claim()
    expect([numbersOf(next), next[0]?.change?.previous]).toEqual([[second], first])
    await fail(next[0], null)
    const last = await claim()
    expect([numbersOf(last), last[0]?.change?.previous]).toEqual([[third], second])
  })

  test('names the event before that the same subscription could receive', async () => {
    const ownerClientId = randomUUID()
    const of = (clientId: string, kind = 'UPDATED') => ({ connectionId: one, clientId, kind })
    const changes = [of(ownerClientId), of(randomUUID()), of(ownerClientId, 'DELETED'), of(ownerClientId)]
    const [first] = await queueChanges(testDatabase, changes.slice(0, 3))
    await insertSubscription(testDatabase, { ownerClientId, reach: 'CLIENT', kinds: ['UPDATED'] })
    await queueChanges(testDatabase, changes.slice(3))
    expect((await claim())[0]?.change?.previous).toBe(first)
  })

  test('leases a delivery again after its lease, and only then', async () => {
    await insertSubscription(testDatabase)
    await queueChanges(testDatabase, [{}])
    const [first] = await claim()
    expect(await claim()).toEqual([])
    await testDatabase.query(`UPDATE event_deliveries SET leased_until = now() - interval '1 second'`)
    const [again] = await claim()
    expect(again).toEqual({ ...first, lease: expect.any(String) })
    expect(await fail(first, later(60))).toBe(true)
    const [row] = await testDatabase.query('SELECT attempts, leased_until IS NOT NULL AS leased FROM event_deliveries')
    expect(row).toEqual({ attempts: 0, leased: true })
  })

  test('gives one delivery to one of many that claim at once', async () => {
    await insertSubscription(testDatabase)
    const numbers = await queueChanges(testDatabase, Array(40).fill({}))
    const claimed = await Promise.all(Array.from({ length: 8 }, () => claim({ atMost: 20 })))
    const again = await claim()
    expect(numbersOf([...claimed.flat(), ...again])).toEqual(numbers)
  })

  test('has a share for each subscription, and leaves out those that are busy', async () => {
    const [a, b] = [await insertSubscription(testDatabase), await insertSubscription(testDatabase)]
    await queueChanges(testDatabase, Array(10).fill({}))
    const shared = await claim({ share: 3 })
    expect(shared.map(({ subscriptionId }) => subscriptionId).sort()).toEqual([a, a, a, b, b, b].sort())
    const rest = await claim({
      share: 9,
      shares: new Map([
        [a, 0],
        [b, 4],
      ]),
    })
    expect(rest.map(({ subscriptionId }) => subscriptionId)).toEqual([b, b, b, b])
  })

  test.each(['UNVERIFIED', 'PAUSED', 'OFF'] as const)('leases nothing of a subscription that is %s', async (state) => {
    await insertSubscription(testDatabase)
    await queueChanges(testDatabase, [{}])
    await testDatabase.query('UPDATE event_subscriptions SET state = $1', [state])
    expect(await claim()).toEqual([])
  })

  test('leases nothing of a subscription whose owner is blocked, until it is no longer blocked', async () => {
    const ownerClientId = await testDatabase.insertClient({ type: 'MIS' })
    await insertSubscription(testDatabase, { ownerClientId, reach: 'CLIENT' })
    const numbers = await queueChanges(testDatabase, [{ clientId: ownerClientId }])
    await testDatabase.query(`UPDATE event_deliveries SET next_attempt_at = now() - interval '1 hour'`)
    const block = (isBlocked: boolean) =>
      testDatabase.query('UPDATE clients SET is_blocked = $1 WHERE id = $2', [isBlocked, ownerClientId])
    await block(true)
    expect(await claim()).toEqual([])
    // Nobody delivers these events, so they are no delay that an operator could end.
    expect((await queue.backlog()).oldestSeconds).toBe(0)
    await block(false)
    expect((await queue.backlog()).oldestSeconds).toBeGreaterThan(3_000)
    expect(numbersOf(await claim())).toEqual(numbers)
  })

  test.each([
    ['has lost its admin type', `UPDATE clients SET client_type_id = (SELECT id FROM client_types WHERE name = 'MIS')`],
    ['was deleted', 'DELETE FROM clients'],
  ])('leases nothing of a subscription to all connections whose owner %s', async (_how, statement) => {
    const clientId = randomUUID()
    const own = await insertSubscription(testDatabase, { ownerClientId: clientId, reach: 'CLIENT' })
    const all = await insertSubscription(testDatabase)
    await queueChanges(testDatabase, [{ clientId }])
    const claimed = async () => {
      const deliveries = await claim()
      await queue.release(deliveries)
      return deliveries.map(({ subscriptionId }) => subscriptionId).sort()
    }
    expect(await claimed()).toEqual([own, all].sort())
    await testDatabase.query(statement)
    expect(await claimed()).toEqual([own])
    await testDatabase.query(
      `UPDATE event_deliveries SET next_attempt_at = now() - interval '1 hour' WHERE subscription_id = $1`,
      [all],
    )
    // Nobody delivers these events, so they are no delay that an operator could end.
    expect((await queue.backlog()).oldestSeconds).toBeLessThan(60)
  })

  test('leases nothing of a subscription that its owner polls, and nothing that was removed', async () => {
    await insertSubscription(testDatabase, { url: null })
    await insertSubscription(testDatabase)
    await queueChanges(testDatabase, [{}])
    await testDatabase.query(`DELETE FROM event_subscriptions WHERE method = 'PUSH'`)
    expect(await claim()).toEqual([])
  })

  test('finds events behind 300 of a connection that waits', async () => {
    await insertSubscription(testDatabase)
    await queueChanges(testDatabase, Array(300).fill({ connectionId: one }))
    await fail((await claim())[0], later(3_600))
    const [number] = await queueChanges(testDatabase, [{ connectionId: two }])
    const found: LeasedDelivery[] = []
    for (let turn = 0; turn < 3; turn++) found.push(...(await claim()))
    expect(numbersOf(found)).toEqual([number])
  })

  test('finds events behind the backlogs of 30 leases of an instance that was killed', async () => {
    await insertSubscription(testDatabase)
    const connections = Array.from({ length: 30 }, () => ({ connectionId: randomUUID() }))
    const [firsts] = [await queueChanges(testDatabase, connections)]
    expect(await claim()).toHaveLength(30)
    for (let turn = 0; turn < 40; turn++) await queueChanges(testDatabase, connections)
    const [number] = await queueChanges(testDatabase, [{ connectionId: two }])
    const found: LeasedDelivery[] = []
    for (let turn = 0; turn < 6; turn++) found.push(...(await claim()))
    expect(numbersOf(found)).toEqual([number])

    await testDatabase.query(`UPDATE event_deliveries SET leased_until = now() - interval '1 second'`)
    if (found[0]) await arrive(found)
    const again: string[] = []
    for (let turn = 0; turn < 41; turn++) {
      const claimed = await claim()
      again.push(...numbersOf(claimed))
      await arrive(claimed)
    }
    expect([again.slice(0, 30), again.length]).toEqual([firsts, 41 * 30])
  })

  test('goes on at once with an event that had to wait for another one', async () => {
    await insertSubscription(testDatabase)
    const [, second] = await queueChanges(testDatabase, Array(2).fill({ connectionId: one }))
    const [first] = await claim()
    await fail(first, later(3_600))
    expect(await claim()).toEqual([])
    const [waits] = await testDatabase.query(
      'SELECT next_attempt_at > now() AS waits FROM event_deliveries WHERE number = $1',
      [second],
    )
    expect(waits).toEqual({ waits: true })
    if (first) await arrive([first])
    expect(numbersOf(await claim())).toEqual([second])
  })
})

describe('an endpoint', () => {
  const closed = (seconds: number) => ({
    ...healthy,
    failures: 5,
    probes: 1,
    failingSince: new Date(),
    closedUntil: later(seconds),
  })

  test('that is closed gets nothing, then one probe at a time, and everything after a success', async () => {
    await insertSubscription(testDatabase)
    await queueChanges(testDatabase, Array(6).fill({}))
    const [first] = await claim({ atMost: 1 })
    await fail(first, later(0), { health: closed(60) })
    expect(await claim()).toEqual([])

    await testDatabase.query(`UPDATE event_subscriptions SET closed_until = now() - interval '1 second'`)
    const probes = (await Promise.all([claim(), claim(), claim()])).flat()
    expect(probes.map(({ isProbe }) => isProbe)).toEqual([true])
    await arrive(probes)
    expect((await claim()).map(({ isProbe }) => isProbe)).toEqual([false, false, false, false, false])
  })

  test('whose state somebody else has changed meanwhile is not overwritten', async () => {
    const subscriptionId = await insertSubscription(testDatabase)
    await queueChanges(testDatabase, [{}, {}])
    const [first, second] = await claim()
    const seen = (await queue.healthOf(subscriptionId))?.seen ?? []
    expect(await fail(first, later(5), { health: { ...healthy, failures: 1, failingSince: new Date() } })).toBe(true)
    expect(await fail(second, later(5), { seen })).toBe(false)
    expect(await queue.healthOf(subscriptionId)).toMatchObject({ health: { failures: 1 } })
    expect(await fail(second, later(5), { health: { ...healthy, failures: 2, failingSince: new Date() } })).toBe(true)
  })

  test('that is switched off leaves a row, and gets no further event', async () => {
    const subscriptionId = await insertSubscription(testDatabase)
    await queueChanges(testDatabase, [{}])
    await fail((await claim())[0], later(0), { health: closed(0), off: true })
    await queueChanges(testDatabase, [{}])
    expect([await claim(), await testDatabase.query('SELECT state FROM event_subscriptions')]).toEqual([
      [],
      [{ state: 'OFF' }],
    ])
    expect(
      await testDatabase.query('SELECT subscription_id, act, door, caller_client_id FROM event_subscription_changes'),
    ).toEqual([{ subscription_id: subscriptionId, act: 'SWITCHED_OFF', door: 'EXTERNAL', caller_client_id: null }])
    expect(await testDatabase.query('SELECT FROM event_deliveries')).toHaveLength(1)
  })

  test('of a removed subscription has no health', async () => {
    expect(await queue.healthOf(randomUUID())).toBe(null)
  })
})

test('a delivery without its row of the audit ends, and the next one goes on', async () => {
  await insertSubscription(testDatabase)
  const [first, second] = await queueChanges(testDatabase, Array(2).fill({ connectionId: one }))
  await testDatabase.query(
    `ALTER TABLE connection_changes DISABLE TRIGGER connection_changes_append_only;
     DELETE FROM connection_changes WHERE id = ${first}`,
  )
  const [claimed] = await claim()
  expect(claimed).toMatchObject({ number: first, change: null })
  if (claimed) await queue.withoutChange(claimed)
  expect(numbersOf(await claim())).toEqual([second])
})

test('changes of a large transaction delay no other connection, and overtake none of their own', async () => {
  await insertSubscription(testDatabase)
  const bulk = Array.from({ length: 40 }, () => ({ connectionId: randomUUID() }))
  await insertChanges(testDatabase, Array.from({ length: 300 }, () => bulk).flat())
  const [own] = [await insertChanges(testDatabase, [{ connectionId: one }, { connectionId: one }])]
  await insertChanges(testDatabase, bulk)
  const queued = () =>
    testDatabase.query<{ id: string; number: string }>(
      'SELECT connection_id AS id, number::text FROM event_deliveries ORDER BY number',
    )
  expect(await queue.gather()).toBe(true)
  expect((await queued()).filter(({ id }) => id === one).map(({ number }) => number)).toEqual(own)

  /** Each portion has the smallest numbers of a connection that are left. */
  let before = new Map<string, number>()
  const checkOrder = async (known: ReadonlySet<string>) => {
    const rows = await queued()
    const latest = new Map(before)
    for (const { id, number } of rows.filter((row) => !known.has(row.number))) {
      expect(Number(number)).toBeGreaterThan(before.get(id) ?? 0)
      latest.set(id, Number(number))
    }
    before = latest
    return new Set(rows.map(({ number }) => number))
  }
  let known = await checkOrder(new Set())
  while (await queue.gather()) known = await checkOrder(known)
  known = await checkOrder(known)
  expect(known.size).toBe(301 * 40 + 2)
})

describe('the leases of an instance', () => {
  test('last as long as they are renewed, and are not renewed once another instance has them', async () => {
    await insertSubscription(testDatabase)
    await queueChanges(testDatabase, [{}, {}])
    const [mine, theirs] = await claim({ leaseSeconds: 1 })
    if (mine === undefined || theirs === undefined) throw new Error('two were queued')
    const leases = createLeases(queue)
    const secondsAgo = (seconds: number) => performance.now() - seconds * 1_000
    leases.hold(mine, secondsAgo(5))
    await testDatabase.query(
      `UPDATE event_deliveries SET leased_until = now() - interval '1 second' WHERE number = $1`,
      [theirs.number],
    )
    const [taken] = await claim()
    leases.hold(theirs, secondsAgo(5))
    const before = mine.lease
    await leases.renew()
    expect([Date.parse(mine.lease) - Date.parse(before) > 5_000, taken?.number]).toEqual([true, theirs.number])
    const leased = await testDatabase.query(
      `SELECT FROM event_deliveries
        WHERE number = $1 AND leased_until = $2::timestamptz OR number = $3 AND leased_until = $4::timestamptz`,
      [mine.number, mine.lease, theirs.number, taken?.lease],
    )
    expect(leased).toHaveLength(2)
  })

  test('are not renewed while they are young, or after an attempt has ended', async () => {
    await insertSubscription(testDatabase)
    await queueChanges(testDatabase, [{}, {}])
    const [young, ended] = await claim()
    if (young === undefined || ended === undefined) throw new Error('two were queued')
    const before = [young.lease, ended.lease]
    const leases = createLeases(queue)
    leases.hold(young, performance.now())
    leases.hold(ended, performance.now() - 5_000)
    await leases.letGo(ended)
    await leases.renew()
    expect([young.lease, ended.lease]).toEqual(before)
  })

  test('may end while the database is silent, and are renewed afterwards', async () => {
    await insertSubscription(testDatabase)
    await queueChanges(testDatabase, [{}])
    const [mine] = await claim({ leaseSeconds: 0 })
    if (mine === undefined) throw new Error('one was queued')
    const leases = createLeases(queue)
    leases.hold(mine, performance.now() - 20_000)
    await leases.renew()
    expect(await claim()).toEqual([])
  })
})

test('a lease that is given back is free at once, and a lease of somebody else stays', async () => {
  await insertSubscription(testDatabase)
  await queueChanges(testDatabase, [{}, {}])
  const [mine, theirs] = await claim()
  if (mine === undefined || theirs === undefined) throw new Error('two were queued')
  await queue.release([mine, { ...theirs, lease: '2020-01-01T00:00:00Z' }])
  expect(numbersOf(await claim())).toEqual([mine.number])
})

test('the backlog counts what waits, what is dead, and subscriptions by state', async () => {
  expect(await queue.backlog()).toEqual({ pending: 0, dead: 0, oldestSeconds: 0, subscriptions: {} })
  await insertSubscription(testDatabase)
  await insertSubscription(testDatabase, { state: 'OFF' })
  await queueChanges(testDatabase, [{}, {}, {}])
  await fail((await claim({ atMost: 1 }))[0], null)
  await testDatabase.query(`UPDATE event_deliveries SET next_attempt_at = now() - interval '90 seconds'`)
  const { oldestSeconds, ...backlog } = await queue.backlog()
  expect(backlog).toEqual({ pending: 2, dead: 1, subscriptions: { ACTIVE: 1, OFF: 1 } })
  expect(Math.floor(oldestSeconds)).toBe(90)
})

describe('the clean-up', () => {
  const left = () => testDatabase.query('SELECT state, last_failure AS failure FROM event_deliveries ORDER BY number')

  test('removes deliveries 14 days after they arrived, and dead ones after 30', async () => {
    await insertSubscription(testDatabase)
    const numbers = await queueChanges(testDatabase, Array(4).fill({}))
    const ended = [
      ['DELIVERED', 13],
      ['DELIVERED', 15],
      ['DEAD', 29],
      ['DEAD', 31],
    ] as const
    for (const [index, [state, days]] of ended.entries())
      await testDatabase.query(
        `UPDATE event_deliveries SET state = $1, ended_at = now() - make_interval(days => $2) WHERE number = $3`,
        [state, days, numbers[index]],
      )
    expect(await queue.cleanUp()).toBe(false)
    expect((await left()).map(({ state }) => state)).toEqual(['DELIVERED', 'DEAD'])
  })

  test('removes deliveries of a removed subscription, and gives up what nobody fetched for 30 days', async () => {
    await insertSubscription(testDatabase, { url: null })
    const [old] = await queueChanges(testDatabase, [{}])
    await testDatabase.query(
      `UPDATE event_deliveries SET next_attempt_at = now() - interval '31 days' WHERE number = $1`,
      [old],
    )
    const removed = await insertSubscription(testDatabase)
    await queueChanges(testDatabase, [{}])
    await testDatabase.query('DELETE FROM event_subscriptions WHERE id = $1', [removed])
    await queue.cleanUp()
    expect(await left()).toEqual([
      { state: 'DEAD', failure: 'expired' },
      { state: 'PENDING', failure: null },
    ])
  })

  test('removes a thousand at a time, and says that more are left', async () => {
    await insertSubscription(testDatabase)
    await queueChanges(testDatabase, Array(1_001).fill({}))
    await testDatabase.query('DELETE FROM event_subscriptions')
    expect([await queue.cleanUp(), await queue.cleanUp()]).toEqual([true, false])
    expect(await left()).toEqual([])
  })
})
