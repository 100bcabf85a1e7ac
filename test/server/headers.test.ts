import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bearer, type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

const listed = 'https://admin.example.ua'

let gateway: TestGateway
let open: TestGateway
let fixture: Fixture
let token: string
beforeAll(async () => {
  gateway = await startTestGateway({ NODE_ENV: 'production' })
  const same = { DATABASE_URL: gateway.config.database.url ?? '', TOKEN_JWKS_URL: gateway.issuer.jwksUrl }
  open = await startTestGateway({
    ...same,
    PUBLIC_URL: 'http://gateway.example.ua:8080',
    CORS_ORIGINS: `${listed},http://localhost:5173`,
  })
  fixture = await gateway.connection()
  token = gateway.issuer.mint(writer(fixture.clientId))
})
afterAll(async () => {
  await gateway.close()
  await open.close()
})

const security = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

describe('headers of security', () => {
  test.each<[number, 'GET' | 'POST' | 'PUT', () => string]>([
    [200, 'GET', () => fixture.path],
    [401, 'GET', () => '/api/clients'],
    [404, 'GET', () => '/nothing'],
    [405, 'PUT', () => fixture.path],
    [401, 'POST', () => '/graphql'],
    [200, 'GET', () => '/health/live'],
    [200, 'GET', () => '/api/openapi.json'],
    [400, 'GET', () => '/%'],
  ])('%i %s', async (status, method, url) => {
    const answer = await gateway.app.inject({
      method,
      url: url(),
      headers: url() === fixture.path && method === 'GET' ? bearer(token) : {},
    })
    expect(answer.statusCode).toBe(status)
    expect(answer.headers).toMatchObject(security)
  })

  test('only answers of a gateway behind https have the HSTS header', async () => {
    const { headers } = await open.app.inject({ url: '/health/live' })
    expect(headers['strict-transport-security']).toBeUndefined()
    expect(headers['x-content-type-options']).toBe('nosniff')
  })

  test('the policy of a page allows its own files, and nothing of another origin', async () => {
    const policyOf = async (url: string) => {
      const answer = await open.app.inject({ url, headers: { accept: 'text/html' } })
      expect(answer.headers['content-type']).toMatch(/^text\/html/)
      return String(answer.headers['content-security-policy'])
    }
    for (const policy of [await policyOf('/api/docs'), await policyOf('/graphql')]) {
      expect(policy).toMatch(/^default-src 'none'; script-src /)
      expect(policy).toMatch(/connect-src 'self'; .*frame-ancestors 'none'$/)
      expect(policy).not.toMatch(/https?:|\*/)
    }
  })
})

describe('other origins', () => {
  const preflight = (to: TestGateway, origin: string, url = fixture.path) =>
    to.app.inject({
      method: 'OPTIONS',
      url,
      headers: { origin, 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'authorization' },
    })
  const namesOf = (headers: object) => Object.keys(headers).filter((name) => name.startsWith('access-control-'))

  test('a listed origin may send a preflight to every path without a token', async () => {
    for (const url of [fixture.path, '/graphql']) {
      const answer = await preflight(open, listed, url)
      expect([answer.statusCode, answer.body]).toEqual([204, ''])
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': listed,
        'access-control-allow-methods': 'GET, POST, PATCH, DELETE',
        'access-control-allow-headers': 'authorization, content-type, api-key, if-match, if-none-match, x-request-id',
        'access-control-max-age': '600',
        vary: expect.stringContaining('Origin'),
        'x-request-id': expect.any(String),
      })
      expect(answer.headers['access-control-allow-credentials']).toBeUndefined()
    }
  })

  test('a listed origin may send the headers of CORS_HEADERS, too', async () => {
    const more = await startTestGateway({
      CORS_ORIGINS: listed,
      CORS_HEADERS: 'traceparent, Apollographql-Client-Name',
    })
    const answer = await preflight(more, listed)
    expect(answer.headers['access-control-allow-headers']).toBe(
      'authorization, content-type, api-key, if-match, if-none-match, x-request-id, traceparent, apollographql-client-name',
    )
    await more.close()
  })

  test('a listed origin may read answers and refusals', async () => {
    const read = await open.app.inject({ url: fixture.path, headers: { ...bearer(token), origin: listed } })
    const refused = await open.app.inject({ url: fixture.path, headers: { origin: 'http://localhost:5173' } })
    expect([read.statusCode, refused.statusCode]).toEqual([200, 401])
    expect([read.headers['access-control-allow-origin'], refused.headers['access-control-allow-origin']]).toEqual([
      listed,
      'http://localhost:5173',
    ])
    expect(read.headers['access-control-expose-headers']).toBe(
      'x-request-id, etag, retry-after, ratelimit, ratelimit-policy, www-authenticate',
    )
  })

  test.each([
    'https://evil.example.ua',
    `${listed}.evil.example`,
    'https://evil-admin.example.ua',
    `${listed}:8443`,
    'http://admin.example.ua',
    `${listed}/`,
    'HTTPS://ADMIN.EXAMPLE.UA',
    'null',
    '*',
  ])('are told nothing where they are not listed: %s', async (origin) => {
    const asked = await preflight(open, origin)
    expect(asked.statusCode).toBe(405)
    expect(asked.json()).toMatchObject({ error: { type: 'method_not_allowed' } })
    expect(asked.headers['allow']).toBe('GET, HEAD, PATCH, DELETE')
    const read = await open.app.inject({ url: fixture.path, headers: { ...bearer(token), origin } })
    expect([...namesOf(asked.headers), ...namesOf(read.headers)]).toEqual([])
    // A cache must not give the answer for one origin to another.
    expect(read.headers['vary']).toContain('Origin')
  })

  test('without CORS_ORIGINS no answer has CORS headers', async () => {
    const asked = await preflight(gateway, listed)
    expect([asked.statusCode, asked.headers['allow']]).toEqual([405, 'GET, HEAD, PATCH, DELETE'])
    const read = await gateway.app.inject({ url: fixture.path, headers: { ...bearer(token), origin: listed } })
    expect([...namesOf(asked.headers), ...namesOf(read.headers)]).toEqual([])
    expect(read.headers['vary']).toBeUndefined()
  })

  test('an OPTIONS that is no preflight is 405', async () => {
    const answer = await open.app.inject({ method: 'OPTIONS', url: fixture.path, headers: { origin: listed } })
    expect([answer.statusCode, answer.headers['allow']]).toEqual([405, 'GET, HEAD, PATCH, DELETE'])
    expect(answer.json().meta.request_id).toBe(answer.headers['x-request-id'])
  })
})
