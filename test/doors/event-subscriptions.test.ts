import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { changeKinds } from '../../src/domain/connection-change.ts'
import { subscriptionsAtMost } from '../../src/domain/event-subscription-store.ts'
import { encodeCursor } from '../../src/domain/page.ts'
import { type EventReceiver, startEventReceiver, verify } from '../support/event-receiver.ts'
import { eventsOn, insertSubscription, queueChanges, switchOn } from '../support/events.ts'
import { startTestGateway, type TestGateway, writer } from '../support/gateway.ts'
import { recordHidden } from '../support/recordings.ts'

let gateway: TestGateway
let off: TestGateway
let receiver: EventReceiver
/** What the endpoint answers to a message. */
let answer: (challenge: string) => readonly [status: number, body: string]
beforeAll(async () => {
  receiver = await startEventReceiver(({ event }, response) => {
    const [status, body] = answer(String(event.data['challenge']))
    response.writeHead(status).end(body)
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
  answer = (challenge) => [200, challenge]
  receiver.messages.length = 0
})

type Answer = Record<string, never> & { eventSubscription: Subscription }
interface Subscription {
  readonly id: string
  readonly state: string
  readonly deliveries: { readonly nodes: readonly Record<string, unknown>[]; readonly totalCount: number }
}

const minted = ({ issuer }: TestGateway, clientId: string, more: object = {}) =>
  issuer.mint(writer(clientId, { clientType: 'MIS', scope: 'event:manage', ...more }))
const admin = { clientType: 'MITHRIL ADMIN' }

const fields = 'id clientId reach method url kinds state keyRotatedAt failingSince insertedAt'
const documents = {
  createEventSubscription: `mutation ($input: CreateEventSubscriptionInput!) {
    createEventSubscription(input: $input) { eventSubscription { ${fields} } secret challenge } }`,
  verifyEventSubscription: ofOne('Verify'),
  pauseEventSubscription: ofOne('Pause'),
  resumeEventSubscription: ofOne('Resume'),
  deleteEventSubscription: ofOne('Delete'),
  rotateEventSubscriptionKey: `mutation ($input: RotateEventSubscriptionKeyInput!) {
    rotateEventSubscriptionKey(input: $input) { eventSubscription { ${fields} } secret } }`,
  replayEvents: 'mutation ($input: ReplayEventsInput!) { replayEvents(input: $input) { queued hasMore after } }',
  eventSubscription: `query ($id: ID!) { eventSubscription(id: $id) { ${fields} } }`,
  eventSubscriptions: `query ($first: Int, $clientId: ID) {
    eventSubscriptions(first: $first, clientId: $clientId) { nodes { id clientId } totalCount } }`,
} as const

function ofOne(verb: string): string {
  const name = `${verb.toLowerCase()}EventSubscription`
  return `mutation ($input: ${verb}EventSubscriptionInput!) {
    ${name}(input: $input) { eventSubscription { ${fields} } } }`
}

/** What a field answers, or its refusal: the status, the message, and the ids of violations. */
async function ask(name: keyof typeof documents, variables: object, token: string, at = gateway) {
  const response = await at.graphql(documents[name], variables, token)
  const { data, errors } = response.json()
  recordHidden(data?.[name]?.secret)
  const { status, reason, exception } = errors?.[0].extensions ?? {}
  const ids = exception?.inputErrors?.map(({ options }: { options: { id: string } }) => options.id)
  return {
    data: data?.[name] as Answer | null,
    refusal: errors && [status, errors[0].message, ...(reason ? [reason] : []), ...(ids ? [ids] : [])].join(' '),
    exception,
    response,
  }
}

const push = (more: object = {}) => ({ input: { reach: 'CONSUMER', method: 'PUSH', url: receiver.url, ...more } })
const poll = (more: object = {}) => ({ input: { reach: 'CONSUMER', method: 'POLL', ...more } })

const actsOf = async (id: string) =>
  (
    await gateway.database.query<{ act: string; caller: string }>(
      `SELECT act, caller_client_id AS caller FROM event_subscription_changes WHERE subscription_id = $1
        ORDER BY changed_at`,
      [id],
    )
  ).map(({ act, caller }) => [act, caller])

describe('a new subscription', () => {
  test('of PUSH is challenged at once, and active with a secret that signs the challenge', async () => {
    const clientId = randomUUID()
    const { data, response } = await ask('createEventSubscription', push(), minted(gateway, clientId))
    expect(data).toEqual({
      eventSubscription: {
        id: expect.any(String),
        clientId,
        reach: 'CONSUMER',
        method: 'PUSH',
        url: receiver.url,
        kinds: changeKinds,
        state: 'ACTIVE',
        keyRotatedAt: null,
        failingSince: null,
        insertedAt: expect.any(String),
      },
      secret: expect.stringMatching(/^whsec_/),
      challenge: 'ANSWERED',
    })
    expect(response.headers['cache-control']).toBe('no-store')
    expect(receiver.messages.map((message) => verify(message, data?.['secret'] ?? ''))).toEqual([
      { byLibrary: true, byCrypto: true },
    ])
    expect(await actsOf(data?.eventSubscription.id ?? '')).toEqual([
      ['CREATED', clientId],
      ['ACTIVATED', clientId],
    ])
  })

  test('of POLL is active, and has neither secret nor challenge', async () => {
    const { data } = await ask('createEventSubscription', poll({ kinds: ['DELETED'] }), minted(gateway, randomUUID()))
    expect(data).toMatchObject({ secret: null, challenge: null })
    expect(data?.eventSubscription).toMatchObject({ state: 'ACTIVE', url: null, kinds: ['DELETED'] })
    expect(receiver.messages).toEqual([])
  })

  const failures: [string, () => readonly [number, string], string, string][] = [
    ['another status', () => [500, 'internal: secret of the endpoint'], 'STATUS', 'challenge_status'],
    ['another text', () => [200, 'welcome'], 'ECHO', 'challenge_echo'],
  ]
  test.each(failures)('keeps its secret where the endpoint answers %s, and says so', async (_, reply, outcome, id) => {
    const token = minted(gateway, randomUUID())
    answer = reply
    const { data, response } = await ask('createEventSubscription', push(), token)
    expect(data).toMatchObject({ challenge: outcome, secret: expect.stringMatching(/^whsec_/) })
    expect(data?.eventSubscription.state).toBe('UNVERIFIED')
    const input = { id: data?.eventSubscription.id ?? '' }

    const again = await ask('verifyEventSubscription', { input }, token)
    expect(again.refusal).toBe(`422 Validation failed ${id}`)
    expect(response.body + again.response.body).not.toContain('internal:')

    answer = (challenge) => [200, JSON.stringify({ challenge })]
    const verified = await ask('verifyEventSubscription', { input }, token)
    expect(verified.data?.eventSubscription.state).toBe('ACTIVE')
  })

  test('says where nobody listens, and where a name has no address', async () => {
    const token = minted(gateway, randomUUID())
    const closed = await startEventReceiver()
    await closed.close()
    const targets = [closed.url, 'https://events.invalid/']
    const outcomes = []
    for (const url of targets) outcomes.push((await ask('createEventSubscription', push({ url }), token)).data)
    expect(outcomes.map((created) => created?.['challenge'])).toEqual(['CONNECTION', 'ADDRESS'])
  })

  test.each([
    ['PUSH without a target', { url: null }, 'required'],
    ['plain HTTP', { url: 'http://events.example.ua/' }, 'pattern'],
    ['another port', { url: 'https://events.example.ua:8443/' }, 'target_port'],
    ['a private address', { url: 'https://10.0.0.1/' }, 'target_address'],
    ['a target of POLL', { method: 'POLL' }, 'url_of_poll'],
    ['no kind', { kinds: [] }, 'empty_list'],
  ])('is refused with %s, and nothing is written', async (_what, more, id) => {
    const clientId = randomUUID()
    const token = minted(gateway, clientId)
    expect((await ask('createEventSubscription', push(more), token)).refusal).toBe(`422 Validation failed ${id}`)
    expect((await ask('eventSubscriptions', {}, token)).data).toMatchObject({ totalCount: 0 })
    expect(receiver.messages).toEqual([])
  })

  test('is refused where the client owns as many as allowed', async () => {
    const clientId = randomUUID()
    for (let index = 0; index < subscriptionsAtMost; index++)
      await insertSubscription(gateway.database, { ownerClientId: clientId, reach: 'CLIENT' })
    const { refusal, exception } = await ask('createEventSubscription', poll(), minted(gateway, clientId))
    expect([refusal, exception]).toEqual([
      '409 The client owns as many subscriptions as a client may own too_many_subscriptions',
      { max: subscriptionsAtMost },
    ])
  })
})

describe('the reach ALL', () => {
  test('is for the own client of an admin type', async () => {
    const clientId = randomUUID()
    const all = poll({ reach: 'ALL' })
    expect((await ask('createEventSubscription', all, minted(gateway, clientId))).refusal).toBe('403 Forbidden')
    const { data } = await ask('createEventSubscription', all, minted(gateway, clientId, admin))
    expect(data?.eventSubscription).toMatchObject({ reach: 'ALL', clientId })
    const forAnother = poll({ reach: 'ALL', clientId: randomUUID() })
    expect((await ask('createEventSubscription', forAnother, minted(gateway, clientId, admin))).refusal).toBe(
      '422 Validation failed reach_all',
    )
  })

  test('ends with the admin type of its owner: nothing is resumed, replayed or verified', async () => {
    const ownerClientId = randomUUID()
    const id = await insertSubscription(gateway.database, { ownerClientId, url: receiver.url, state: 'PAUSED' })
    const token = minted(gateway, ownerClientId)
    const replay = { id, connectionId: randomUUID() }
    expect((await ask('resumeEventSubscription', { input: { id } }, token)).refusal).toBe('403 Forbidden')
    expect((await ask('verifyEventSubscription', { input: { id } }, token)).refusal).toBe('403 Forbidden')
    expect((await ask('replayEvents', { input: replay }, token)).refusal).toBe('403 Forbidden')
    expect((await ask('deleteEventSubscription', { input: { id } }, token)).refusal).toBeUndefined()
  })
})

/** Each field, what it is asked for on a subscription, and what it answers for one that does not exist. */
const ofSubscription: [keyof typeof documents, (id: string) => object, string | undefined][] = [
  ['eventSubscription', (id) => ({ id }), undefined],
  ['verifyEventSubscription', (id) => ({ input: { id } }), '404 Not found'],
  ['rotateEventSubscriptionKey', (id) => ({ input: { id } }), '404 Not found'],
  ['pauseEventSubscription', (id) => ({ input: { id } }), '404 Not found'],
  ['resumeEventSubscription', (id) => ({ input: { id } }), '404 Not found'],
  ['replayEvents', (id) => ({ input: { id, connectionId: randomUUID() } }), '404 Not found'],
  ['deleteEventSubscription', (id) => ({ input: { id } }), '404 Not found'],
]

describe.each(ofSubscription)('%s', (name, variablesOf, ofNone) => {
  const subscription = (ownerClientId: string) =>
    insertSubscription(gateway.database, { ownerClientId, reach: 'CLIENT', url: receiver.url })

  test('needs the scope', async () => {
    const clientId = randomUUID()
    const token = minted(gateway, clientId, { scope: 'connection:read connection:write' })
    const { refusal, exception } = await ask(name, variablesOf(await subscription(clientId)), token)
    expect([refusal, exception]).toEqual(['403 Invalid scopes', { missingAllowances: ['event:manage'] }])
  })

  test('answers a foreign subscription like one that does not exist', async () => {
    const token = minted(gateway, randomUUID())
    const id = await subscription(randomUUID())
    for (const asked of [id, randomUUID(), 'x']) {
      const { data, refusal } = await ask(name, variablesOf(asked), token)
      expect([data, refusal]).toEqual([null, ofNone])
    }
    expect(await actsOf(id)).toEqual([])
  })

  test('is for the owner, and for an admin type', async () => {
    for (const type of [{}, admin]) {
      const ownerClientId = randomUUID()
      const id = await subscription(ownerClientId)
      const caller = type === admin ? randomUUID() : ownerClientId
      // An upper-case id names the same subscription.
      const { data, refusal } = await ask(name, variablesOf(id.toUpperCase()), minted(gateway, caller, type))
      expect([data === null, refusal]).toEqual([false, undefined])
    }
  })

  test('says that events are off in a gateway without them', async () => {
    const { data, refusal } = await ask(name, variablesOf(randomUUID()), minted(off, randomUUID()), off)
    expect([data, refusal]).toEqual([null, '404 Events are off in this gateway events_off'])
  })
})

describe('the owner of a new subscription and of a list', () => {
  const named = [
    ['createEventSubscription', (clientId: string) => poll({ clientId })],
    ['eventSubscriptions', (clientId: string) => ({ clientId })],
  ] as const

  test.each(named)('%s needs the scope, and an admin type for a foreign client', async (name, variablesOf) => {
    const { clientId } = await gateway.connection()
    const without = minted(gateway, clientId, { scope: '' })
    expect((await ask(name, variablesOf(clientId), without)).refusal).toBe('403 Invalid scopes')
    expect((await ask(name, variablesOf(clientId), minted(gateway, randomUUID()))).refusal).toBe('403 Forbidden')
    expect((await ask(name, variablesOf(clientId), minted(gateway, randomUUID(), admin))).refusal).toBeUndefined()
    expect((await ask(name, variablesOf(clientId), minted(gateway, clientId))).refusal).toBeUndefined()
    expect((await ask(name, variablesOf(clientId), minted(off, clientId), off)).refusal).toBe(
      '404 Events are off in this gateway events_off',
    )
  })

  test('an admin type cannot make a subscription for a client that does not exist', async () => {
    const token = minted(gateway, randomUUID(), admin)
    for (const clientId of [randomUUID(), 'x'])
      expect((await ask('createEventSubscription', poll({ clientId }), token)).refusal).toBe('404 Not found')
  })

  test('a list has the own subscriptions; of an admin type, those of all clients', async () => {
    const [one, other] = [randomUUID(), randomUUID()]
    for (const ownerClientId of [one, other])
      await insertSubscription(gateway.database, { ownerClientId, reach: 'CLIENT' })
    const { data } = await ask('eventSubscriptions', {}, minted(gateway, one))
    expect(data).toEqual({ nodes: [{ id: expect.any(String), clientId: one }], totalCount: 1 })
    const all = await ask('eventSubscriptions', { first: 100 }, minted(gateway, randomUUID(), admin))
    const owners = (all.data as unknown as { nodes: { clientId: string }[] }).nodes.map(({ clientId }) => clientId)
    expect(owners).toEqual(expect.arrayContaining([one, other]))
  })
})

describe('the states of a subscription', () => {
  const refused = '409 The method or the state of the subscription does not allow this subscription_state'

  test.each([
    ['pauseEventSubscription', 'ACTIVE', 'PAUSED', ['PAUSED']],
    ['pauseEventSubscription', 'PAUSED', 'PAUSED', []],
    ['pauseEventSubscription', 'UNVERIFIED', null, []],
    ['pauseEventSubscription', 'OFF', null, []],
    ['resumeEventSubscription', 'PAUSED', 'ACTIVE', ['RESUMED']],
    ['resumeEventSubscription', 'ACTIVE', 'ACTIVE', []],
    ['resumeEventSubscription', 'OFF', null, []],
    ['verifyEventSubscription', 'OFF', 'ACTIVE', ['ACTIVATED']],
    ['verifyEventSubscription', 'PAUSED', 'PAUSED', []],
    ['verifyEventSubscription', 'ACTIVE', 'ACTIVE', []],
  ] as const)('%s of %s answers %s', async (name, state, after, acts) => {
    const ownerClientId = randomUUID()
    const id = await insertSubscription(gateway.database, {
      ownerClientId,
      reach: 'CLIENT',
      url: receiver.url,
      state,
    })
    const { data, refusal, exception } = await ask(name, { input: { id } }, minted(gateway, ownerClientId))
    expect([data?.eventSubscription.state ?? null, refusal]).toEqual([after, after === null ? refused : undefined])
    if (after === null) expect(exception).toEqual({ current: { method: 'PUSH', state } })
    expect(await actsOf(id)).toEqual(acts.map((act) => [act, ownerClientId]))
  })

  test.each(['verifyEventSubscription', 'rotateEventSubscriptionKey'] as const)('%s needs PUSH', async (name) => {
    const ownerClientId = randomUUID()
    const id = await insertSubscription(gateway.database, { ownerClientId, reach: 'CLIENT', url: null })
    expect((await ask(name, { input: { id } }, minted(gateway, ownerClientId))).refusal).toBe(refused)
  })
})

test('a rotation shows a new secret once, and the gateway signs with both', async () => {
  const token = minted(gateway, randomUUID())
  const created = (await ask('createEventSubscription', push(), token)).data
  const input = { id: created?.eventSubscription.id ?? '' }
  const rotated = await ask('rotateEventSubscriptionKey', { input }, token)
  const secrets = [created, rotated.data].map((payload) => String(payload?.['secret']))
  expect(new Set(secrets).size).toBe(2)
  expect(rotated.data?.eventSubscription).toMatchObject({ keyRotatedAt: expect.any(String) })
  expect(rotated.response.headers['cache-control']).toBe('no-store')
  await ask('verifyEventSubscription', { input }, token)
  const [, message] = receiver.messages
  for (const secret of secrets) expect(message && verify(message, secret)).toEqual({ byLibrary: true, byCrypto: true })
  const read = await ask('eventSubscription', input, token)
  for (const secret of secrets) expect([read.response.body, ...gateway.log].join()).not.toContain(secret)
})

describe('a replay', () => {
  const times = { from: '2020-01-01T00:00:00Z', to: '2021-01-01T00:00:00Z' }

  test.each([
    ['neither a time nor a connection', {}, 'replay_range'],
    ['both', { ...times, connectionId: randomUUID() }, 'replay_range'],
    ['a beginning alone', { from: times.from }, 'required'],
    ['an end before the beginning', { from: times.to, to: times.from }, 'time_order'],
    ['a year that PostgreSQL cannot read', { ...times, from: '0000-01-01T00:00:00Z' }, 'date_time'],
    ['a connection that is no UUID', { connectionId: 'x' }, 'uuid'],
    ['a place that is no cursor', { ...times, after: 'chg_1' }, 'cursor'],
  ])('is refused with %s', async (_what, range, id) => {
    const ownerClientId = randomUUID()
    const subscription = await insertSubscription(gateway.database, { ownerClientId, reach: 'CLIENT', url: null })
    const input = { id: subscription, ...range }
    const { refusal } = await ask('replayEvents', { input }, minted(gateway, ownerClientId))
    expect(refusal).toBe(`422 Validation failed ${id}`)
  })

  test('queues the events of a connection anew, and the deliveries show them', async () => {
    const clientId = randomUUID()
    const connectionId = randomUUID()
    const numbers = await queueChanges(gateway.database, [
      { connectionId, clientId },
      { connectionId, clientId },
    ])
    const id = await insertSubscription(gateway.database, { ownerClientId: clientId, reach: 'CLIENT', url: null })
    const token = minted(gateway, clientId)
    const { data } = await ask('replayEvents', { input: { id, connectionId } }, token)
    expect(data).toEqual({ queued: 2, hasMore: false, after: null })
    const after = encodeCursor([numbers[0] ?? '', numbers[0] ?? ''])
    await gateway.database.query(`UPDATE event_deliveries SET state = 'DELIVERED' WHERE connection_id = $1`, [
      connectionId,
    ])
    expect((await ask('replayEvents', { input: { id, connectionId, after } }, token)).data).toMatchObject({ queued: 1 })
    await ask('replayEvents', { input: { id, connectionId } }, token)
    expect(await actsOf(id)).toEqual(Array(3).fill(['REPLAYED', clientId]))

    const document = `query ($id: ID!) { eventSubscription(id: $id) { deliveries(first: 1, state: PENDING) {
      nodes { eventId connectionId state attempts nextAttemptAt lastStatus lastFailure endedAt } totalCount } } }`
    const { deliveries } = (await gateway.graphql(document, { id }, token)).json().data.eventSubscription
    expect(deliveries).toEqual({
      nodes: [
        {
          eventId: `chg_${numbers[1]}`,
          connectionId,
          state: 'PENDING',
          attempts: 0,
          nextAttemptAt: expect.any(String),
          lastStatus: null,
          lastFailure: null,
          endedAt: null,
        },
      ],
      totalCount: 2,
    })
    // Off cannot replay.
    await gateway.database.query(`UPDATE event_subscriptions SET state = 'OFF' WHERE id = $1`, [id])
    const { refusal } = await ask('replayEvents', { input: { id, connectionId } }, token)
    expect(refusal).toMatch(/^409 /)
  })
})

describe('deliveries', () => {
  test('of many subscriptions have each their own page', async () => {
    const clientId = randomUUID()
    const ids = []
    for (let index = 0; index < 3; index++)
      ids.push(await insertSubscription(gateway.database, { ownerClientId: clientId, reach: 'CLIENT', url: null }))
    const [number = ''] = await queueChanges(gateway.database, [{ clientId }])
    await gateway.database.query('DELETE FROM event_deliveries WHERE subscription_id = $1', [ids[1]])
    await gateway.database.query(
      `UPDATE event_deliveries SET state = 'DEAD', last_failure = 'name', ended_at = now() WHERE subscription_id = $1`,
      [ids[2]],
    )
    const document = '{ eventSubscriptions { nodes { id deliveries { nodes { eventId state lastFailure } } } } }'
    const { nodes } = (await gateway.graphql(document, {}, minted(gateway, clientId))).json().data.eventSubscriptions
    const eventId = `chg_${number}`
    expect(nodes.map(({ deliveries }: Subscription) => deliveries.nodes)).toEqual([
      [{ eventId, state: 'PENDING', lastFailure: null }],
      [],
      // A name that does not exist looks like one with a private address.
      [{ eventId, state: 'DEAD', lastFailure: 'address' }],
    ])
  })

  test('of all connections are not shown to an owner that has lost its admin type, those of its own one are', async () => {
    const ownerClientId = randomUUID()
    const all = await insertSubscription(gateway.database, { ownerClientId, url: null })
    const own = await insertSubscription(gateway.database, { ownerClientId, reach: 'CLIENT', url: null })
    const [number] = await queueChanges(gateway.database, [{ clientId: ownerClientId }])
    const ask = async (type: object) => {
      const document = `query ($clientId: ID) {
        eventSubscriptions(clientId: $clientId) { nodes { id deliveries { nodes { eventId } } } } }`
      const token = minted(gateway, ownerClientId, type)
      const { data, errors } = (await gateway.graphql(document, { clientId: ownerClientId }, token)).json()
      const nodes: Subscription[] = data.eventSubscriptions.nodes
      const eventsOf = (id: string) => nodes.find((node) => node.id === id)?.deliveries?.nodes ?? null
      return { all: eventsOf(all), own: eventsOf(own), errors }
    }
    const events = [{ eventId: `chg_${number}` }]
    expect(await ask(admin)).toEqual({ all: events, own: events, errors: undefined })
    expect(await ask({})).toMatchObject({ all: null, own: events, errors: [{ extensions: { code: 'FORBIDDEN' } }] })
  })

  test('a page that is refused below a mutation stops the mutation', async () => {
    const ownerClientId = randomUUID()
    const id = await insertSubscription(gateway.database, { ownerClientId, reach: 'CLIENT' })
    const document = `mutation ($input: DeleteEventSubscriptionInput!) {
      deleteEventSubscription(input: $input) { eventSubscription { deliveries(first: 101) { totalCount } } } }`
    const { data, errors } = (await gateway.graphql(document, { input: { id } }, minted(gateway, ownerClientId))).json()
    expect([data, errors[0].extensions.code]).toEqual([{ deleteEventSubscription: null }, 'UNPROCESSABLE_ENTITY'])
    expect(await actsOf(id)).toEqual([])
  })
})

test('each write of a subscription counts as a write, and a read does not', async () => {
  const limited = await startTestGateway({ ...eventsOn, WRITE_LIMIT_PER_MINUTE: '2' })
  try {
    const token = minted(limited, randomUUID())
    for (let index = 0; index < 3; index++) await ask('eventSubscriptions', {}, token, limited)
    const input = { id: randomUUID() }
    const refusals = []
    for (const name of ['pauseEventSubscription', 'resumeEventSubscription', 'deleteEventSubscription'] as const)
      refusals.push((await ask(name, { input }, token, limited)).refusal)
    expect(refusals).toEqual(['404 Not found', '404 Not found', '429 Too many requests'])
  } finally {
    await limited.close()
  }
})
