import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { changeKinds } from '../../src/domain/connection-change.ts'
import { type EventReceiver, startEventReceiver, verify } from '../support/event-receiver.ts'
import { eventsOn, insertSubscription, queueChanges, switchOn } from '../support/events.ts'
import { bearer, startProxiedGateway, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'
import { recordHidden } from '../support/recordings.ts'

let gateway: TestGateway
let off: TestGateway
let receiver: EventReceiver
/** What the endpoint answers to a message. */
let answer: (challenge: string) => string
beforeAll(async () => {
  receiver = await startEventReceiver(({ event }, response) => {
    response.end(answer(String(event.data['challenge'])))
  })
  gateway = await startTestGateway(eventsOn)
  await gateway.database.query(switchOn)
  off = await startTestGateway()
})
afterAll(async () => {
  await gateway.close()
  await off.close()
  await receiver.close()
})
beforeEach(() => {
  answer = (challenge) => challenge
  receiver.messages.length = 0
})

const minted = ({ issuer }: TestGateway, clientId: string, more: object = {}) =>
  issuer.mint(writer(clientId, { clientType: 'MIS', scope: 'event:manage', ...more }))
const admin = { clientType: 'MITHRIL ADMIN' }
const root = '/api/event-subscriptions'

/** The answer of a route: its status, and what it says. */
async function ask(method: string, path: string, token: string | null, body?: unknown, at = gateway) {
  const response = await at.app.inject({
    method: method as 'GET',
    url: root + path,
    headers: { ...bearer(token), ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { payload: JSON.stringify(body) }),
  })
  const { data, error, paging, meta } = response.body === '' ? ({} as Record<string, never>) : response.json()
  recordHidden(data?.secret)
  const said = [response.statusCode, error?.message].filter(Boolean).join(' ')
  return { said, data, error, paging, meta, response }
}

const subscription = (ownerClientId: string, more: object = {}) =>
  insertSubscription(gateway.database, { ownerClientId, reach: 'CLIENT', url: receiver.url, ...more })

describe('a MIS without GraphQL', () => {
  test('creates, reads, lists, rotates, pauses, resumes and deletes a PUSH subscription', async () => {
    const clientId = randomUUID()
    const token = minted(gateway, clientId)
    const created = await ask('POST', '', token, { reach: 'CONSUMER', method: 'PUSH', url: receiver.url })
    const view = {
      id: expect.any(String),
      client_id: clientId,
      reach: 'CONSUMER',
      method: 'PUSH',
      url: receiver.url,
      kinds: changeKinds,
      state: 'ACTIVE',
      key_rotated_at: null,
      failing_since: null,
      inserted_at: expect.any(String),
    }
    expect([created.said, created.data]).toEqual([
      '201',
      { ...view, secret: expect.stringMatching(/^whsec_/), challenge: 'ANSWERED' },
    ])
    expect(created.meta).toMatchObject({ code: 201, type: 'object', url: `https://gateway.example.ua${root}` })
    expect(created.response.headers['cache-control']).toBe('no-store')
    const { id, secret } = created.data
    expect(receiver.messages.map((message) => verify(message, secret))).toEqual([{ byLibrary: true, byCrypto: true }])

    expect((await ask('GET', `/${id}`, token)).data).toEqual({ ...view, id })
    const { data, paging } = await ask('GET', '?page_size=1', token)
    expect([data, paging.total_entries]).toEqual([[{ ...view, id }], 1])

    const rotated = await ask('POST', `/${id}/rotate-key`, token)
    expect(rotated.data).toEqual({ ...view, id, key_rotated_at: expect.any(String), secret: expect.any(String) })
    expect(rotated.data.secret).not.toBe(secret)
    expect((await ask('POST', `/${id}/pause`, token)).data.state).toBe('PAUSED')
    expect((await ask('POST', `/${id}/resume`, token)).data.state).toBe('ACTIVE')
    expect((await ask('POST', `/${id}/verify`, token)).data.state).toBe('ACTIVE')
    const deleted = await ask('DELETE', `/${id}`, token)
    expect([deleted.said, deleted.response.body]).toEqual(['204', ''])
    expect((await ask('GET', `/${id}`, token)).said).toBe('404 Not found')
  })

  test('learns every violation of a body, by the names of REST', async () => {
    const token = minted(gateway, randomUUID())
    const { said, error } = await ask('POST', '', token, { reach: 'NEAR', kinds: ['MADE'], url: 7 })
    expect([said, error.invalid.map(({ entry, rules }: Invalid) => [entry, rules[0]?.rule])]).toEqual([
      '422 Validation failed',
      [
        ['$.reach', 'inclusion'],
        ['$.method', 'required'],
        ['$.kinds', 'inclusion'],
      ],
    ])
    for (const body of [[], 'x', null]) expect((await ask('POST', '', token, body)).said).toBe('422 Validation failed')
    const id = await subscription((await ask('POST', '', token, { reach: 'CLIENT', method: 'POLL' })).data.client_id)
    const { error: replay } = await ask('POST', `/${id}/replay`, token, { connection_id: 'x' })
    expect(replay.invalid[0].entry).toBe('$.connection_id')
  })

  interface Invalid {
    readonly entry: string
    readonly rules: readonly { readonly rule: string; readonly description: string }[]
  }

  test('learns why its endpoint did not pass the challenge, and keeps the secret', async () => {
    const token = minted(gateway, randomUUID())
    answer = () => 'welcome'
    const { said, data } = await ask('POST', '', token, { reach: 'CLIENT', method: 'PUSH', url: receiver.url })
    expect([said, data.challenge, data.state]).toEqual(['201', 'ECHO', 'UNVERIFIED'])
    const { error } = await ask('POST', `/${data.id}/verify`, token)
    expect(error.invalid).toMatchObject([
      { entry: '$.url', rules: [{ description: 'the answer of the endpoint did not repeat the challenge' }] },
    ])
  })

  test.each([
    '2026-02-30T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-02-29T00:00:00+02:00',
    '2026-02-28T24:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-02-28T00:00:00+25:00',
    '2026-02-28',
  ])('cannot replay from %s, which is no time', async (from) => {
    const clientId = randomUUID()
    const id = await subscription(clientId, { url: null })
    const range = { from, to: '2999-01-01T00:00:00Z' }
    const { said, error } = await ask('POST', `/${id}/replay`, minted(gateway, clientId), range)
    expect([said, error?.invalid[0].entry]).toEqual(['422 Validation failed', '$.from'])
  })

  test('replays a time, and reads the refusal of a state', async () => {
    const clientId = randomUUID()
    const token = minted(gateway, clientId)
    const id = await subscription(clientId, { url: null, state: 'PAUSED' })
    await queueChanges(gateway.database, [{ clientId }])
    await gateway.database.query(`UPDATE event_deliveries SET state = 'DELIVERED' WHERE subscription_id = $1`, [id])
    const range = { from: '2020-01-01T00:00:00+02:00', to: '2999-01-01T00:00:00Z' }
    expect((await ask('POST', `/${id}/replay`, token, range)).data).toEqual({ queued: 1, has_more: false, after: null })
    const { said, error } = await ask('POST', `/${id}/verify`, token)
    expect([said, error.type]).toEqual([
      '409 The method or the state of the subscription does not allow this',
      'request_conflict',
    ])
  })
})

const routes: [method: string, name: string, body: object | undefined][] = [
  ['GET', '', undefined],
  ['DELETE', '', undefined],
  ['POST', '/verify', undefined],
  ['POST', '/pause', undefined],
  ['POST', '/resume', undefined],
  ['POST', '/rotate-key', undefined],
  ['POST', '/replay', { connection_id: randomUUID() }],
  ['GET', '/events', undefined],
  ['POST', '/acknowledgements', { ids: ['chg_1'] }],
]

describe.each(routes)('%s {id}%s', (method, name, body) => {
  test('is for the owner and for an admin type, and answers others as if nothing were there', async () => {
    const owner = randomUUID()
    // A poll needs the other method.
    const isPoll = /events|acknowledgements/.test(name)
    const ids = await Promise.all([1, 2].map(() => subscription(owner, isPoll ? { url: null } : {})))
    const id = ids[0] ?? ''
    const on = (subscriptionId: string, token: string | null) => ask(method, `/${subscriptionId}${name}`, token, body)
    expect((await on(id, null)).said).toBe('401 Access denied')
    expect((await on(id, minted(gateway, owner, { scope: 'connection:write' }))).said).toBe('403 Invalid scopes')
    for (const none of [id, randomUUID(), 'x'])
      expect((await on(none, minted(gateway, randomUUID()))).said).toBe('404 Not found')
    expect((await on(id, minted(gateway, owner))).said).toMatch(/^20[04]$/)
    expect((await on(ids[1] ?? '', minted(gateway, randomUUID(), admin))).said).toMatch(/^20[04]$/)
  })

  test('says that events are off in a gateway without them', async () => {
    const { said, error } = await ask(method, `/${randomUUID()}${name}`, minted(off, randomUUID()), body, off)
    expect([said, error.type]).toEqual(['404 Events are off in this gateway', 'not_found'])
  })

  test('answers 405 with the methods of the path', async () => {
    const { said, response } = await ask('PUT', `/${randomUUID()}${name}`, null)
    const allowed = name === '' ? 'GET, HEAD, DELETE' : method === 'GET' ? 'GET, HEAD' : method
    expect([said, response.headers.allow]).toEqual(['405 Method not allowed', allowed])
  })
})

describe('a new subscription keeps its secret', () => {
  /** Creates a PUSH subscription whose endpoint is silent until `meanwhile` has run. */
  async function createWhile(at: TestGateway, meanwhile: () => Promise<unknown>) {
    let challenged = () => {}
    const arrived = new Promise<void>((resolve) => {
      challenged = resolve
    })
    let done = () => {}
    const over = new Promise<void>((resolve) => {
      done = resolve
    })
    const silent = await startEventReceiver(async ({ event }, response) => {
      challenged()
      await over
      response.end(event.data['challenge'])
    })
    try {
      const body = { reach: 'CLIENT', method: 'PUSH', url: silent.url }
      const creating = ask('POST', '', minted(at, randomUUID()), body, at)
      await arrived
      const meanwhileEnded = meanwhile()
      // A gateway that closes waits for the request, and the request for the challenge.
      await Promise.race([meanwhileEnded, creating])
      done()
      const created = await creating
      await meanwhileEnded
      return created
    } finally {
      await silent.close()
    }
  }
  const interrupted = { challenge: 'INTERRUPTED', state: 'UNVERIFIED', secret: expect.stringMatching(/^whsec_/) }

  test('when the gateway stops during the challenge, which it then does not wait for', async () => {
    const stopping = await startTestGateway(eventsOn)
    const startedAt = performance.now()
    const { said, data } = await createWhile(stopping, () => stopping.close())
    expect([said, data]).toMatchObject(['201', interrupted])
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  }, 120_000)

  test('when the database goes away during the challenge', async () => {
    const { gateway: proxied, proxy } = await startProxiedGateway(eventsOn)
    try {
      const { said, data } = await createWhile(proxied, () => proxy.stop())
      expect([said, data]).toMatchObject(['201', interrupted])
      await proxy.start()
    } finally {
      await proxied.close()
    }
  }, 120_000)
})

test('HEAD answers as GET does, without a body', async () => {
  const clientId = randomUUID()
  const id = await subscription(clientId, { url: null })
  for (const path of ['', `/${id}`, `/${id}/events`]) {
    const { said, response } = await ask('HEAD', path, minted(gateway, clientId))
    expect([said, response.body]).toEqual(['200', ''])
  }
})

test('a list has the own subscriptions; of an admin type, those of all clients', async () => {
  const [one, other] = [randomUUID(), randomUUID()]
  const ids = [await subscription(one), await subscription(other)]
  const own = await ask('GET', '', minted(gateway, one))
  expect(own.data.map(({ id }: { id: string }) => id)).toEqual([ids[0]])
  const all = await ask('GET', '?page_size=300', minted(gateway, randomUUID(), admin))
  expect(all.data.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining(ids))
  const idsOf = async (query: string, caller: string, type = {}) => {
    const { said, data } = await ask('GET', query, minted(gateway, caller, type))
    return [said, data?.map(({ id }: { id: string }) => id)]
  }
  expect(await idsOf(`?client_id=${one}`, randomUUID(), admin)).toEqual(['200', [ids[0]]])
  expect(await idsOf(`?client_id=${one}`, one)).toEqual(['200', [ids[0]]])
  expect(await idsOf(`?client_id=${randomUUID()}`, randomUUID(), admin)).toEqual(['200', []])
  expect(await idsOf('?client_id=none', randomUUID(), admin)).toEqual(['200', []])
  expect((await idsOf(`?client_id=${other}`, one))[0]).toMatch(/^403 /)
  expect((await idsOf(`?client_id=${one}&client_id=${other}`, randomUUID(), admin))[0]).toBe('422 Validation failed')
  expect((await ask('GET', '?page=0', minted(gateway, one))).said).toBe('422 Validation failed')
  expect((await ask('GET', '', minted(off, one), undefined, off)).said).toBe('404 Events are off in this gateway')
})
