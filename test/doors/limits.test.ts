import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bearer, type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'
import { makeKey } from '../support/tokens.ts'

const limits = { WRITE_LIMIT_PER_MINUTE: '3', AUTH_FAILURE_LIMIT_PER_MINUTE: '3', TRUSTED_PROXIES: '127.0.0.1' }

let gateway: TestGateway
let fixture: Fixture
let token: string
beforeAll(async () => {
  gateway = await startTestGateway(limits)
})
afterAll(() => gateway.close())
// A caller of its own for each test: nobody has counted it yet.
beforeEach(async () => {
  fixture = await gateway.connection()
  token = gateway.issuer.mint(writer(fixture.clientId))
})

let number = 0
const uri = () => `https://after.example.ua/${++number}`
const update = `mutation ($input: UpdateClientConnectionInput!) { updateClientConnection(input: $input) { clientConnection { redirectUri } } }`

const patch = (redirectUri: unknown = uri(), sent: string | null = token) =>
  gateway.patch(fixture.path, typeof redirectUri === 'string' ? { redirect_uri: redirectUri } : redirectUri, sent)
const mutate = (redirectUri = uri(), sent = token) => {
  const { clientId, connectionId } = fixture
  return gateway.graphql(update, { input: { clientId, connectionId, redirectUri } }, sent)
}
const changes = async () => (await gateway.auditOf(fixture.connectionId)).length
const seconds = expect.stringMatching(/^([1-9]|[1-5]\d|60)$/)

const refusedHeaders = {
  'retry-after': seconds,
  'ratelimit-policy': '"write";q=3;w=60',
  ratelimit: expect.stringMatching(/^"write";r=0;t=([1-9]|[1-5]\d|60)$/),
}

describe('writes', () => {
  test('REST accepts the quota and says how many are left; the next write is 429', async () => {
    const answers = [await patch(), await patch(), await patch()]
    expect(
      answers.map(({ statusCode, headers }) => [
        statusCode,
        headers['ratelimit-policy'],
        String(headers['ratelimit']).split(';')[1],
      ]),
    ).toEqual([
      [200, '"write";q=3;w=60', 'r=2'],
      [200, '"write";q=3;w=60', 'r=1'],
      [200, '"write";q=3;w=60', 'r=0'],
    ])
    const refused = await patch()
    expect(refused.statusCode).toBe(429)
    expect(refused.headers).toMatchObject(refusedHeaders)
    expect(refused.json()).toEqual({
      meta: {
        code: 429,
        url: `https://gateway.example.ua${fixture.path}`,
        type: 'object',
        request_id: refused.headers['x-request-id'],
      },
      error: { type: 'too_many_requests', message: 'Too many requests' },
    })
    expect(await changes()).toBe(3)
  })

  test('GraphQL accepts the quota; the next write is an outcome in an HTTP 200 with the same headers', async () => {
    const answers = [await mutate(), await mutate(), await mutate()]
    expect(answers.map((answer) => answer.json().errors)).toEqual([undefined, undefined, undefined])
    const refused = await mutate()
    expect(refused.statusCode).toBe(200)
    expect(refused.headers).toMatchObject(refusedHeaders)
    expect(refused.json()).toEqual({
      data: { updateClientConnection: null },
      errors: [
        {
          message: 'Too many requests',
          locations: expect.anything(),
          path: ['updateClientConnection'],
          extensions: {
            code: 'TOO_MANY_REQUESTS',
            status: 429,
            exception: { retryAfter: Number(refused.headers['retry-after']) },
          },
        },
      ],
      extensions: { requestId: refused.headers['x-request-id'] },
    })
    expect(await changes()).toBe(3)
  })

  test('writes through both doors are counted together', async () => {
    await patch()
    await mutate()
    await patch()
    expect((await mutate()).json().errors[0].extensions.code).toBe('TOO_MANY_REQUESTS')
    expect((await patch()).statusCode).toBe(429)
    expect(await changes()).toBe(3)
  })

  test('each write of one document counts', async () => {
    const { clientId, connectionId } = fixture
    const field = (name: string) =>
      `${name}: updateClientConnection(input: { clientId: "${clientId}", connectionId: "${connectionId}", redirectUri: "${uri()}" }) { clientConnection { id } }`
    await gateway.graphql(`mutation { ${field('a')} ${field('b')} }`, {}, token)
    const answer = await gateway.graphql(`mutation { ${field('c')} ${field('d')} }`, {}, token)
    expect(answer.json().errors).toMatchObject([{ path: ['d'], extensions: { code: 'TOO_MANY_REQUESTS' } }])
    expect(await changes()).toBe(3)
  })

  test('writes of every kind are counted', async () => {
    const all = gateway.issuer.mint(
      writer(fixture.clientId, { scope: 'connection:write connection:delete connection:refresh_secret' }),
    )
    const { clientId, connectionId } = fixture
    const key = `clientId: "${clientId}", connectionId: "${connectionId}"`
    const run = async (text: string) =>
      (await gateway.graphql(`mutation { ${text} { clientConnection { id } } }`, {}, all)).json().errors[0].extensions
        .code
    expect(await run(`refreshClientConnectionSecret(input: { ${key} })`)).toBe('UNAUTHENTICATED')
    expect(await run(`revertClientConnection(input: { ${key}, changeId: "0" })`)).toBe('NOT_FOUND')
    expect(await run(`deleteClientConnection(input: { ${key}, expectedVersion: 999 })`)).toBe('CONFLICT')
    for (const again of [
      `refreshClientConnectionSecret(input: { ${key} })`,
      `revertClientConnection(input: { ${key}, changeId: "0" })`,
      `deleteClientConnection(input: { ${key} })`,
    ])
      expect(await run(again)).toBe('TOO_MANY_REQUESTS')
    const send = (method: 'PATCH' | 'DELETE', url: string) => gateway.app.inject({ method, url, headers: bearer(all) })
    expect((await send('DELETE', fixture.path)).statusCode).toBe(429)
    expect((await send('PATCH', `${fixture.path}/actions/refresh_secret`)).statusCode).toBe(429)
    expect(await gateway.redirectUriOf(connectionId)).toBeDefined()
  })

  test('a write without effect counts too, and 429 comes before the body is judged', async () => {
    expect((await patch('http://wrong.example.ua')).statusCode).toBe(422)
    expect((await patch('not JSON at all'.repeat(2))).statusCode).toBe(422)
    expect((await gateway.patch(fixture.path, '{', token)).statusCode).toBe(400)
    expect((await gateway.patch(fixture.path, '{', token)).statusCode).toBe(429)
    expect((await gateway.patch(fixture.path, 'x'.repeat(70_000), token)).statusCode).toBe(429)
    expect(
      (await gateway.patch(fixture.path, '<a/>', token, { headers: { 'content-type': 'text/xml' } })).statusCode,
    ).toBe(429)
    expect((await mutate('http://wrong.example.ua')).json().errors[0].extensions.code).toBe('TOO_MANY_REQUESTS')
  })

  test('a forbidden write does not count, and stays forbidden when the quota is used up', async () => {
    const reader = gateway.issuer.mint(writer(fixture.clientId, { scope: 'connection:read' }))
    const stranger = gateway.issuer.mint(writer('99999999-0000-4000-8000-000000000009'))
    const notAllowed = async () => [(await patch(uri(), reader)).statusCode, (await patch(uri(), stranger)).statusCode]
    for (let round = 0; round < 4; round++) expect(await notAllowed()).toEqual([403, 403])
    expect([
      (await patch()).statusCode,
      (await patch()).statusCode,
      (await patch()).statusCode,
      (await patch()).statusCode,
    ]).toEqual([200, 200, 200, 429])
    expect(await notAllowed()).toEqual([403, 403])
  })

  test('the writes of one user do not count for another user of the client, and reads do not count', async () => {
    const user = (userId: string) => gateway.issuer.mint(writer(fixture.clientId, { userId }))
    const [hostile, other] = [
      user('30000000-0000-4000-8000-000000000001'),
      user('30000000-0000-4000-8000-000000000002'),
    ]
    for (let round = 0; round < 9; round++) await patch(uri(), hostile)
    expect((await patch(uri(), hostile)).statusCode).toBe(429)
    expect((await patch(uri(), other)).statusCode).toBe(200)
    expect((await patch()).statusCode).toBe(200)
    const read = await gateway.app.inject({ url: fixture.path, headers: bearer(hostile) })
    expect([read.statusCode, read.headers['ratelimit']]).toEqual([200, undefined])
  })

  test('writes at the same moment do not exceed the quota', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => patch()))
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(3)
    expect(answers.filter(({ statusCode }) => statusCode === 429)).toHaveLength(17)
    expect(await changes()).toBe(3)
  })
})

describe('failed authentications', () => {
  // Addresses of their own, believed because the proxy is.
  let address = ''
  let addresses = 0
  beforeEach(() => {
    address = `192.0.2.${++addresses}`
  })
  const from = (remote: string, sent: string | null) => ({ headers: { 'x-forwarded-for': remote, ...bearer(sent) } })
  const read = async (sent: string | null, remote = address) =>
    gateway.app.inject({ url: fixture.path, ...from(remote, sent) })
  const query = async (sent: string | null, remote = address) =>
    gateway.graphql('{ __typename }', {}, null, from(remote, sent))

  test('failed authentications are 401 up to the quota and then 429, and a good token is served', async () => {
    expect([
      (await read(null)).statusCode,
      (await query('rubbish')).statusCode,
      (await read('rubbish')).statusCode,
    ]).toEqual([401, 401, 401])
    const refused = await read('rubbish')
    expect(refused.statusCode).toBe(429)
    expect(refused.headers).toMatchObject({
      'retry-after': seconds,
      'ratelimit-policy': '"authentication";q=3;w=60',
      ratelimit: expect.stringMatching(/^"authentication";r=0;t=/),
    })
    expect(refused.headers['www-authenticate']).toBeUndefined()
    expect(refused.json()).toMatchObject({
      meta: { code: 429 },
      error: { type: 'too_many_requests', message: 'Too many requests' },
    })
    // Refused before there is a document to execute: told by HTTP itself.
    const throughGraphQL = await query(null)
    expect(throughGraphQL.statusCode).toBe(429)
    expect(throughGraphQL.json().errors[0].extensions).toEqual({
      code: 'TOO_MANY_REQUESTS',
      status: 429,
      exception: { retryAfter: Number(throughGraphQL.headers['retry-after']) },
    })
    expect([(await read(token)).statusCode, (await query(token)).statusCode, (await read(null)).statusCode]).toEqual([
      200, 200, 429,
    ])
  })

  test('an expired token does not count as a failure, and a forged expired one does', async () => {
    const old = { ...writer(fixture.clientId), issuedAt: Math.floor(Date.now() / 1_000) - 900, expiresInSeconds: 600 }
    const expired = gateway.issuer.mint(old)
    for (let round = 0; round < 5; round++) expect((await read(expired)).statusCode).toBe(401)

    const stranger = { ...makeKey(), kid: gateway.issuer.key.kid }
    const statuses: number[] = []
    for (let round = 0; round < 4; round++)
      statuses.push((await read(gateway.issuer.mint({ ...old, key: stranger }))).statusCode)
    expect(statuses).toEqual([401, 401, 401, 429])
    expect((await read(expired)).statusCode).toBe(401)
  })

  test('failures count by address, and a /64 of IPv6 is one address', async () => {
    for (let host = 1; host <= 4; host++) await read(null, `2001:db8:${addresses}::${host}`)
    expect((await read(null, `2001:db8:${addresses}::ffff`)).statusCode).toBe(429)
    expect((await read(null, `2001:db8:${addresses}:1::1`)).statusCode).toBe(401)
    expect((await read(null)).statusCode).toBe(401)
  })

  test('failures of one address with changing ports count together', async () => {
    for (let port = 4_711; port < 4_714; port++) expect((await read(null, `${address}:${port}`)).statusCode).toBe(401)
    expect((await read(null, `${address}:4714`)).statusCode).toBe(429)
    expect((await read(null)).statusCode).toBe(429)
    for (let port = 1; port <= 4; port++) await read(null, `[2001:db8:ffff:${addresses}::${port}]:${port}`)
    expect((await read(null, `2001:db8:ffff:${addresses}::9`)).statusCode).toBe(429)
    expect((await read(null, '203.0.113.77:4711')).statusCode).toBe(401)
  })

  test('failures count by the address from the trusted proxy, not by one that the client wrote', async () => {
    for (let round = 0; round < 4; round++) await read(null, `203.0.113.${round}, ${address}`)
    expect((await read(null, `198.51.100.1, ${address}`)).statusCode).toBe(429)
    expect((await read(null, '203.0.113.1')).statusCode).toBe(401)
  })
})

describe('without TRUSTED_PROXIES', () => {
  let direct: TestGateway
  afterEach(() => direct.close())

  test('X-Forwarded-For changes nothing', async () => {
    direct = await startTestGateway({ ...limits, TRUSTED_PROXIES: '' })
    const statuses: number[] = []
    for (let host = 1; host <= 4; host++)
      statuses.push(
        (await direct.app.inject({ url: '/api/clients', headers: { 'x-forwarded-for': `192.0.2.${host}` } }))
          .statusCode,
      )
    expect(statuses).toEqual([401, 401, 401, 429])
  })
})
