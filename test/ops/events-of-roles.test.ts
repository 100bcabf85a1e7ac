import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { directDispatch } from '../../src/events/direct-dispatch.ts'
import { createEventCounts } from '../../src/events/event-counts.ts'
import { createRelay } from '../../src/events/relay.ts'
import { createSender } from '../../src/events/sender.ts'
import { createTargetAddresses } from '../../src/events/target-addresses.ts'
import { createDeliveryQueue } from '../../src/persistence/events/delivery-queue.ts'
import { switchEvents } from '../../src/persistence/events/event-switch.ts'
import { createSubscriptionStore } from '../../src/persistence/events/subscription-store.ts'
import { createDatabase } from '../../src/persistence/pool/database.ts'
import { createDatabaseReadiness } from '../../src/persistence/readiness.ts'
import { databaseDefaults } from '../support/database.ts'
import { startEventReceiver } from '../support/event-receiver.ts'
import { adminTypes } from '../support/events.ts'
import { type MithrilCluster, prepareForGateway, startMithrilCluster } from '../support/mithril-cluster.ts'
import { pgbouncerIsMissing, startPgbouncer } from '../support/pgbouncer.ts'

// Events with the roles of an installation: gateway_migrator switches, mithril writes, gateway delivers.

let cluster: MithrilCluster
beforeEach(async () => {
  cluster = await startMithrilCluster()
  await prepareForGateway(cluster)
})
afterEach(() => cluster?.stop())

const write = () =>
  cluster.query(`UPDATE connections SET redirect_uri = 'https://${randomUUID()}.example.ua/'`, 'mithril')

/** Has the role `gateway` make a subscription and deliver events, and answers the ids that arrived. */
async function deliver(url: string, pooler: 'none' | 'pgbouncer'): Promise<string[]> {
  const database = createDatabase(url, { ...databaseDefaults, pooler }, { isKeyed: true })
  const receiver = await startEventReceiver()
  const [owner] = await cluster.query(
    `SELECT clients.id FROM clients JOIN client_types ON client_types.id = client_type_id WHERE client_types.name = 'NHS'`,
  )
  const clientId = String(owner?.['id'])
  const author = {
    caller: { clientId, clientType: 'NHS', scopes: [], userId: null },
    door: 'REST',
    requestId: 'request-1',
  } as const
  const subscriptions = createSubscriptionStore(database)
  const id = randomUUID()
  const kinds = ['UPDATED'] as const
  await subscriptions.create(
    { id, ownerClientId: author.caller.clientId, reach: 'ALL', method: 'PUSH', url: receiver.url, kinds },
    author,
  )
  await subscriptions.activate(id, author)
  await subscriptions.rotateKey(id, author)
  const deps = {
    queue: createDeliveryQueue(database, adminTypes),
    sender: createSender({ addresses: createTargetAddresses(['127.0.0.1']) }),
    signingKey: Buffer.alloc(32, 1),
    source: 'https://gateway.example.ua',
    counts: createEventCounts(),
    log: { info: () => {}, warn: () => {} },
  }
  const relay = createRelay(deps, directDispatch(deps))
  relay.start()
  try {
    await write()
    const { length } = await updated()
    await vi.waitFor(() => expect(receiver.messages).toHaveLength(length), 30_000)
    return receiver.messages.map(({ id }) => id).sort()
  } finally {
    await relay.close()
    await database.close()
    await receiver.close()
  }
}

const updated = async () => {
  const rows = await cluster.query(
    `SELECT 'chg_' || id AS id FROM connection_changes WHERE changed_at >= (SELECT created_at FROM event_subscriptions)`,
  )
  return rows.map(({ id }) => id).sort()
}

describe('the role gateway', () => {
  test('delivers what Mithril writes, once gateway_migrator has switched events on', async () => {
    const switched = await switchEvents(cluster.urlOf('gateway_migrator'), true)
    expect(switched).toEqual({ wasSo: false, queues: false })
    expect(await deliver(cluster.urlOf('gateway'), 'none')).toEqual(await updated())
  })

  test.skipIf(pgbouncerIsMissing)('delivers through PgBouncer in transaction mode', async () => {
    await switchEvents(cluster.urlOf('gateway_migrator'), true)
    const pgbouncer = await startPgbouncer(cluster)
    try {
      expect(await deliver(cluster.urlOf('gateway', pgbouncer.port), 'pgbouncer')).toEqual(await updated())
    } finally {
      await pgbouncer.stop()
    }
  })

  test('makes the first subscription during an autovacuum of the history, and writers do not wait', async () => {
    await switchEvents(cluster.urlOf('gateway_migrator'), true)
    await cluster.query('ALTER SYSTEM SET autovacuum_naptime = 1')
    await cluster.query('SELECT pg_reload_conf()')
    // The vacuum would take minutes.
    await cluster.query(
      `ALTER TABLE connection_changes SET (autovacuum_vacuum_insert_threshold = 10,
         autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
       INSERT INTO connection_changes (connection_id, client_id, kind, redirect_uri_before, redirect_uri_after, door,
                                       changed_at)
       SELECT gen_random_uuid(), gen_random_uuid(), 'UPDATED', 'https://a.ua/', 'https://b.ua/', 'EXTERNAL', now()
         FROM generate_series(1, 100000)`,
    )
    const vacuums = () =>
      cluster.query(`SELECT FROM pg_stat_progress_vacuum WHERE relid = 'connection_changes'::regclass`)
    await vi.waitFor(async () => expect(await vacuums()).toHaveLength(1), 60_000)
    const database = createDatabase(cluster.urlOf('gateway'), databaseDefaults)
    try {
      const author = {
        caller: { clientId: randomUUID(), clientType: 'MIS', scopes: [], userId: null },
        door: 'REST',
        requestId: 'request-1',
      } as const
      const wanted = { reach: 'CLIENT', method: 'POLL', url: null, kinds: ['UPDATED'] } as const
      let isOver = false
      const created = createSubscriptionStore(database)
        .create({ id: randomUUID(), ownerClientId: author.caller.clientId, ...wanted }, author)
        .finally(() => {
          isOver = true
        })
      let longest = 0
      while (!isOver) {
        const beganAt = performance.now()
        await write()
        longest = Math.max(longest, performance.now() - beganAt)
      }
      expect(await created).toMatchObject({ state: 'ACTIVE' })
      // PostgreSQL ends the autovacuum after one second. Writers that waited for that would take as long.
      expect(longest).toBeLessThan(1_000)
    } finally {
      await database.close()
    }
  })

  test('may not switch events, and may neither write the inbox nor change the log of subscriptions', async () => {
    await expect(switchEvents(cluster.urlOf('gateway'), true)).rejects.toThrow('must be owner')
    for (const statement of [
      `INSERT INTO event_inbox VALUES (gen_random_uuid(), 1)`,
      'ALTER TABLE connection_changes DISABLE TRIGGER connection_changes_queue_event',
      'ALTER TABLE event_subscriptions DISABLE TRIGGER event_subscriptions_enable_queue',
      `CREATE TEMPORARY TABLE bait (id int);
       CREATE TRIGGER enable AFTER INSERT ON bait FOR EACH ROW EXECUTE FUNCTION enable_event_queue()`,
      'UPDATE event_subscription_changes SET act = act',
      'DELETE FROM event_subscription_changes',
    ])
      await expect(cluster.query(statement, 'gateway')).rejects.toMatchObject({ code: '42501' })
  })

  test('is ready to deliver, is warned while events are off, and names each right that it lacks', async () => {
    const database = createDatabase(cluster.urlOf('gateway'), databaseDefaults)
    const warnings: string[] = []
    const ready = (events: boolean) =>
      createDatabaseReadiness(database, { events, warn: (sentence) => warnings.push(sentence) }).database()
    try {
      expect([await ready(true), await ready(false)]).toEqual([true, true])
      expect(warnings).toEqual(['EVENTS is on, but the database queues no events: run npm run events:on'])
      await switchEvents(cluster.urlOf('gateway_migrator'), true)
      await cluster.query('REVOKE DELETE ON event_inbox FROM gateway; REVOKE INSERT ON event_deliveries FROM gateway')
      await expect(ready(true)).rejects.toThrow(
        'the role gateway has no right to DELETE event_inbox; the role gateway has no right to INSERT event_deliveries',
      )
      expect([await ready(false), warnings.length]).toEqual([true, 1])
      for (const name of ['queue_event', 'enable_event_queue']) {
        await cluster.query(`GRANT EXECUTE ON FUNCTION ${name}() TO PUBLIC`)
        await expect(ready(false)).rejects.toThrow(`the function ${name}() may be executed by PUBLIC`)
      }
    } finally {
      await database.close()
    }
  })

  test('is warned of a copied subscription without a queue, and not ready with a function that cannot make one', async () => {
    const database = createDatabase(cluster.urlOf('gateway'), databaseDefaults)
    const warnings: string[] = []
    const { database: ready } = createDatabaseReadiness(database, { events: true, warn: (text) => warnings.push(text) })
    try {
      await switchEvents(cluster.urlOf('gateway_migrator'), true)
      expect([await ready(), warnings]).toEqual([true, []])
      await cluster.query(
        `BEGIN; SET LOCAL session_replication_role = 'replica';
         INSERT INTO event_subscriptions
                (id, owner_client_id, reach, subject_client_id, method, kinds, state, created_at)
         SELECT id, id, 'CLIENT', id, 'POLL', '{UPDATED}', 'ACTIVE', now() FROM gen_random_uuid() AS id; COMMIT`,
      )
      expect([await ready(), warnings]).toEqual([
        true,
        ['There are subscriptions, but the database queues no events: run npm run events:on'],
      ])
      await switchEvents(cluster.urlOf('gateway_migrator'), true)
      await write()
      expect(await cluster.query('SELECT FROM event_inbox')).not.toEqual([])

      await cluster.query('ALTER FUNCTION enable_event_queue() OWNER TO mithril')
      await expect(ready()).rejects.toThrow('the function enable_event_queue() may not alter connection_changes')
      await cluster.query('ALTER FUNCTION enable_event_queue() SECURITY INVOKER')
      await expect(ready()).rejects.toThrow('the function enable_event_queue() is not SECURITY DEFINER')
    } finally {
      await database.close()
    }
  })
})

describe("Mithril's role", () => {
  test('may neither read nor write the tables of events, nor make a trigger of their function', async () => {
    for (const table of ['event_subscriptions', 'event_inbox', 'event_deliveries', 'event_subscription_changes'])
      for (const statement of [
        `SELECT FROM ${table}`,
        `DELETE FROM ${table}`,
        `TRUNCATE ${table}`,
        `INSERT INTO ${table} SELECT * FROM ${table}`,
      ])
        await expect(cluster.query(statement, 'mithril')).rejects.toMatchObject({ code: '42501' })
    for (const name of ['queue_event', 'enable_event_queue'])
      await expect(
        cluster.query(
          `CREATE TEMPORARY TABLE bait (connection_id uuid, id bigint);
           CREATE TRIGGER forge AFTER INSERT ON bait FOR EACH ROW EXECUTE FUNCTION ${name}()`,
          'mithril',
        ),
      ).rejects.toMatchObject({ message: `permission denied for function ${name}` })
  })
})
