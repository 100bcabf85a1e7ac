import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { changeKinds } from '../../src/domain/connection-change.ts'
import { type AnnouncedChange, eventReaches, receives } from '../../src/domain/event-subscription.ts'
import { switchEvents } from '../../src/persistence/events/event-switch.ts'
import { gather } from '../../src/persistence/events/gather.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { insertChanges, insertSubscription, switchOn } from '../support/events.ts'

let database: TestDatabase
beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(() => database.drop())

/** The deliveries, with those of the changes that are still in the inbox. */
const deliveries = async () => {
  await database.query(gather)
  return database.query<{ subscription: string; connection: string; number: string; state: string }>(
    `SELECT subscription_id AS subscription, connection_id AS connection, number::text, state
       FROM event_deliveries ORDER BY event_deliveries.number, subscription_id`,
  )
}
const inbox = () => database.query('SELECT connection_id AS connection, number::text FROM event_inbox')

async function connection() {
  const clientId = await database.insertClient({ type: 'MSP' })
  const consumerId = await database.insertClient({ type: 'MIS' })
  const id = await database.insertConnection({ clientId, consumerId, redirectUri: 'https://a.example.ua/' })
  return { id, clientId, consumerId }
}

describe('without events:on', () => {
  test('a change queues nothing', async () => {
    await insertSubscription(database)
    const { id } = await connection()
    await database.query(`UPDATE connections SET redirect_uri = 'https://b.example.ua/' WHERE id = $1`, [id])
    expect([await inbox(), await deliveries()]).toEqual([[], []])
  })
})

describe('with events:on', () => {
  beforeEach(() => database.query(switchOn))

  test('a write of Mithril queues an event for the client, for the consumer and for all', async () => {
    const { id, clientId, consumerId } = await connection()
    const before = (await deliveries()).length
    const all = await insertSubscription(database)
    const client = await insertSubscription(database, { ownerClientId: clientId, reach: 'CLIENT' })
    const consumer = await insertSubscription(database, { ownerClientId: consumerId, reach: 'CONSUMER' })
    await insertSubscription(database, { ownerClientId: clientId, reach: 'CONSUMER' })
    await insertSubscription(database, { ownerClientId: consumerId, reach: 'CLIENT' })
    await database.query(`UPDATE connections SET redirect_uri = 'https://b.example.ua/' WHERE id = $1`, [id])
    await database.query('DELETE FROM connections WHERE id = $1', [id])

    const changes = await database.query<{ id: string }>(
      `SELECT id::text FROM connection_changes WHERE kind IN ('UPDATED', 'DELETED') ORDER BY id`,
    )
    expect(before).toBe(0)
    expect(await deliveries()).toEqual(
      changes.flatMap(({ id: number }) =>
        [all, client, consumer]
          .sort()
          .map((subscription) => ({ subscription, connection: id, number, state: 'PENDING' })),
      ),
    )
  })

  test('a change that is rolled back queues nothing', async () => {
    await connection()
    await insertSubscription(database)
    await database.query(`BEGIN; UPDATE connections SET redirect_uri = 'https://b.ua/'; ROLLBACK`)
    expect([await inbox(), await deliveries()]).toEqual([[], []])
  })

  test('a change without a subscription leaves the inbox without a delivery', async () => {
    const { id } = await connection()
    await database.query(`UPDATE connections SET redirect_uri = 'https://b.example.ua/' WHERE id = $1`, [id])
    expect(await inbox()).toMatchObject([{ connection: id }])
    expect([await deliveries(), await inbox()]).toEqual([[], []])
  })

  test('a change is delivered while a publication has all tables, as in an upgrade by logical replication', async () => {
    await insertSubscription(database)
    await database.query('CREATE PUBLICATION upgrade FOR ALL TABLES')
    const numbers = await insertChanges(database, [{}])
    expect((await deliveries()).map(({ number }) => number)).toEqual(numbers)
    const withoutIdentity = await database.query(
      `SELECT relname FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relreplident = 'd'
          AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = pg_class.oid AND indisprimary)`,
    )
    expect(withoutIdentity).toEqual([])
  })

  test('one of many that gather at once makes the deliveries, each once and none before an earlier one', async () => {
    const subscription = await insertSubscription(database)
    const connectionId = randomUUID()
    const numbers: string[] = []
    const write = async () => {
      for (let turn = 0; turn < 20; turn++)
        numbers.push(...(await insertChanges(database, [{ connectionId }, { connectionId }])))
    }
    const look = async () => {
      for (let turn = 0; turn < 40; turn++) {
        await database.query(gather)
        const [row] = await database.query<{ ahead: number }>(
          `SELECT count(*)::int AS ahead FROM event_inbox WHERE number < (SELECT max(number) FROM event_deliveries)`,
        )
        expect(row).toEqual({ ahead: 0 })
      }
    }
    await Promise.all([write(), look(), look(), look()])
    expect(await deliveries()).toEqual(
      numbers.map((number) => ({ subscription, connection: connectionId, number, state: 'PENDING' })),
    )
    expect(await inbox()).toEqual([])
  })

  test('deliveries are made by the same rule as in the domain', async () => {
    const clients = [randomUUID(), randomUUID(), randomUUID()] as const
    const client = fc.constantFrom(...clients)
    const subscription = fc.record({
      ownerClientId: client,
      reach: fc.constantFrom(...eventReaches),
      kinds: fc.subarray([...changeKinds], { minLength: 1 }),
      state: fc.constantFrom('UNVERIFIED', 'ACTIVE', 'PAUSED', 'OFF'),
    })
    const change: fc.Arbitrary<AnnouncedChange> = fc.record({
      kind: fc.constantFrom(...changeKinds, 'TRUNCATED'),
      clientId: client,
      consumerId: fc.option(client),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(subscription, { maxLength: 8 }),
        fc.array(change, { minLength: 1, maxLength: 8 }),
        async (subscriptions, changes) => {
          await database.query('DELETE FROM event_deliveries; DELETE FROM event_subscriptions')
          const ids = await Promise.all(subscriptions.map((one) => insertSubscription(database, one)))
          const numbers = await insertChanges(database, changes)
          const expected = numbers.flatMap((number, at) =>
            ids.flatMap((id, index) => {
              const [of, what] = [subscriptions[index], changes[at]]
              return of !== undefined && what !== undefined && receives(of, what) ? [`${id} ${number}`] : []
            }),
          )
          expect((await deliveries()).map(({ subscription: id, number }) => `${id} ${number}`).sort()).toEqual(
            expected.sort(),
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  test('no object of a writer stands before those of the trigger', async () => {
    const { id, clientId } = await connection()
    await insertSubscription(database, { ownerClientId: clientId, reach: 'CLIENT' })
    const session = await database.hold(
      `CREATE SCHEMA hostile;
       CREATE FUNCTION hostile.lies(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
       CREATE OPERATOR hostile.= (FUNCTION = hostile.lies, LEFTARG = text, RIGHTARG = text);
       CREATE TEMPORARY TABLE event_subscriptions (LIKE public.event_subscriptions);
       CREATE TEMPORARY TABLE event_inbox (LIKE public.event_inbox);
       SET LOCAL search_path = hostile, pg_temp, public, pg_catalog;
       UPDATE public.connections SET redirect_uri = 'https://b.example.ua/' WHERE id = '${id}'`,
    )
    await session('COMMIT')
    expect(await deliveries()).toHaveLength(1)
  })
})

describe('the switch', () => {
  const triggers = async () => {
    const rows = await database.query<{ enabled: string }>(
      `SELECT tgenabled AS enabled FROM pg_trigger
        WHERE tgname IN ('connection_changes_queue_event', 'event_subscriptions_enable_queue') ORDER BY tgname`,
    )
    return rows.map(({ enabled }) => enabled).join('')
  }

  test('enables and disables the triggers, and says whether events were so already', async () => {
    await insertSubscription(database)
    const turn = async (on: boolean) => [await switchEvents(database.url, on), await triggers()]
    expect(await triggers()).toBe('DD')
    expect(await turn(true)).toEqual([{ wasSo: false, queues: true }, 'OO'])
    expect(await turn(true)).toEqual([{ wasSo: true, queues: true }, 'OO'])
    expect(await turn(false)).toEqual([{ wasSo: false, queues: false }, 'DD'])
    expect(await turn(false)).toEqual([{ wasSo: true, queues: false }, 'DD'])
  })

  test('is a command that says in one sentence what changed and what is queued', async () => {
    const run = async (word: string) => {
      const command = join(import.meta.dirname, '../../src/commands/events.ts')
      const env = { ...process.env, DATABASE_URL: database.url }
      return (await promisify(execFile)(process.execPath, [command, word], { env })).stdout
    }
    const later = 'each change is queued for its subscriptions, from the first subscription on.\n'
    expect(await run('on')).toBe(`Events are on: ${later}`)
    expect(await run('on')).toBe(`Events were on already: ${later}`)
    await insertSubscription(database)
    expect(await run('on')).toBe('Events were on already: each change is queued for its subscriptions.\n')
    expect(await run('off')).toBe('Events are off: no change is queued.\n')
    expect(await run('off')).toBe('Events were off already: no change is queued.\n')
    expect(await triggers()).toBe('DD')
  })

  test('waits while a writer has the audit, and lets other writers pass', async () => {
    const { id } = await connection()
    await insertSubscription(database)
    const end = await database.hold(`UPDATE connections SET redirect_uri = 'https://b.example.ua/' WHERE id = '${id}'`)
    const switched = switchEvents(database.url, true)
    await database.untilLockWaited()
    await end('COMMIT')
    expect([await switched, await triggers()]).toEqual([{ wasSo: false, queues: true }, 'OO'])
  })

  test('says that a database without the migration has no events', async () => {
    const empty = await createTestDatabase({ empty: true })
    await expect(switchEvents(empty.url, true)).rejects.toThrow('Run `npm run db:migrate` first')
    await empty.drop()
  })
})
