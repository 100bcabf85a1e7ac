import { setImmediate } from 'node:timers/promises'
import type { LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  ClientConnectionDocument,
  UpdateClientConnectionDocument,
  ViewerDocument,
} from '../../src/client/documents/graphql.ts'
import { describeCause } from '../../src/server/log-text.ts'
import { bearer, type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'
import { startTestIssuer } from '../support/tokens.ts'

let gateway: TestGateway
let fixture: Fixture
let token: string
beforeAll(async () => {
  gateway = await startTestGateway()
  fixture = await gateway.connection()
  token = gateway.issuer.mint(writer(fixture.clientId, { userId: '30000000-0000-4000-8000-000000000003' }))
})
afterAll(() => gateway.close())

const requestId = 'a-request-id-of-20-characters'
const headers = { 'x-request-id': requestId }
const secretValue = 'value-nobody-may-log'
const redirectUri = `https://after.example.ua/callback?state=${secretValue}`

type Answer = Promise<LightMyRequestResponse>
const rest = (
  body: unknown = { redirect_uri: redirectUri },
  sent: string | null = token,
  more = {},
  path = fixture.path,
): Answer => gateway.patch(path, body, sent, { headers: { ...headers, ...more } })
const graphql = (input: object = {}, sent: string | null = token): Answer =>
  gateway.graphql(
    UpdateClientConnectionDocument,
    { input: { clientId: fixture.clientId, connectionId: fixture.connectionId, redirectUri, ...input } },
    sent,
    { headers },
  )
const document = (query: unknown, more = {}): Answer =>
  gateway.app.inject({
    method: 'POST',
    url: '/graphql',
    headers: { 'content-type': 'application/json', ...headers, ...bearer(token), ...more },
    payload: typeof query === 'string' ? query : JSON.stringify(query),
  })
const mint = (scope: string, clientId = fixture.clientId) => gateway.issuer.mint(writer(clientId, { scope }))
const unknown = '10000000-0000-4000-8000-00000000000f'

/** The lines since the last call, parsed. A line is written after its answer has been sent. */
async function lines(): Promise<Record<string, unknown>[]> {
  await setImmediate()
  return gateway.log.splice(0).map((line) => JSON.parse(line))
}

test('the line of a 401 says why, and the answer does not', async () => {
  const expired = gateway.issuer.mint(writer(fixture.clientId, { issuedAt: 1_000_000_000 }))
  const other = await startTestIssuer()
  const foreign = other.mint(writer(fixture.clientId))
  await other.close()
  for (const [sent, why] of [
    [expired, 'expired'],
    [foreign, 'unknown_key'],
  ] as const) {
    await lines()
    const answer = await rest({}, sent)
    expect(answer.json().error).toEqual({ type: 'access_denied', message: 'Access denied' })
    expect(await lines()).toEqual([expect.objectContaining({ status: 401, unauthenticated: why })])
  }
})

describe('one line for each request', () => {
  beforeEach(() => {
    gateway.log.length = 0
  })

  interface Line {
    readonly door: 'REST' | 'GRAPHQL' | null
    readonly operation: string | null
    readonly code: string
    readonly status: number
    readonly known: boolean
  }
  const restLine = (
    code: string,
    status: number,
    operation: string | null = 'updateClientConnection',
    known = true,
  ): Line => ({
    ...{ door: 'REST', operation, code, status, known },
  })
  const graphqlLine = (
    code: string,
    operation: string | null = 'updateClientConnection',
    status = 200,
    known = true,
  ): Line => ({
    ...{ door: 'GRAPHQL', operation, code, status, known },
  })
  const strayLine = (code: string, status: number): Line => ({
    door: null,
    operation: null,
    code,
    status,
    known: false,
  })
  const updated = 'updateClientConnection'

  test.each<[string, () => Answer, Line]>([
    ['REST 200', () => rest(), restLine('OK', 200, updated)],
    ['REST 200, the same again', () => rest(), restLine('OK', 200, updated)],
    ['REST 401 without a token', () => rest({}, null), restLine('UNAUTHENTICATED', 401, updated, false)],
    ['REST 401 with a bad token', () => rest({}, 'rubbish'), restLine('UNAUTHENTICATED', 401, updated, false)],
    ['REST 403 scope', () => rest({}, mint('connection:read')), restLine('FORBIDDEN', 403)],
    [
      'REST 403 client',
      () => rest({}, token, {}, fixture.path.replace(fixture.clientId, unknown)),
      restLine('FORBIDDEN', 403),
    ],
    ['REST 400', () => rest('{"redirect_uri":'), restLine('BAD_REQUEST', 400)],
    ['REST 413', () => rest('x'.repeat(70_000)), restLine('REQUEST_TOO_LARGE', 413)],
    ['REST 415', () => rest('x', token, { 'content-type': 'text/plain' }), restLine('UNSUPPORTED_MEDIA_TYPE', 415)],
    ['REST 406', () => rest({}, token, { accept: 'text/html' }), restLine('NOT_ACCEPTABLE', 406)],
    ['REST 422', () => rest({ redirect_uri: 'http://a.ua' }), restLine('UNPROCESSABLE_ENTITY', 422, updated)],
    [
      'REST 404',
      () => rest({ redirect_uri: redirectUri }, token, {}, fixture.path.replace(fixture.connectionId, unknown)),
      restLine('NOT_FOUND', 404, updated),
    ],
    [
      'REST 405',
      () => gateway.app.inject({ method: 'PUT', url: fixture.path, headers }),
      strayLine('METHOD_NOT_ALLOWED', 405),
    ],
    ['an unknown path', () => gateway.app.inject({ url: '/wp-login.php?a=b', headers }), strayLine('NOT_FOUND', 404)],
    [
      'a path that cannot be decoded',
      () => gateway.app.inject({ url: '/api/%zz', headers }),
      strayLine('BAD_REQUEST', 400),
    ],

    ['GraphQL mutation', () => graphql(), graphqlLine('OK')],
    [
      'GraphQL query',
      () =>
        gateway.graphql(
          ClientConnectionDocument,
          { clientId: fixture.clientId, connectionId: fixture.connectionId },
          token,
          { headers },
        ),
      graphqlLine('OK', 'readClientConnection'),
    ],
    ['GraphQL viewer', () => gateway.graphql(ViewerDocument, {}, token, { headers }), graphqlLine('OK', 'readViewer')],
    ['GraphQL 401', () => graphql({}, null), graphqlLine('UNAUTHENTICATED', null, 401, false)],
    ['GraphQL 403 scope', () => graphql({}, mint('connection:read')), graphqlLine('FORBIDDEN')],
    ['GraphQL 403 client', () => graphql({ clientId: unknown }), graphqlLine('FORBIDDEN')],
    ['GraphQL 422', () => graphql({ redirectUri: 'http://a.ua' }), graphqlLine('UNPROCESSABLE_ENTITY')],
    ['GraphQL 404', () => graphql({ connectionId: unknown }), graphqlLine('NOT_FOUND')],
    ['GraphQL 400', () => document('{"query":'), graphqlLine('BAD_REQUEST', null, 400)],
    ['GraphQL 413', () => document({ query: 'x'.repeat(110_000) }), graphqlLine('REQUEST_TOO_LARGE', null, 413)],
    [
      'GraphQL 415',
      () => document('{viewer}', { 'content-type': 'application/graphql' }),
      graphqlLine('UNSUPPORTED_MEDIA_TYPE', null, 415),
    ],
    [
      'GraphQL 405',
      () => gateway.app.inject({ method: 'PUT', url: '/graphql', headers }),
      strayLine('METHOD_NOT_ALLOWED', 405),
    ],
  ])('%s', async (name, send, { known, ...expected }) => {
    const answer = await send()
    // A change has a line of its own.
    const found = (await lines()).filter(({ msg }) => msg !== 'change')
    expect(found).toEqual([
      {
        level: 30,
        time: expect.any(Number),
        requestId,
        // Fastify refuses a path that it cannot decode before its hooks, which add the number.
        ...(name !== 'a path that cannot be decoded' && { ownId: expect.stringMatching(/^[0-9a-f-]{36}#\d+$/) }),
        ...expected,
        ...(known && { clientId: fixture.clientId, clientType: 'MSP' }),
        ...(expected.status === 401 && { unauthenticated: name.includes('bad token') ? 'malformed' : 'no_token' }),
        durationMs: expect.any(Number),
        msg: 'request',
      },
    ])
    expect(answer.statusCode).toBe(expected.status)
    expect(answer.headers['x-request-id']).toBe(requestId)
  })
})

test.each(['/health/live', '/health/ready', '/metrics'])(
  'a probe that comes every second does not drown the log: %s',
  async (url) => {
    gateway.log.length = 0
    expect((await gateway.app.inject({ url, headers })).statusCode).toBe(200)
    expect(await lines()).toEqual([])
    await gateway.app.inject({ method: 'PUT', url, headers })
    expect(await lines()).toEqual([expect.objectContaining({ level: 30, code: 'METHOD_NOT_ALLOWED', status: 405 })])
  },
)

describe('a GraphQL request error is not OK in its line', () => {
  beforeEach(() => {
    gateway.log.length = 0
  })
  test.each<[string, object]>([
    ['a document that is not valid', { query: '{ viewer { password } }' }],
    ['a document that cannot be parsed', { query: '{ viewer {' }],
    ['variables that do not fit', { query: UpdateClientConnectionDocument.toString(), variables: { input: 42 } }],
  ])('%s', async (_name, body) => {
    await document(body)
    expect(await lines()).toEqual([
      expect.objectContaining({ door: 'GRAPHQL', code: expect.not.stringMatching(/^OK$/) }),
    ])
  })
})

test('no line holds a token, a secret, a redirect URI or its query values, whatever was asked', async () => {
  gateway.log.length = 0
  const bad = [`${token.slice(0, -3)}AAA`, gateway.issuer.mint(writer(fixture.clientId, { expiresInSeconds: -3_600 }))]
  await rest()
  await graphql()
  for (const sent of bad) {
    await rest({ redirect_uri: redirectUri }, sent)
    await graphql({}, sent)
  }
  await rest({ redirect_uri: `http://a.ua/?code=${secretValue}` })
  await rest({ redirect_uri: redirectUri, secret: fixture.secret, api_key: secretValue })
  await rest({ redirect_uri: redirectUri }, token, { 'api-key': fixture.secret, cookie: `session=${secretValue}` })
  await rest(`{"redirect_uri":"${redirectUri}"`)
  await rest({ redirect_uri: redirectUri }, null, {}, `${fixture.path}?access_token=${token}&code=${secretValue}`)
  await gateway.app.inject({ url: `/nowhere/${token}?redirect_uri=${secretValue}`, headers })
  await gateway.app.inject({ url: `/api/%zz?redirect_uri=${secretValue}`, headers })
  await graphql({ redirectUri: `https://user:${secretValue}@a.ua/#${secretValue}` })
  await document({ query: `{ viewer(code: "${secretValue}") { clientId } }` })
  await document({ query: `mutation { updateClientConnection(input: { redirectUri: "${redirectUri}" }) { x } }` })
  await document({ query: 'query q($v: Int!) { viewer { clientId } }', variables: { v: secretValue } })
  await setImmediate()

  const log = gateway.log.join('')
  expect(gateway.log.length).toBe(17)
  for (const hidden of [
    token,
    ...bad,
    ...bad.flatMap((sent) => sent.split('.')),
    fixture.secret,
    secretValue,
    'after.example.ua',
    'a.ua/',
  ])
    expect(log).not.toContain(hidden)
})

describe('what a caller sends cannot make a line of its own, nor a control character', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

  async function expectCleanLines(count: number): Promise<Record<string, unknown>[]> {
    await setImmediate()
    const text = gateway.log.join('')
    expect(text).not.toMatch(control)
    expect(text.trimEnd().split('\n')).toHaveLength(count)
    return lines()
  }
  beforeEach(() => {
    gateway.log.length = 0
  })

  test.each([
    ['a line break', 'a-request-id-of-20-chars\n{"level":30}'],
    ['an escape sequence', 'a-request-id-of-20-chars\u001b[31m'],
    ['a C1 control', 'a-request-id-of-20-chars\u009b31m'],
  ])('%s in the request id', async (_name, sent) => {
    await rest({ redirect_uri: redirectUri }, token, { 'x-request-id': sent })
    const [line] = await expectCleanLines(1)
    expect(line?.['requestId']).toMatch(/^[0-9a-f-]{36}#\d+$/)
  })

  test('a control character in the path is escaped in the log', async () => {
    await gateway.app.inject({ url: '/%0a%7b%22level%22%3a60%7d%1b[31m%c2%9b', headers })
    await rest({}, token, {}, '/api/clients/%0d%0a{}/connections/%1b%5b31m%e2%80%a8')
    await expectCleanLines(2)
  })

  test.each([
    ['a line separator', 'MSP\u2028{"level":60}'],
    ['a bidirectional override', 'MSP\u202eNIMDA'],
    ['quotes', 'MSP","level":60,"x":"'],
    ['an emoji', 'MSP🙂'],
  ])('%s in client_type, which the issuer has signed', async (_name, clientType) => {
    const answer = await rest(
      { redirect_uri: redirectUri },
      gateway.issuer.mint(writer(fixture.clientId, { clientType })),
    )
    expect(answer.statusCode).toBe(200)
    const [unlisted, request] = await expectCleanLines(2)
    expect(unlisted).toMatchObject({ level: 40, clientType })
    expect(request).toMatchObject({ level: 30, clientType, status: 200 })
  })

  test('a control character in the name of a GraphQL operation or field is escaped in the log', async () => {
    await document({ query: 'query a\u2028b { viewer { clientId } }', operationName: 'x\n{"level":60}\u009b' })
    await document({ query: '{ viewer { clientId } }', operationName: 'x\n{"level":60}\u009b' })
    await expectCleanLines(2)
  })
})

describe('the cause of a 5xx', () => {
  test('the cause has names, codes and the last line of each message, in one line', () => {
    const inner = Object.assign(
      new Error('Invalid `prisma.x()` invocation in\n/work/src/x.ts:1\n\nthe server is away\u001b[31m'),
      {
        code: 'P1001',
      },
    )
    expect(describeCause(new TypeError('it failed\n', { cause: inner }))).toBe(
      'TypeError: it failed <- Error P1001: the server is away [31m',
    )
  })

  test('the cause is bounded in length and in depth', () => {
    let error = new Error('x'.repeat(10_000))
    for (let depth = 0; depth < 100; depth++) error = new Error('y'.repeat(10_000), { cause: error })
    expect(describeCause(error).length).toBeLessThan(2_000)
    const round: Error & { cause?: unknown } = new Error('round')
    round.cause = round
    expect(describeCause(round).length).toBeLessThan(200)
  })

  test.each([
    [undefined],
    [null],
    [42],
    ['text\nwith lines'],
    [{ toString: () => 'x'.repeat(1_000) }],
    [Object.create(null)],
    [Symbol('s')],
  ])('may be anything that was thrown: %s', (thrown) => {
    expect(describeCause(thrown)).toMatch(/^.{0,200}$/)
  })
})
