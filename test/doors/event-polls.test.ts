import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { cloudEventOf } from '../../src/domain/event.ts'
import { createSubscriptionStore } from '../../src/persistence/events/subscription-store.ts'
import { createDatabase } from '../../src/persistence/pool/database.ts'
import { databaseDefaults } from '../support/database.ts'
import { eventsOn, insertChanges, insertSubscription, queueChanges, switchOn } from '../support/events.ts'
import { findFreePort } from '../support/free-port.ts'
import { bearer, startProxiedGateway, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

// A real socket and a real clock: a poll waits, is left, and ends with its gateway.

let gateway: TestGateway
let origin: string
beforeAll(async () => {
  gateway = await startTestGateway({ ...eventsOn, DATABASE_POOL_MAX: '2' })
  await gateway.database.query(switchOn)
  origin = await gateway.listen()
})
afterAll(() => gateway.close())

/** A client with a POLL subscription of its own connections. */
async function subscriber({ at = gateway, clientId = String(randomUUID()) } = {}) {
  const more = { reach: 'CLIENT', url: null } as const
  const id = await insertSubscription(at.database, { ownerClientId: clientId, ...more })
  const token = at.issuer.mint(writer(clientId, { clientType: 'MIS', scope: 'event:manage' }))
  return { id, clientId, token }
}
type Subscriber = Awaited<ReturnType<typeof subscriber>>

const path = ({ id }: { id: string }, rest: string) => `/api/event-subscriptions/${id}/${rest}`

async function poll(one: Subscriber, query = '', { at = origin, signal = AbortSignal.timeout(20_000) } = {}) {
  const startedAt = performance.now()
  const response = await fetch(at + path(one, `events${query}`), { headers: bearer(one.token), signal })
  const { data, error } = (await response.json()) as {
    data?: { id: string; subject: string }[]
    error?: { message: string; invalid?: { entry: string; rules: { description: string }[] }[] }
  }
  const said = [response.status, error?.message].filter(Boolean).join(' ')
  return { said, data, error, headers: response.headers, ms: performance.now() - startedAt }
}

const acknowledge = (one: Subscriber, ids: unknown) =>
  gateway.app.inject({
    method: 'POST',
    url: path(one, 'acknowledgements'),
    headers: bearer(one.token),
    payload: { ids } as object,
  })

const idsOf = ({ data }: Awaited<ReturnType<typeof poll>>) => data?.map(({ id }) => id)
const waits = (at: TestGateway) =>
  at.database.query<{ text: string }>(
    `SELECT query AS text FROM pg_stat_activity WHERE application_name = 'mithril-connection-gateway' AND state <> 'idle'`,
  )

describe('a poll', () => {
  test('answers the events that a push would post, oldest first, until they are acknowledged', async () => {
    const one = await subscriber()
    const connectionId = randomUUID()
    const change = { connectionId, clientId: one.clientId }
    const numbers = await queueChanges(gateway.database, [change, { clientId: one.clientId }, change])
    const ids = numbers.map((number) => `chg_${number}`)

    const first = await poll(one)
    expect([first.said, idsOf(first)]).toEqual(['200', ids])
    expect(first.headers.get('cache-control')).toBe('no-store')
    expect(first.data?.[2]).toMatchObject({ previous: ids[0], subject: connectionId })
    const database = createDatabase(gateway.database.url, databaseDefaults)
    const changes = await createSubscriptionStore(database).waiting(one.id, 10)
    await database.close()
    expect(first.data?.map((event) => JSON.stringify(event))).toEqual(
      changes.map((known) => cloudEventOf(known, 'https://gateway.example.ua')),
    )

    expect(idsOf(await poll(one, '?max=1'))).toEqual([ids[0]])
    expect((await acknowledge(one, [ids[0], ids[2], 'chg_999999'])).json().data).toEqual({ acknowledged: 2 })
    expect((await acknowledge(one, [ids[0]])).json().data).toEqual({ acknowledged: 0 })
    expect(idsOf(await poll(one))).toEqual([ids[1]])
  })

  test.each([
    ['?max=0', '$.max', 'expected the value to be from 1 to 100'],
    ['?max=101', '$.max', 'expected the value to be from 1 to 100'],
    ['?max=x', '$.max', 'expected the value to be from 1 to 100'],
    ['?wait=31', '$.wait', 'expected the value to be from 0 to 30'],
    ['?wait=-1', '$.wait', 'expected the value to be from 0 to 30'],
    ['?wait=1&wait=2', '$.wait', 'expected the parameter once, but it was given more than once'],
  ])('is refused with %s', async (query, entry, description) => {
    const { said, error } = await poll(await subscriber(), query)
    expect([said, error?.invalid]).toMatchObject(['422 Validation failed', [{ entry, rules: [{ description }] }]])
  })

  test.each([[undefined], ['chg_1'], [[]], [['1']], [['chg_9999999999999999999']], [Array(1_001).fill('chg_1')]])(
    'an acknowledgement of %j is refused',
    async (ids) => {
      const { statusCode, body } = await acknowledge(await subscriber(), ids)
      expect([statusCode, JSON.parse(body).error.invalid[0].entry]).toEqual([422, '$.ids'])
    },
  )

  test('of a PUSH subscription is refused, and so is an acknowledgement', async () => {
    const one = await subscriber()
    await gateway.database.query(
      `UPDATE event_subscriptions SET method = 'PUSH', url = 'https://a.ua/' WHERE id = $1`,
      [one.id],
    )
    const refused = 'The method or the state of the subscription does not allow this'
    expect((await poll(one)).said).toBe(`409 ${refused}`)
    expect((await acknowledge(one, ['chg_1'])).json().error.message).toBe(refused)
  })
})

describe('a poll that waits', () => {
  test('is answered soon after a change, and only that of its own subscription', async () => {
    const [one, other] = [await subscriber(), await subscriber()]
    const polls = [poll(one, '?wait=10'), poll(other, '?wait=2')]
    await delay(300)
    const [number] = await insertChanges(gateway.database, [{ clientId: one.clientId }])
    const [woken, over] = await Promise.all(polls)
    expect([woken && idsOf(woken), over && idsOf(over)]).toEqual([[`chg_${number}`], []])
    expect(woken?.ms).toBeLessThan(5_000)
    expect(over?.ms).toBeGreaterThan(1_900)
  })

  test('answers nothing while the subscription is paused, and the events once it is resumed', async () => {
    const one = await subscriber()
    await gateway.database.query(`UPDATE event_subscriptions SET state = 'PAUSED' WHERE id = $1`, [one.id])
    const [number] = await insertChanges(gateway.database, [{ clientId: one.clientId }])
    expect(idsOf(await poll(one, '?wait=1'))).toEqual([])
    const waiting = poll(one, '?wait=10')
    await delay(200)
    await gateway.app.inject({ method: 'POST', url: path(one, 'resume'), headers: bearer(one.token) })
    expect(idsOf(await waiting)).toEqual([`chg_${number}`])
  })

  test('holds no connection: with a pool of two, ten polls wait and other requests are answered', async () => {
    const one = await subscriber()
    const polls = Array.from({ length: 10 }, () => poll(one, '?wait=3'))
    await delay(1_000)
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => gateway.app.inject({ url: path(one, 'events'), headers: bearer(one.token) })),
    )
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]))
    expect((await waits(gateway)).filter(({ text }) => !/event_(?:inbox|deliveries)/.test(text))).toEqual([])

    const eleventh = await poll(one, '?wait=3')
    expect([eleventh.said, eleventh.headers.get('retry-after')]).toEqual([
      '429 Too many polls of this client are waiting for events',
      '5',
    ])
    // Without waiting it needs no place, and another client has places of its own.
    expect((await poll(one)).said).toBe('200')
    expect((await poll(await subscriber(), '?wait=1')).said).toBe('200')
    expect(new Set((await Promise.all(polls)).map(({ said }) => said))).toEqual(new Set(['200']))
  })

  test('is answered although one change ends more polls than the queue of the database has places', async () => {
    const small = await startTestGateway({ ...eventsOn, DATABASE_POOL_MAX: '2', DATABASE_QUEUE_MAX: '15' })
    try {
      await small.database.query(switchOn)
      const at = await small.listen()
      const owners = await Promise.all(Array.from({ length: 8 }, () => subscriber({ at: small })))
      const polls: ReturnType<typeof poll>[] = []
      // Fewer polls arrive at a time than the queue has places.
      for (let place = 0; place < 10; place++)
        for (const one of owners) {
          polls.push(poll(one, '?wait=30', { at }))
          await delay(50)
        }
      const changes = owners.map(({ clientId }) => ({ clientId }))
      await insertChanges(small.database, changes)
      const answers = await Promise.all(polls)
      expect([new Set(answers.map(({ said }) => said)), new Set(answers.map(({ data }) => data?.length))]).toEqual([
        new Set(['200']),
        new Set([1]),
      ])
    } finally {
      await small.close()
    }
  }, 120_000)

  test('leaves updates their places: all 200 programs come back at each change, and no update is refused', async () => {
    const small = await startTestGateway({ ...eventsOn, DATABASE_POOL_MAX: '2', DATABASE_QUEUE_MAX: '15' })
    let isOver = false
    const programs: Promise<void>[] = []
    try {
      await small.database.query(switchOn)
      const at = await small.listen()
      const owners = await Promise.all(Array.from({ length: 20 }, () => subscriber({ at: small })))
      const program = async (one: Subscriber) => {
        while (!isOver) {
          const { data } = await poll(one, '?wait=2', { at })
          const ids = data?.map(({ id }) => id) ?? []
          const headers = { ...bearer(one.token), 'content-type': 'application/json' }
          const body = JSON.stringify({ ids })
          if (ids.length > 0) await fetch(at + path(one, 'acknowledgements'), { method: 'POST', headers, body })
        }
      }
      for (const one of owners) for (let place = 0; place < 10; place++) programs.push(program(one))
      const { clientId, path: connection } = await small.connection()
      const token = small.issuer.mint(writer(clientId))
      const statuses: number[] = []
      for (let turn = 0; turn < 60; turn++) {
        if (turn % 5 === 0)
          await insertChanges(
            small.database,
            owners.map((one) => ({ clientId: one.clientId })),
          )
        const update = { redirect_uri: `https://turn-${turn}.example.ua/` }
        statuses.push((await small.patch(connection, update, token)).statusCode)
        await delay(50)
      }
      expect(statuses.filter((status) => status !== 200)).toEqual([])
    } finally {
      isOver = true
      await Promise.all(programs)
      await small.close()
    }
  }, 120_000)

  test('gives its place back when the caller leaves', async () => {
    const one = await subscriber()
    const leaving = new AbortController()
    const left = Array.from({ length: 10 }, () => poll(one, '?wait=30', { signal: leaving.signal }))
    await delay(800)
    expect((await poll(one, '?wait=1')).said).toMatch(/^429/)
    leaving.abort()
    expect(new Set((await Promise.allSettled(left)).map(({ status }) => status))).toEqual(new Set(['rejected']))
    await vi.waitFor(async () => expect((await poll(one, '?wait=1')).said).toBe('200'), { timeout: 30_000 })
    const aborted = gateway.log.map((line) => JSON.parse(line)).filter((line) => line.aborted)
    expect(aborted).toHaveLength(10)
  })

  test('is 401 if Mithril blocks the caller meanwhile', async () => {
    const one = await subscriber({ clientId: await gateway.database.insertClient({ type: 'MIS' }) })
    const waiting = poll(one, '?wait=15')
    // The registry's answers are remembered for 4 s.
    await delay(4_500)
    await gateway.database.query('UPDATE clients SET is_blocked = true WHERE id = $1', [one.clientId])
    await insertChanges(gateway.database, [{ clientId: one.clientId }])
    expect((await waiting).said).toBe('401 Access denied')
  }, 120_000)
})

test('a poll of all events is 403 if its caller loses its admin type during the wait', async () => {
  const opaque = await startTestGateway({ ...eventsOn, OPAQUE_TOKENS: 'mithril' })
  try {
    const { database } = opaque
    await database.query(switchOn)
    const at = await opaque.listen()
    const clientId = await database.insertClient({ type: 'MITHRIL ADMIN' })
    await database.insertClient({ type: 'MIS' })
    const id = await insertSubscription(database, { ownerClientId: clientId, url: null })
    const token = await database.insertToken({ clientId, scope: 'event:manage' })
    // The gateway knows the caller before the wait begins.
    expect((await poll({ id, clientId, token }, '', { at })).said).toBe('200')
    const waiting = poll({ id, clientId, token }, '?wait=25', { at, signal: AbortSignal.timeout(30_000) })
    await delay(1_000)
    await database.query(
      `UPDATE clients SET client_type_id = (SELECT id FROM client_types WHERE name = 'MIS') WHERE id = $1`,
      [clientId],
    )
    // The registry's answers are remembered for 4 s.
    await delay(9_000)
    await insertChanges(database, [{}])
    expect((await waiting).said).toBe('403 Forbidden')
  } finally {
    await opaque.close()
  }
}, 120_000)

describe('the end of the gateway', () => {
  test('SIGTERM ends polls at once with an empty answer, and the process does not wait for them', async () => {
    const { database, issuer } = gateway
    const port = await findFreePort()
    const child = spawn(process.execPath, ['src/main.ts'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'] ?? '',
        NODE_ENV: 'production',
        PORT: String(port),
        DATABASE_URL: database.url,
        TOKEN_ISSUER: issuer.issuer,
        TOKEN_AUDIENCE: issuer.audience,
        TOKEN_JWKS_URL: issuer.jwksUrl,
        PUBLIC_URL: 'https://gateway.example.ua',
        ...eventsOn,
      },
    })
    const exited = once(child, 'exit')
    let log = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
    try {
      await vi.waitFor(() => expect(log).toContain('"listening"'), { timeout: 30_000 })
      const one = await subscriber()
      const waiting = poll(one, '?wait=30', { at: `http://127.0.0.1:${port}`, signal: AbortSignal.timeout(30_000) })
      await delay(1_500)
      const at = performance.now()
      child.kill('SIGTERM')
      const { said, data } = await waiting
      expect([said, data]).toEqual(['200', []])
      expect(await exited).toEqual([0, null])
      expect(performance.now() - at).toBeLessThan(8_000)
    } finally {
      child.kill('SIGKILL')
    }
  }, 120_000)

  test('a gateway that closes ends its polls', async () => {
    const closing = await startTestGateway(eventsOn)
    const at = await closing.listen()
    const waiting = poll(await subscriber({ at: closing }), '?wait=30', { at })
    await delay(1_000)
    const startedAt = performance.now()
    await closing.close()
    expect([(await waiting).said, performance.now() - startedAt < 8_000]).toEqual(['200', true])
  }, 120_000)
})

describe('a database that goes away during a wait', () => {
  test('is 503 at the end of the wait, not an empty answer; one that comes back is not noticed', async () => {
    const { gateway: proxied, proxy } = await startProxiedGateway(eventsOn)
    try {
      await proxied.database.query(switchOn)
      const at = await proxied.listen()
      const one = await subscriber({ at: proxied })
      const [shortly, long] = [poll(one, '?wait=3', { at }), poll(one, '?wait=15', { at })]
      await delay(800)
      await proxy.stop()
      expect((await shortly).said).toBe('503 Service temporarily unavailable')
      await proxy.start()
      const [number] = await insertChanges(proxied.database, [{ clientId: one.clientId }])
      expect(idsOf(await long)).toEqual([`chg_${number}`])
    } finally {
      await proxied.close()
    }
  }, 120_000)
})
