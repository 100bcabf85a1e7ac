import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ChangeAuthor } from '../../src/domain/connection.ts'
import { changeKinds } from '../../src/domain/connection-change.ts'
import type { EventSubscriptionStore } from '../../src/domain/event-subscription-store.ts'
import { switchEvents } from '../../src/persistence/events/event-switch.ts'
import { gather } from '../../src/persistence/events/gather.ts'
import { createSubscriptionStore } from '../../src/persistence/events/subscription-store.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { insertChanges, insertSubscription } from '../support/events.ts'

// With events on, changes are queued from the first subscription on (migration 0015).

let testDatabase: TestDatabase
let database: Database
let store: EventSubscriptionStore
beforeEach(async () => {
  testDatabase = await createTestDatabase()
  database = createDatabase(testDatabase.url, databaseDefaults)
  store = createSubscriptionStore(database)
  await switchEvents(testDatabase.url, true)
})
afterEach(async () => {
  await database.close()
  await testDatabase.drop()
})

const owner = randomUUID()
const author: ChangeAuthor = {
  caller: { clientId: owner, clientType: 'NHS', scopes: [], userId: null },
  door: 'REST',
  requestId: 'request-1',
}
const create = () =>
  store.create(
    { id: randomUUID(), ownerClientId: owner, reach: 'ALL', method: 'POLL', url: null, kinds: changeKinds },
    author,
  )

/** A subscription that another program inserts. */
const insertOwn = `
  INSERT INTO event_subscriptions (id, owner_client_id, reach, subject_client_id, method, kinds, state, created_at)
  VALUES (gen_random_uuid(), '${owner}', 'CLIENT', '${owner}', 'POLL', '{UPDATED}', 'ACTIVE', now())`

const queueIsEnabled = async () => {
  const [row] = await testDatabase.query<{ enabled: string }>(
    `SELECT tgenabled AS enabled FROM pg_trigger WHERE tgname = 'connection_changes_queue_event'`,
  )
  return row?.enabled === 'O'
}
const inbox = async () =>
  (await testDatabase.query<{ number: string }>('SELECT number::text FROM event_inbox ORDER BY number')).map(
    ({ number }) => number,
  )
const delivered = async () => {
  await testDatabase.query(gather)
  const rows = await testDatabase.query<{ number: string }>(
    'SELECT number::text FROM event_deliveries ORDER BY event_deliveries.number',
  )
  return rows.map(({ number }) => number)
}
const count = async (table: string) => (await testDatabase.query(`SELECT FROM ${table}`)).length

async function connection() {
  const clientId = await testDatabase.insertClient({ type: 'MSP' })
  return testDatabase.insertConnection({ clientId, consumerId: clientId, redirectUri: 'https://a.example.ua/' })
}
const updateOf = (id: string) =>
  `UPDATE connections SET redirect_uri = 'https://${randomUUID()}.example.ua/' WHERE id = '${id}'`

test('without a subscription no change is queued, and from the first one on each change is delivered', async () => {
  await insertChanges(testDatabase, [{}, {}])
  expect([await inbox(), await queueIsEnabled()]).toEqual([[], false])
  expect(await create()).toMatchObject({ state: 'ACTIVE' })
  const numbers = await insertChanges(testDatabase, [{}, {}])
  expect([await inbox(), await queueIsEnabled()]).toEqual([numbers, true])
  expect(await delivered()).toEqual(numbers)
})

test('a subscription of a program that knows nothing of the queue enables it, too', async () => {
  await insertSubscription(testDatabase, { state: 'UNVERIFIED' })
  expect(await queueIsEnabled()).toBe(true)
})

test('the subscription and the queue are committed together, or neither is', async () => {
  const end = await testDatabase.hold(insertOwn)
  expect([await count('event_subscriptions'), await queueIsEnabled()]).toEqual([0, false])
  await end('ROLLBACK')
  expect(await queueIsEnabled()).toBe(false)
  const again = await testDatabase.hold(insertOwn)
  await again('COMMIT')
  expect([await count('event_subscriptions'), await queueIsEnabled()]).toEqual([1, true])
})

test('no change is lost that begins after the answer, while others write without a pause', async () => {
  const expected: string[] = []
  let isCreated = false
  let isOver = false
  const write = async () => {
    const connectionId = randomUUID()
    while (!isOver) {
      const counts = isCreated
      const numbers = await insertChanges(testDatabase, [{ connectionId }, { connectionId }])
      if (counts) expected.push(...numbers)
    }
  }
  const writers = [write(), write(), write()]
  await create()
  isCreated = true
  await vi.waitFor(() => expect(expected.length).toBeGreaterThan(60), 20_000)
  isOver = true
  await Promise.all(writers)
  expect(await delivered()).toEqual(expect.arrayContaining(expected))
})

test('several first subscriptions at the same time are all made', async () => {
  const id = await connection()
  const end = await testDatabase.hold(updateOf(id))
  const created = Promise.all([create(), create(), create()])
  await testDatabase.untilLockWaited(3)
  await end('COMMIT')
  expect(await created).toMatchObject([{ state: 'ACTIVE' }, { state: 'ACTIVE' }, { state: 'ACTIVE' }])
  expect([await count('event_subscriptions'), await queueIsEnabled()]).toEqual([3, true])
})

describe('while another session has a long transaction with a change', () => {
  test('the first subscription is refused in bounded time, nothing is saved, and a repetition succeeds', async () => {
    const [held, other] = [await connection(), await connection()]
    const end = await testDatabase.hold(updateOf(held))
    const startedAt = performance.now()
    const refused = create().then(
      () => null,
      (error: unknown) => ({ error, after: performance.now() - startedAt }),
    )
    let longest = 0
    const outcome = await Promise.race([refused, writeUntil(refused)])
    expect(outcome?.error).toMatchObject({ refusal: 'unavailable', details: { retryAfter: 1 } })
    expect(outcome?.error).toMatchObject({ cause: { message: expect.stringContaining('lock timeout') } })
    // Five tries of 0.3 s with four pauses. The rest is for a busy machine.
    expect(outcome?.after).toBeGreaterThan(2_000)
    expect(outcome?.after).toBeLessThan(15_000)
    // A writer waits for one try at most.
    expect(longest).toBeLessThan(1_500)
    expect([await count('event_subscriptions'), await count('event_subscription_changes')]).toEqual([0, 0])
    await end('COMMIT')

    expect(await create()).toMatchObject({ state: 'ACTIVE' })
    const numbers = await insertChanges(testDatabase, [{}])
    expect(await delivered()).toEqual(numbers)

    /** Another writer goes on until the creation has ended. */
    async function writeUntil<T>(ended: Promise<T>): Promise<T> {
      let isOver = false
      const over = ended.finally(() => {
        isOver = true
      })
      while (!isOver) {
        const beganAt = performance.now()
        await testDatabase.query(updateOf(other))
        longest = Math.max(longest, performance.now() - beganAt)
      }
      return over
    }
  })

  test('the gateway repeats a creation until the transaction has ended', async () => {
    const end = await testDatabase.hold(updateOf(await connection()))
    const created = create()
    await testDatabase.untilLockWaited()
    await testDatabase.untilLockWaited(0)
    expect(await count('event_subscriptions')).toBe(0)
    await end('COMMIT')
    expect([(await created)?.state, await queueIsEnabled()]).toEqual(['ACTIVE', true])
  })

  test('a second subscription is made at once', async () => {
    await create()
    const end = await testDatabase.hold(updateOf(await connection()))
    expect(await create()).toMatchObject({ state: 'ACTIVE' })
    await end()
  })
})

test('while VACUUM has the audit, the first subscription waits for it, and writers do not', async () => {
  const id = await connection()
  const vacuum = await testDatabase.hold('LOCK TABLE connection_changes IN SHARE UPDATE EXCLUSIVE MODE')
  const created = create()
  await testDatabase.untilLockWaited()
  await testDatabase.query(updateOf(id))
  await testDatabase.untilLockWaited()
  await vacuum()
  expect([(await created)?.state, await queueIsEnabled()]).toEqual(['ACTIVE', true])
})

test("the function looks at no object of the inserter's, and leaves its settings alone", async () => {
  const id = randomUUID()
  const session = await testDatabase.hold(
    `SET LOCAL lock_timeout = '7s';
     CREATE SCHEMA hostile;
     CREATE FUNCTION hostile.lies(name, name) RETURNS boolean LANGUAGE sql AS 'SELECT false';
     CREATE OPERATOR hostile.= (FUNCTION = hostile.lies, LEFTARG = name, RIGHTARG = name);
     CREATE TEMPORARY TABLE pg_trigger (LIKE pg_catalog.pg_trigger);
     CREATE TEMPORARY TABLE connection_changes (LIKE public.connection_changes);
     SET LOCAL search_path = hostile, pg_temp, public, pg_catalog;
     INSERT INTO public.event_subscriptions
            (id, owner_client_id, reach, subject_client_id, method, kinds, state, created_at)
     VALUES ('${id}', '${id}', 'CLIENT', '${id}', 'POLL', '{UPDATED}', 'ACTIVE', now());
     DO $$
     BEGIN
       ASSERT current_setting('lock_timeout') = '7s', 'lock_timeout is ' || current_setting('lock_timeout');
     END
     $$`,
  )
  await session('COMMIT')
  expect(await queueIsEnabled()).toBe(true)
})

describe('the switch', () => {
  test('enables the queue at once if there is a subscription, and otherwise leaves that to the first one', async () => {
    await switchEvents(testDatabase.url, false)
    await insertSubscription(testDatabase)
    expect(await queueIsEnabled()).toBe(false)
    expect(await switchEvents(testDatabase.url, true)).toEqual({ wasSo: false, queues: true })
    expect([await queueIsEnabled(), await switchEvents(testDatabase.url, true)]).toEqual([
      true,
      { wasSo: true, queues: true },
    ])
  })

  test('disables the queue when it is switched on again after the last subscription has gone', async () => {
    const { id } = (await create()) ?? { id: '' }
    await store.delete(id, author)
    expect(await queueIsEnabled()).toBe(true)
    expect(await switchEvents(testDatabase.url, true)).toEqual({ wasSo: true, queues: false })
    expect(await queueIsEnabled()).toBe(false)
    await create()
    expect(await queueIsEnabled()).toBe(true)
  })

  test('waits for a subscription that is being made, and then enables the queue for it', async () => {
    await switchEvents(testDatabase.url, false)
    const end = await testDatabase.hold(insertOwn)
    const switched = switchEvents(testDatabase.url, true)
    await testDatabase.untilLockWaited()
    await end('COMMIT')
    expect([await switched, await queueIsEnabled()]).toEqual([{ wasSo: false, queues: true }, true])
  })
})
