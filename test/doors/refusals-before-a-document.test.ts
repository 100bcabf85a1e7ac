import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bearer, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

const clientId = '10000000-0000-4000-8000-000000000001'
const json = { 'content-type': 'application/json' }
const payload = '{"query":"{ viewer { clientId } }"}'

let gateway: TestGateway
let limited: TestGateway
let withoutKeys: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway()
  limited = await startTestGateway({ AUTH_FAILURE_LIMIT_PER_MINUTE: '1' })
  withoutKeys = await startTestGateway({ TOKEN_JWKS_URL: 'http://127.0.0.1:1/jwks' })
  await limited.app.inject({ method: 'POST', url: '/graphql', headers: { ...json, ...bearer('x') }, payload })
})
afterAll(() => Promise.all([gateway.close(), limited.close(), withoutKeys.close()]))

const token = (to: TestGateway) => bearer(to.issuer.mint(writer(clientId)))

/** `Accept`, the type of the answer, and the status of a 503. */
const types = [
  ['application/json', 'application/json', 200],
  ['application/graphql-response+json,application/json;q=0.9', 'application/graphql-response+json', 503],
  ['application/json;q=0.1, application/graphql-response+json', 'application/graphql-response+json', 503],
] as const

describe.each(types)('a caller with Accept: %s', (accept, type, unavailable) => {
  test.each<[string, () => TestGateway, number, string, () => object]>([
    ['no token', () => gateway, 401, 'UNAUTHENTICATED', () => ({ headers: json, payload })],
    ['too many failures', () => limited, 429, 'TOO_MANY_REQUESTS', () => ({ headers: { ...json, ...bearer('x') } })],
    ['no keys', () => withoutKeys, unavailable, 'SERVICE_UNAVAILABLE', () => ({ headers: token(withoutKeys) })],
    ['another method', () => gateway, 405, 'METHOD_NOT_ALLOWED', () => ({ method: 'PUT', headers: token(gateway) })],
    [
      'a body that is not JSON',
      () => gateway,
      400,
      'BAD_REQUEST',
      () => ({ headers: { ...json, ...token(gateway) }, payload: '{' }),
    ],
    [
      'an unknown persisted document',
      () => gateway,
      400,
      'PERSISTED_QUERY_NOT_FOUND',
      () => ({ headers: { ...json, ...token(gateway) }, payload: '{"documentId":"unknown"}' }),
    ],
    [
      'a body that is too large',
      () => gateway,
      413,
      'REQUEST_TOO_LARGE',
      () => ({ headers: { ...json, ...token(gateway) }, payload: `"${'x'.repeat(200_000)}"` }),
    ],
    [
      'a form',
      () => gateway,
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      () => ({ headers: { 'content-type': 'application/x-www-form-urlencoded', ...token(gateway) }, payload: 'a=b' }),
    ],
  ])('gets the refusal of %s in that type', async (_case, to, status, code, request) => {
    const { headers, ...more } = request() as { headers: object }
    const answer = await to().app.inject({ method: 'POST', url: '/graphql', ...more, headers: { ...headers, accept } })
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([status, `${type}; charset=utf-8`])
    expect(answer.json()).toMatchObject({
      errors: [{ extensions: { code } }],
      extensions: { requestId: expect.any(String) },
    })
  })
})
