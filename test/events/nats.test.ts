import { randomUUID } from 'node:crypto'
import { DiscardPolicy, jetstream, RetentionPolicy, StorageType } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { natsServerOf } from '../../src/config/values.ts'
import type { LeasedDelivery } from '../../src/events/delivery-queue.ts'
import { directDispatch } from '../../src/events/direct-dispatch.ts'
import { createEventCounts } from '../../src/events/event-counts.ts'
import { createDeliverer } from '../../src/events/nats/deliverer.ts'
import type { Handover } from '../../src/events/nats/messages.ts'
import { natsDispatch } from '../../src/events/nats/nats-dispatch.ts'
import { messageIdOf, outcomesOf, streamName } from '../../src/events/nats/stream.ts'
import { createRelay, type Relay } from '../../src/events/relay.ts'
import { createSender } from '../../src/events/sender.ts'
import { createTargetAddresses } from '../../src/events/target-addresses.ts'
import { createDeliveryQueue } from '../../src/persistence/events/delivery-queue.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { hangMs } from '../support/event-load.ts'
import { type EventReceiver, startEventReceiver } from '../support/event-receiver.ts'
import { adminTypes, eventsOn, insertChanges, insertSubscription, switchOn } from '../support/events.ts'
import { startTestGateway } from '../support/gateway.ts'
import { natsIsMissing, prepareTestNats, type TestNats } from '../support/nats.ts'

const signingKey = Buffer.from('a key of the tests, 32 bytes long')
const source = 'https://gateway.example.ua'
const addresses = createTargetAddresses(['127.0.0.1'])

let testDatabase: TestDatabase
let nats: TestNats
let opened: Database[]
let relays: Relay[]
let receivers: EventReceiver[]
let connections: NatsConnection[]
let lines: { level: string; details: object; message: string }[]
beforeEach(async () => {
  if (natsIsMissing) return
  ;[testDatabase, nats] = await Promise.all([createTestDatabase(), prepareTestNats()])
  await testDatabase.query(switchOn)
  ;[opened, relays, receivers, connections, lines] = [[], [], [], [], []]
})
afterEach(async () => {
  if (natsIsMissing) return
  for (const relay of relays) await relay.close()
  for (const connection of connections) await connection.close()
  for (const receiver of receivers) await receiver.close()
  for (const database of opened) await database.close()
  await nats.close()
  await testDatabase.drop()
})

function start(role: 'publish' | 'deliver', url = nats.url) {
  const database = createDatabase(testDatabase.url, databaseDefaults, { isKeyed: true })
  opened.push(database)
  const server = natsServerOf(url)
  if (server === null) throw new Error('the URL is valid')
  const write = (level: string) => (details: object, message: string) => lines.push({ level, details, message })
  const log = { info: write('info'), warn: write('warn') }
  const broker = { isConnected: false, published: 0 }
  const counts = createEventCounts(broker)
  const queue = createDeliveryQueue(database, adminTypes)
  const deps = { config: { servers: [server], role }, queue, counts: broker, log }
  const relay =
    role === 'publish'
      ? createRelay({ queue, counts, log }, natsDispatch(deps))
      : createDeliverer(
          deps,
          directDispatch({
            queue,
            sender: createSender({ addresses, timeoutMs: 2_000 }),
            signingKey,
            source,
            counts,
            log,
          }),
        )
  relays.push(relay)
  relay.start()
  return { relay, counts, broker }
}

async function receiver(...options: Parameters<typeof startEventReceiver>) {
  const started = await startEventReceiver(...options)
  receivers.push(started)
  return started
}

/** A session of somebody else. */
async function look() {
  const connection = await connect({ port: nats.port, user: 'operator', pass: nats.password })
  connections.push(connection)
  return { connection, jetstream: jetstream(connection) }
}

async function stored() {
  const { jetstream } = await look()
  const { streams } = await jetstream.jetstreamManager()
  return (await streams.info(streamName)).state.messages
}

const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: hangMs, interval: 20 })
const states = async () =>
  (await testDatabase.query<{ state: string }>('SELECT state FROM event_deliveries ORDER BY number')).map(
    ({ state }) => state,
  )

/** A relay hands the events of so many connections over, and nobody takes them. */
async function handOver(count: number) {
  await nats.start()
  const { url, messages } = await receiver()
  await insertSubscription(testDatabase, { url })
  const { broker } = start('publish')
  const numbers = await insertChanges(testDatabase, Array(count).fill({}))
  await eventually(() => expect(broker.published).toBe(count))
  return { messages, numbers }
}

test.each([
  [
    'publish',
    'counts',
    ['gateway_events_pending', 'gateway_events_oldest_seconds', ...Array(4).fill('gateway_event_subscriptions')],
  ],
  ['deliver', 'does not count', []],
])('a gateway that is to %s is ready while NATS is away, and %s the backlog', async (role, _counts, gauges) => {
  const gateway = await startTestGateway({
    ...eventsOn,
    EVENTS_ENGINE: 'nats',
    EVENTS_NATS_URL: 'nats://127.0.0.1:1',
    EVENTS_NATS_ROLE: role,
  })
  try {
    await gateway.listen()
    await vi.waitFor(async () => expect((await gateway.app.inject('/health/ready')).statusCode).toBe(200), 10_000)
    await vi.waitFor(async () => {
      const { body } = await gateway.app.inject('/metrics')
      expect(body).toMatch(/^gateway_events_broker_connected 0$/m)
      expect(body.match(/^gateway_event(?:s_pending|s_oldest_seconds|_subscriptions)(?=[ {])/gm) ?? []).toEqual(gauges)
    }, 10_000)
  } finally {
    await gateway.close()
  }
})

describe.skipIf(natsIsMissing)('events by NATS', () => {
  test('reach the receiver once, in order for each connection, by two relays and two delivering gateways', async () => {
    await nats.start()
    const { url, messages } = await receiver(
      (_message, response) => void setTimeout(() => response.writeHead(204).end(), 5 * Math.random()),
    )
    await insertSubscription(testDatabase, { url })
    const [first, second] = [start('publish'), start('publish')]
    const senders = [start('deliver'), start('deliver')]
    const connectionIds = Array.from({ length: 12 }, () => randomUUID())
    const numbers: string[] = []
    for (let turn = 0; turn < 10; turn++)
      numbers.push(
        ...(await insertChanges(
          testDatabase,
          connectionIds.map((connectionId) => ({ connectionId })),
        )),
      )
    await eventually(async () => expect(await states()).toEqual(numbers.map(() => 'DELIVERED')))
    expect(messages.map(({ id }) => id).sort()).toEqual(numbers.map((number) => `chg_${number}`).sort())
    for (const connectionId of connectionIds) {
      const seen = messages.filter(({ event }) => event.subject === connectionId)
      expect(seen.slice(1).map(({ event }) => event.previous)).toEqual(seen.slice(0, -1).map(({ id }) => id))
    }
    // The relays have sent nothing themselves. What they published is acknowledged, and the stream is empty again.
    expect(first.counts.delivered + second.counts.delivered).toBe(0)
    expect(first.broker.published + second.broker.published).toBe(numbers.length)
    expect(senders.map(({ counts }) => counts.delivered).reduce((sum, count) => sum + count)).toBe(numbers.length)
    expect(await stored()).toBe(0)
  })

  test('are pending until JetStream has acknowledged and a delivering gateway has sent them', async () => {
    const { messages } = await handOver(1)
    expect(await stored()).toBe(1)
    expect(await states()).toEqual(['PENDING'])
    expect(messages).toEqual([])
    start('deliver')
    await eventually(async () => expect(await states()).toEqual(['DELIVERED']))
    expect(messages).toHaveLength(1)
  })

  test('wait in the database while NATS is away, which is said once and without the password', async () => {
    const { url, messages } = await receiver()
    await insertSubscription(testDatabase, { url })
    const started = [start('publish'), start('deliver')]
    await insertChanges(testDatabase, [{}])
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(await testDatabase.query('SELECT state, leased_until FROM event_deliveries')).toEqual([
      { state: 'PENDING', leased_until: null },
    ])
    expect(started.map(({ broker }) => broker.isConnected)).toEqual([false, false])
    const away = {
      level: 'warn',
      message: 'NATS cannot be used: events wait in the database',
      details: { reason: `127.0.0.1:${nats.port}: ConnectionError: connection refused` },
    }
    expect(lines).toEqual([away, away])
    await nats.start()
    await eventually(async () => expect(await states()).toEqual(['DELIVERED']))
    expect(messages).toHaveLength(1)
    expect(started.map(({ broker }) => broker.isConnected)).toEqual([true, true])
    expect(lines.slice(2).map(({ message }) => message)).toEqual(['NATS is connected', 'NATS is connected'])
    expect(JSON.stringify(lines)).not.toContain(nats.password)
  })

  test('wait while NATS has no TLS, or another password; the log has the reason, and not the password', async () => {
    await nats.start()
    await insertSubscription(testDatabase)
    const started = [
      start('publish', nats.url.replace('nats:', 'tls:')),
      start('deliver', nats.url.replace('gateway:', 'gateway:other-')),
    ]
    await insertChanges(testDatabase, [{}])
    await eventually(() => expect(lines).toHaveLength(2))
    expect(lines.map(({ details }) => details)).toEqual(
      expect.arrayContaining([
        { reason: `127.0.0.1:${nats.port}: ConnectionError: server does not support 'tls'` },
        { reason: `127.0.0.1:${nats.port}: AuthorizationError: Authorization Violation` },
      ]),
    )
    expect(started.map(({ broker }) => broker.isConnected)).toEqual([false, false])
    expect(JSON.stringify(lines)).not.toContain(nats.password)
    await eventually(async () => expect(await states()).toEqual(['PENDING']))
  })

  test('end soon although NATS holds its connections and answers nothing', async () => {
    await nats.start()
    const started = [start('publish'), start('deliver')]
    await eventually(() => expect(started.map(({ broker }) => broker.isConnected)).toEqual([true, true]))
    nats.freeze()
    const startedAt = performance.now()
    await Promise.all(started.map(({ relay }) => relay.close()))
    expect(performance.now() - startedAt).toBeLessThan(15_000)
    nats.thaw()
  })

  test('are not lost with the stream of a killed server, nor with one that an operator removes', async () => {
    const { messages, numbers } = await handOver(3)
    await nats.kill()
    await nats.forget()
    await nats.start()
    start('deliver')
    await eventually(async () => expect(await states()).toEqual(numbers.map(() => 'DELIVERED')))
    const { jetstream } = await look()
    await (await jetstream.jetstreamManager()).streams.delete(streamName)
    numbers.push(...(await insertChanges(testDatabase, [{}, {}])))
    await eventually(async () => expect(await states()).toEqual(numbers.map(() => 'DELIVERED')))
    expect(messages.map(({ id }) => id).sort()).toEqual(numbers.map((number) => `chg_${number}`).sort())
  })

  test('go in order through a stream that an operator has made with other limits, and leave it as it is', async () => {
    await nats.start()
    const settings = {
      name: streamName,
      subjects: ['mithril.events.>'],
      retention: RetentionPolicy.Limits,
      storage: StorageType.Memory,
      discard: DiscardPolicy.Old,
      max_msgs_per_subject: -1,
      max_msgs: 7,
    }
    const { jetstream } = await look()
    const { streams } = await jetstream.jetstreamManager()
    await streams.add({ ...settings })
    const { url, messages } = await receiver()
    await insertSubscription(testDatabase, { url })
    start('publish')
    start('deliver')
    const connectionId = randomUUID()
    const numbers = await insertChanges(testDatabase, Array(5).fill({ connectionId }))
    await eventually(async () => expect(await states()).toEqual(numbers.map(() => 'DELIVERED')))
    expect(messages.map(({ id }) => id)).toEqual(numbers.map((number) => `chg_${number}`))
    expect((await streams.info(streamName)).config).toMatchObject(settings)
  })

  test('wait while a stream that an operator has made lacks the subjects, which the log says', async () => {
    await nats.start()
    const { jetstream } = await look()
    const { streams } = await jetstream.jetstreamManager()
    await streams.add({ name: streamName, subjects: ['other.>'] })
    const { url, messages } = await receiver()
    await insertSubscription(testDatabase, { url })
    start('publish')
    start('deliver')
    await insertChanges(testDatabase, [{}])
    const reason = `127.0.0.1:${nats.port}: Error: the stream mithril_events does not have the subjects mithril.events.*.*`
    const warning = { level: 'warn', message: 'NATS cannot be used: events wait in the database', details: { reason } }
    const isWarning = ({ level }: { level: string }) => level === 'warn'
    await eventually(() => expect(lines.filter(isWarning)).toHaveLength(2))
    expect(lines.filter(isWarning)).toEqual([warning, warning])
    await streams.update(streamName, { subjects: ['mithril.events.*.*'] })
    await eventually(async () => expect(await states()).toEqual(['DELIVERED']))
    expect(messages).toHaveLength(1)
  })

  test('that are published twice, because the acknowledgement came late, are stored and sent once', async () => {
    await nats.start()
    const { url, messages } = await receiver()
    await insertSubscription(testDatabase, { url })
    const { broker } = start('publish')
    await eventually(() => expect(broker.isConnected).toBe(true))
    nats.freeze()
    await insertChanges(testDatabase, [{}])
    await eventually(async () =>
      expect(await testDatabase.query('SELECT FROM event_deliveries WHERE leased_until IS NOT NULL')).toHaveLength(1),
    )
    // After 2 s without an acknowledgement the relay publishes again.
    await new Promise((resolve) => setTimeout(resolve, 2_800))
    nats.thaw()
    await eventually(() => expect(broker.published).toBe(1))
    const { jetstream } = await look()
    const { streams } = await jetstream.jetstreamManager()
    expect((await streams.info(streamName)).state).toMatchObject({ messages: 1, last_seq: 1 })
    start('deliver')
    await eventually(async () => expect(await states()).toEqual(['DELIVERED']))
    expect(messages).toHaveLength(1)
  })

  test('are sent only with a lease that holds: old, repeated and made-up messages send nothing', async () => {
    await nats.start()
    const { url, messages } = await receiver()
    const subscriptionId = await insertSubscription(testDatabase, { url })
    const { broker } = start('deliver')
    await eventually(() => expect(broker.isConnected).toBe(true))
    const database = createDatabase(testDatabase.url, databaseDefaults, { isKeyed: true })
    opened.push(database)
    const queue = createDeliveryQueue(database, adminTypes)
    const [number] = await insertChanges(testDatabase, [{}])
    await queue.gather()
    const [claimed] = await queue.claim({ atMost: 1, share: 1, shares: new Map(), leaseSeconds: 8 })
    const { connectionId, lease } = claimed as LeasedDelivery
    const handover = { subscriptionId, connectionId, number, lease, isProbe: false, relay: randomUUID() }
    const { jetstream } = await look()
    const publish = (body: object | string) =>
      jetstream.publish(`mithril.events.${randomUUID()}.${randomUUID()}`, JSON.stringify(body))
    for (const wrong of [
      { ...handover, lease: '2026-01-01T00:00:00.000000+00:00' },
      { ...handover, number: '9999999' },
      { ...handover, subscriptionId: randomUUID() },
      { ...handover, lease: '2026-02-30T00:00:00+00:00' },
      { ...handover, number: '1; DROP TABLE event_deliveries' },
      { ...handover, relay: '>' },
      'no handover',
    ])
      await publish(wrong)
    await eventually(async () => expect(await stored()).toBe(0))
    expect(messages).toEqual([])
    expect(lines.filter(({ level }) => level === 'warn')).toEqual([
      {
        level: 'warn',
        message: 'NATS has a message that is no handover',
        details: { reason: 'the text is not valid' },
      },
    ])
    // The true one is taken over once.
    await Promise.all([publish(handover), publish(handover)])
    await eventually(async () => expect(await states()).toEqual(['DELIVERED']))
    await eventually(async () => expect(await stored()).toBe(0))
    expect(messages.map(({ id }) => id)).toEqual([`chg_${number}`])
  })

  test('of a paused subscription stay unsent, although they were handed over before', async () => {
    const { messages } = await handOver(1)
    await testDatabase.query(`UPDATE event_subscriptions SET state = 'PAUSED'`)
    start('deliver')
    await eventually(async () => expect(await stored()).toBe(0))
    // The relay heard of it and gave the lease back.
    await eventually(async () =>
      expect(await testDatabase.query('SELECT state, leased_until, attempts FROM event_deliveries')).toEqual([
        { state: 'PENDING', leased_until: null, attempts: 0 },
      ]),
    )
    expect(messages).toEqual([])
    await testDatabase.query(`UPDATE event_subscriptions SET state = 'ACTIVE'`)
    await eventually(async () => expect(await states()).toEqual(['DELIVERED']))
  })

  test('keep the places of their relay while a gateway says that it works, and free them when it is silent', async () => {
    await nats.start()
    await insertSubscription(testDatabase)
    // Stands for a delivering gateway. It takes no lease over, so the relay may hand the events over again.
    const { connection } = await look()
    const handovers: Handover[] = []
    connection.subscribe('mithril.events.>', {
      callback: (_error, message) => void handovers.push(message.json()),
    })
    await connection.flush()
    const { broker } = start('publish')
    await insertChanges(testDatabase, Array(8).fill({}))
    await eventually(() => expect(handovers).toHaveLength(4))
    const working = setInterval(() => {
      for (const handover of handovers)
        connection.publish(outcomesOf(handover.relay), JSON.stringify({ id: messageIdOf(handover), result: 'working' }))
    }, 500)
    await new Promise((resolve) => setTimeout(resolve, 10_000))
    expect(broker.published).toBe(4)
    clearInterval(working)
    await vi.waitFor(() => expect(broker.published).toBeGreaterThan(4), { timeout: 15_000, interval: 50 })
  })

  test('that fail wait for their next attempt, and the endpoint backs off as a whole', async () => {
    await nats.start()
    const { url, messages } = await receiver((_message, response) => void response.writeHead(503).end())
    await insertSubscription(testDatabase, { url })
    start('publish')
    const { counts } = start('deliver')
    await insertChanges(testDatabase, Array(60).fill({}))
    await eventually(() => expect(messages.length).toBeGreaterThanOrEqual(5))
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    // Four attempts may be on their way before the first failure is known.
    expect(messages.length).toBeLessThanOrEqual(4 + 4)
    expect(counts.failed.get('status')).toBe(messages.length)
    const [row] = await testDatabase.query<{ failures: number; isClosed: boolean }>(
      'SELECT failures, closed_until > now() AS "isClosed" FROM event_subscriptions',
    )
    expect(row).toEqual({ failures: messages.length, isClosed: true })
    expect(new Set(await states())).toEqual(new Set(['PENDING']))
  })

  test('leave no lease behind when relay and delivering gateway end while an endpoint is silent', async () => {
    await nats.start()
    const { url, messages } = await receiver(() => {})
    await insertSubscription(testDatabase, { url })
    const [publish, deliver] = [start('publish'), start('deliver')]
    await insertChanges(testDatabase, [{}, {}])
    await eventually(() => expect(messages.length).toBeGreaterThan(0))
    await Promise.all([publish.relay.close(), deliver.relay.close()])
    expect(await testDatabase.query('SELECT FROM event_deliveries WHERE leased_until IS NOT NULL')).toEqual([])
    expect(new Set(await states())).toEqual(new Set(['PENDING']))
  })

  test('go on after a server that was frozen and one that was killed', async () => {
    await nats.start()
    const { url, messages } = await receiver()
    await insertSubscription(testDatabase, { url })
    start('publish')
    start('deliver')
    const numbers = await insertChanges(testDatabase, [{}])
    await eventually(async () => expect(await states()).toEqual(['DELIVERED']))
    nats.freeze()
    numbers.push(...(await insertChanges(testDatabase, [{}, {}])))
    await new Promise((resolve) => setTimeout(resolve, 6_000))
    nats.thaw()
    await eventually(async () => expect(await states()).toEqual(numbers.map(() => 'DELIVERED')))
    await nats.kill()
    numbers.push(...(await insertChanges(testDatabase, [{}, {}])))
    await nats.start()
    await eventually(async () => expect(await states()).toEqual(numbers.map(() => 'DELIVERED')))
    expect(new Set(messages.map(({ id }) => id))).toEqual(new Set(numbers.map((number) => `chg_${number}`)))
  })
})
