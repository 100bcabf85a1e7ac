import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createChallenge } from '../../src/events/challenge.ts'
import { directDispatch } from '../../src/events/direct-dispatch.ts'
import { createEventCounts, type EventCounts } from '../../src/events/event-counts.ts'
import { openEventEndpoints } from '../../src/events/event-endpoints.ts'
import { createRelay, type Relay } from '../../src/events/relay.ts'
import { createSender } from '../../src/events/sender.ts'
import { signingSecretOf } from '../../src/events/signing-secret.ts'
import { createTargetAddresses } from '../../src/events/target-addresses.ts'
import { createDeliveryQueue } from '../../src/persistence/events/delivery-queue.ts'
import { gatherAtMost } from '../../src/persistence/events/gather.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { type EventReceiver, type ReceivedMessage, startEventReceiver, verify } from '../support/event-receiver.ts'
import { adminTypes, insertChanges, insertSubscription, switchOn } from '../support/events.ts'

const signingKey = Buffer.from('a key of the tests, 32 bytes long')
const source = 'https://gateway.example.ua'
const addresses = createTargetAddresses(['127.0.0.1'])

let testDatabase: TestDatabase
let opened: Database[]
let relays: Relay[]
let receivers: EventReceiver[]
let lines: { level: string; details: object; message: string }[]
beforeEach(async () => {
  testDatabase = await createTestDatabase()
  await testDatabase.query(switchOn)
  ;[opened, relays, receivers, lines] = [[], [], [], []]
})
afterEach(async () => {
  for (const relay of relays) await relay.close()
  for (const receiver of receivers) await receiver.close()
  for (const database of opened) await database.close()
  await testDatabase.drop()
})

/** Starts a relay as an instance of the gateway has it. */
function startRelay(url?: string): { relay: Relay; counts: EventCounts } {
  const database =
    url === undefined
      ? createDatabase(testDatabase.url, databaseDefaults)
      : createDatabase(url, { ...databaseDefaults, connectTimeoutMs: 500 })
  opened.push(database)
  const counts = createEventCounts()
  const write = (level: string) => (details: object, message: string) => lines.push({ level, details, message })
  const deps = {
    queue: createDeliveryQueue(database, adminTypes),
    sender: createSender({ addresses, timeoutMs: 2_000 }),
    signingKey,
    source,
    counts,
    log: { info: write('info'), warn: write('warn') },
  }
  const relay = createRelay(deps, directDispatch(deps))
  relays.push(relay)
  relay.start()
  return { relay, counts }
}

async function receiver(...options: Parameters<typeof startEventReceiver>) {
  const started = await startEventReceiver(...options)
  receivers.push(started)
  return started
}

const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 30_000, interval: 20 })
const states = async () =>
  (await testDatabase.query<{ state: string }>('SELECT state FROM event_deliveries ORDER BY number')).map(
    ({ state }) => state,
  )
/** Makes everything due that waits for its next attempt. */
const hurry = () =>
  testDatabase.query(`UPDATE event_deliveries SET next_attempt_at = now() WHERE state = 'PENDING' AND attempts > 0;
                      UPDATE event_subscriptions SET closed_until = now() WHERE closed_until IS NOT NULL`)

describe('an event', () => {
  test('arrives as a CloudEvent that the library and node:crypto verify, after a write of Mithril', async () => {
    const { url, messages } = await receiver()
    const clientId = await testDatabase.insertClient({ type: 'MSP' })
    const consumerId = await testDatabase.insertClient({ type: 'MIS' })
    const redirectUri = 'https://before.example.ua/'
    const id = await testDatabase.insertConnection({ clientId, consumerId, redirectUri })
    const subscriptionId = await insertSubscription(testDatabase, { url, ownerClientId: consumerId, reach: 'CONSUMER' })
    startRelay()
    await testDatabase.query(`UPDATE connections SET redirect_uri = 'https://after.example.ua/' WHERE id = $1`, [id])
    await eventually(async () => expect(await states()).toEqual(['DELIVERED']))

    const [message] = messages
    if (message === undefined) throw new Error('it was delivered')
    const [row] = await testDatabase.query<{ id: string }>('SELECT max(id)::text AS id FROM connection_changes')
    expect(message.id).toBe(`chg_${row?.id}`)
    expect(message.headers).toMatchObject({
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'user-agent': expect.stringMatching(/^mithril-connection-gateway\/\d/),
    })
    expect(message.event).toMatchObject({
      specversion: '1.0',
      id: message.id,
      source,
      type: 'ua.ehealth.mithril.connection.redirect_uri_changed',
      subject: id,
      data: { connectionId: id, clientId, consumerId, before: redirectUri, after: 'https://after.example.ua/' },
    })
    expect(verify(message, signingSecretOf(signingKey, subscriptionId, 1))).toEqual({ byLibrary: true, byCrypto: true })
    expect(verify(message, signingSecretOf(signingKey, subscriptionId, 2))).toEqual({
      byLibrary: false,
      byCrypto: false,
    })
    expect(verify({ ...message, body: `${message.body} ` }, signingSecretOf(signingKey, subscriptionId, 1))).toEqual({
      byLibrary: false,
      byCrypto: false,
    })
  })

  test('has the signatures of both secrets for a day after a rotation', async () => {
    const { url, messages } = await receiver()
    const id = await insertSubscription(testDatabase, { url })
    await testDatabase.query('UPDATE event_subscriptions SET key_generation = 2, key_rotated_at = now()')
    startRelay()
    await insertChanges(testDatabase, [{}])
    await eventually(() => expect(messages).toHaveLength(1))
    for (const generation of [1, 2])
      expect(verify(messages[0] as ReceivedMessage, signingSecretOf(signingKey, id, generation))).toEqual({
        byLibrary: true,
        byCrypto: true,
      })
  })

  test('has no secret, and no line of the log names a target or a redirect URI', async () => {
    const { url, messages } = await receiver((_message, response) => void response.writeHead(500).end())
    await insertSubscription(testDatabase, { url: `${url}?token=capability` })
    startRelay()
    await insertChanges(testDatabase, [{}])
    await eventually(() => expect(lines).toHaveLength(1))
    expect(lines).toEqual([
      {
        level: 'info',
        message: 'event not delivered',
        details: {
          subscriptionId: expect.any(String),
          event: messages[0]?.id,
          attempts: 1,
          status: 500,
          reason: 'status',
        },
      },
    ])
    expect(JSON.stringify(lines)).not.toMatch(/https?:|capability|whsec/)
    expect(messages[0]?.body).not.toMatch(/secret|whsec/)
  })

  test('goes out again with the same bytes and the same id after a failure, in its place of the order', async () => {
    const { url, messages } = await receiver(
      (_message, response) => void response.writeHead(messages.length === 1 ? 500 : 204).end(),
    )
    await insertSubscription(testDatabase, { url })
    startRelay()
    const connectionId = randomUUID()
    await insertChanges(testDatabase, Array(3).fill({ connectionId }))
    await eventually(() => expect(messages).toHaveLength(1))
    await eventually(async () => {
      await hurry()
      expect(await states()).toEqual(['DELIVERED', 'DELIVERED', 'DELIVERED'])
    })
    const ids = messages.map(({ id }) => id)
    expect(ids).toEqual([ids[0], ids[0], ids[2], ids[3]])
    expect(new Set(messages.slice(0, 2).map(({ body }) => body)).size).toBe(1)
    expect(messages.slice(1).map(({ event }) => event.previous)).toEqual([undefined, ids[0], ids[2]])
  })

  test('reaches an idle gateway soon: half of the events within a second', async () => {
    const { url, messages } = await receiver()
    await insertSubscription(testDatabase, { url })
    startRelay()
    const waits: number[] = []
    for (let count = 0; count < 12; count++) {
      const committedAt = performance.now()
      await insertChanges(testDatabase, [{}])
      await eventually(() => expect(messages).toHaveLength(count + 1))
      waits.push((messages[count]?.at ?? 0) - committedAt)
      await new Promise((resolve) => setTimeout(resolve, 100 * Math.random()))
    }
    waits.sort((a, b) => a - b)
    expect(waits[5]).toBeLessThan(1_000)
  })
})

describe('an endpoint', () => {
  test('that answers 410 is switched off at once', async () => {
    const { url, messages } = await receiver((_message, response) => void response.writeHead(410).end())
    await insertSubscription(testDatabase, { url })
    const { counts } = startRelay()
    await insertChanges(testDatabase, [{}])
    await eventually(() => expect(counts.switchedOff).toBe(1))
    await insertChanges(testDatabase, [{}])
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(messages).toHaveLength(1)
    expect(lines.at(-1)).toMatchObject({ level: 'warn', details: { why: 'GONE' } })
    expect(await testDatabase.query('SELECT act FROM event_subscription_changes')).toEqual([{ act: 'SWITCHED_OFF' }])
  })

  test('that is dead gets five attempts and then no more, whatever its backlog, and delays no other one', async () => {
    const dead = await receiver((_message, response) => void response.writeHead(503).end())
    const good = await receiver()
    await insertSubscription(testDatabase, { url: dead.url })
    await insertSubscription(testDatabase, { url: good.url })
    startRelay()
    startRelay()
    await insertChanges(testDatabase, Array(300).fill({}))
    await eventually(() => expect(good.messages).toHaveLength(300))
    await new Promise((resolve) => setTimeout(resolve, 700))
    // Four attempts of each instance may be on their way before the first failure is known.
    expect(dead.messages.length).toBeGreaterThanOrEqual(5)
    expect(dead.messages.length).toBeLessThanOrEqual(4 + 4 + 4)
    const before = dead.messages.length
    await hurry()
    await eventually(() => expect(dead.messages.length).toBeGreaterThan(before))
    await new Promise((resolve) => setTimeout(resolve, 700))
    expect(dead.messages).toHaveLength(before + 1)
  })

  test('that comes back gets everything, once and in order', async () => {
    let isUp = false
    const { url, messages } = await receiver((_message, response) => void response.writeHead(isUp ? 200 : 502).end())
    await insertSubscription(testDatabase, { url })
    startRelay()
    const connections = [randomUUID(), randomUUID(), randomUUID()]
    for (let turn = 0; turn < 5; turn++)
      await insertChanges(
        testDatabase,
        connections.map((connectionId) => ({ connectionId })),
      )
    await eventually(() => expect(messages.length).toBeGreaterThan(0))
    isUp = true
    const failed = messages.length
    await eventually(async () => {
      await hurry()
      expect(new Set(await states())).toEqual(new Set(['DELIVERED']))
    })
    const arrived = messages.slice(failed)
    for (const connectionId of connections) {
      const numbers = arrived.filter(({ event }) => event.subject === connectionId).map(({ id }) => Number(id.slice(4)))
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    }
    expect(new Set(arrived.map(({ id }) => id)).size).toBeGreaterThanOrEqual(14)
  })

  test('that says Retry-After is left alone for that time', async () => {
    const { url, messages } = await receiver(
      (_message, response) => void response.writeHead(429, { 'retry-after': '120' }).end(),
    )
    await insertSubscription(testDatabase, { url })
    startRelay()
    await insertChanges(testDatabase, [{}])
    await eventually(() => expect(messages).toHaveLength(1))
    await eventually(async () => {
      const [row] = await testDatabase.query<{ seconds: number }>(
        `SELECT extract(epoch FROM closed_until - now())::int AS seconds FROM event_subscriptions`,
      )
      expect(row?.seconds).toBeGreaterThan(100)
    })
  })
})

describe('a relay', () => {
  test('that is closed ends what is on its way, sends nothing more, and leaves no lease', async () => {
    let release = () => {}
    const { url, messages } = await receiver(async (_message, response) => {
      await new Promise<void>((resolve) => (release = resolve))
      response.writeHead(204).end()
    })
    await insertSubscription(testDatabase, { url })
    const { relay } = startRelay()
    const connectionId = randomUUID()
    await insertChanges(testDatabase, Array(2).fill({ connectionId }))
    await eventually(() => expect(messages).toHaveLength(1))
    const closed = relay.close()
    setTimeout(release, 300)
    await closed
    expect(await states()).toEqual(['DELIVERED', 'PENDING'])
    expect(await testDatabase.query('SELECT FROM event_deliveries WHERE leased_until IS NOT NULL')).toEqual([])
    expect(messages).toHaveLength(1)
  })

  test('that cannot wait any longer gives its leases back', async () => {
    const { url, messages } = await receiver(() => {})
    await insertSubscription(testDatabase, { url })
    const { relay } = startRelay()
    await insertChanges(testDatabase, [{}])
    await eventually(() => expect(messages).toHaveLength(1))
    const startedAt = performance.now()
    const sender = relay.close()
    await sender
    // An attempt alone may take 15 s.
    expect(performance.now() - startedAt).toBeLessThan(12_000)
    expect(await testDatabase.query('SELECT state, attempts, leased_until FROM event_deliveries')).toEqual([
      { state: 'PENDING', attempts: expect.any(Number), leased_until: null },
    ])
  })

  test('three share the work: each event once, in order for each connection', async () => {
    const { url, messages } = await receiver(
      (_message, response) => void setTimeout(() => response.writeHead(204).end(), 5 * Math.random()),
    )
    await insertSubscription(testDatabase, { url })
    for (let count = 0; count < 3; count++) startRelay()
    const connections = Array.from({ length: 20 }, () => randomUUID())
    const numbers: string[] = []
    for (let turn = 0; turn < 15; turn++)
      numbers.push(
        ...(await insertChanges(
          testDatabase,
          connections.map((connectionId) => ({ connectionId })),
        )),
      )
    await eventually(() => expect(messages).toHaveLength(numbers.length))
    expect(messages.map(({ id }) => id).sort()).toEqual(numbers.map((number) => `chg_${number}`).sort())
    for (const connectionId of connections) {
      const seen = messages.filter(({ event }) => event.subject === connectionId)
      expect(seen.slice(1).map(({ event }) => event.previous)).toEqual(seen.slice(0, -1).map(({ id }) => id))
    }
  })

  test('sends the first events while changes of a large transaction are still in the inbox', async () => {
    const inboxes: number[] = []
    const { url } = await receiver(async (_message, response) => {
      const [row] = await testDatabase.query<{ count: number }>('SELECT count(*)::int FROM event_inbox')
      inboxes.push(row?.count ?? 0)
      response.writeHead(204).end()
    })
    await insertSubscription(testDatabase, { url })
    const connectionIds = Array.from({ length: 100 }, () => randomUUID())
    await insertChanges(
      testDatabase,
      Array.from({ length: 3 * gatherAtMost }, (_, count) => ({ connectionId: connectionIds[count % 100] ?? '' })),
    )
    startRelay()
    await eventually(() => expect(inboxes.length).toBeGreaterThan(0))
    expect(inboxes[0]).toBeGreaterThan(0)
  })

  test('goes on after the database was away, and says so once', async () => {
    const { url, messages } = await receiver()
    await insertSubscription(testDatabase, { url })
    startRelay()
    await insertChanges(testDatabase, [{}])
    await eventually(() => expect(messages).toHaveLength(1))
    await eventually(async () => expect(await states()).toEqual(['DELIVERED']))
    for (let turn = 0; turn < 5; turn++) {
      await testDatabase.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'mithril-connection-gateway'`,
      )
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await insertChanges(testDatabase, [{}])
    await eventually(() => expect(new Set(messages.map(({ id }) => id)).size).toBe(2))
    expect(lines.filter(({ level }) => level === 'warn').length).toBeLessThanOrEqual(1)
  })
})

describe('a challenge', () => {
  const subscription = { id: randomUUID(), keyGeneration: 1, keyRotatedAt: null }
  const challenge = createChallenge({ sender: createSender({ addresses, timeoutMs: 500 }), signingKey, source })
  const echo = (message: ReceivedMessage) => String(message.event.data['challenge'])

  test.each([
    ['as JSON', (message: ReceivedMessage) => JSON.stringify({ challenge: echo(message) }), 'answered'],
    ['as text', (message: ReceivedMessage) => `${echo(message)}\n`, 'answered'],
    ['with another text', () => 'ok', 'echo'],
    ['with another member', (message: ReceivedMessage) => JSON.stringify({ answer: echo(message) }), 'echo'],
    ['behind 1 kB of other text', (message: ReceivedMessage) => ' '.repeat(1_024) + echo(message), 'echo'],
    ['with nothing', () => '', 'echo'],
  ])('that is answered %s', async (_how, answer, expected) => {
    const { url, messages } = await receiver((message, response) => void response.end(answer(message)))
    expect(await challenge({ ...subscription, url })).toBe(expected)
    expect(messages[0]?.event.type).toBe('ua.ehealth.mithril.subscription.challenge')
    expect(verify(messages[0] as ReceivedMessage, signingSecretOf(signingKey, subscription.id, 1))).toEqual({
      byLibrary: true,
      byCrypto: true,
    })
  })

  test('is not answered by an error, a redirect or a private address', async () => {
    for (const status of [302, 404, 500]) {
      const { url } = await receiver((message, response) => void response.writeHead(status).end(echo(message)))
      expect(await challenge({ ...subscription, url })).toBe('status')
    }
    expect(await challenge({ ...subscription, url: 'https://192.168.0.1/' })).toBe('address')
  })

  test('that fails in the gateway itself is INTERRUPTED, and the log names the exception without its texts', async () => {
    const { url } = await receiver()
    const config = { signingKey: null as never, source, targetNetworks: ['127.0.0.1'] }
    const endpoints = openEventEndpoints(config as never, addresses, {
      info: () => {},
      warn: (details, message) => lines.push({ level: 'warn', details, message }),
    })
    const outcome = await endpoints.challenge({ ...subscription, url: `${url}?token=capability` } as never)
    endpoints.interrupt()
    expect([outcome, lines]).toEqual([
      'INTERRUPTED',
      [
        {
          level: 'warn',
          message: 'a challenge failed in the gateway itself',
          details: { subscriptionId: subscription.id, reason: 'TypeError ERR_INVALID_ARG_TYPE' },
        },
      ],
    ])
  })

  test('is another text each time', async () => {
    const { url, messages } = await receiver()
    await challenge({ ...subscription, url })
    await challenge({ ...subscription, url })
    expect(new Set(messages.map(echo)).size).toBe(2)
  })
})
