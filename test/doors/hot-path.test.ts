import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import {
  ClientConnectionDocument,
  UpdateClientConnectionDocument,
  ViewerDocument,
} from '../../src/client/documents/graphql.ts'
import { bearer, type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

/** Yoga ignores a parameter that is null. The hot path does not know it, and leaves the request to Yoga's pipeline. */
const throughPipeline = { unknownParameter: null }

/** `Accept` of the clients that front offices use, and the type of the answer. */
const accepts = [
  ['no header', undefined, 'application/json'],
  ['a browser’s fetch', '*/*', 'application/json'],
  ['the typed client', 'application/json', 'application/json'],
  ['Apollo Client 4', 'application/graphql-response+json,application/json;q=0.9', 'application/graphql-response+json'],
  ['graphql-request 7', 'application/graphql-response+json, application/json', 'application/graphql-response+json'],
  [
    'urql 5',
    'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
    'application/graphql-response+json',
  ],
] as const

let gateway: TestGateway
let fixture: Fixture
beforeAll(async () => {
  gateway = await startTestGateway()
  fixture = await gateway.connection()
})
afterAll(() => gateway.close())

const own = () => ({ clientId: fixture.clientId, connectionId: fixture.connectionId })
const update = (more: object) => ({
  query: UpdateClientConnectionDocument.toString(),
  variables: { input: { ...own(), ...more } },
})

test.each<[string, () => object, string?]>([
  ['a change', () => update({ redirectUri: 'https://same.example.ua/' })],
  ['a refusal of validation', () => update({ redirectUri: 'http://x' })],
  ['a refusal of scope-auth', () => update({ redirectUri: 'https://same.example.ua/' }), 'connection:read'],
  [
    'a connection that is not there',
    () => update({ connectionId: randomUUID(), redirectUri: 'https://same.example.ua/' }),
  ],
  [
    'a query',
    () => ({ query: ClientConnectionDocument.toString(), variables: own(), operationName: 'ClientConnection' }),
  ],
  ['no variables', () => ({ query: ViewerDocument.toString() })],
  ['null variables', () => ({ query: ViewerDocument.toString(), variables: null, operationName: null })],
  [
    'an inline input',
    () => ({
      query: `mutation { updateClientConnection(input: { clientId: "${fixture.clientId}", connectionId: "x", redirectUri: "y" }) { clientConnection { id } } }`,
    }),
  ],
  [
    'an alias, a fragment and __typename',
    () => ({ query: 'query { __typename me: viewer { ...V } } fragment V on Viewer { __typename type: clientType }' }),
  ],
  [
    'two fields, one refused',
    () => ({ query: '{ viewer { clientId } clientConnection(clientId: "x", connectionId: "y") { id } }' }),
  ],
  ['a variable that cannot be coerced', () => update({ redirectUri: 42 })],
  ['a document that does not parse', () => ({ query: '{' })],
  ['a document that is not valid', () => ({ query: '{ viewer { secret } }' })],
  ['an unknown operation', () => ({ query: 'query A { __typename }', operationName: 'B' })],
  ['introspection', () => ({ query: '{ __schema { queryType { name } } }' })],
  ['a document beyond a limit of its text', () => ({ query: `{ ${'viewer '.repeat(1_000)} }` })],
  [
    'a document beyond several limits',
    () => ({ query: `{ ${Array.from({ length: 30 }, (_, i) => `a${i}: viewer { clientId }`).join(' ')} }` }),
  ],
  [
    'a document that asks for too much',
    () => ({
      query:
        '{ clients(first: 100) { edges { node { connections(first: 100) { totalCount } } } nodes { connections { totalCount } } } }',
    }),
  ],
  [
    'a document with many mistakes',
    () => ({ query: `{ ${Array.from({ length: 100 }, (_, i) => `a${i}`).join(' ')} }` }),
  ],
  ['a fragment that spreads itself', () => ({ query: '{ ...F } fragment F on Query { ...F }' })],
  ['a name that nearly is one', () => ({ query: '{ viewer { clientI } }' })],
  ['two operations and no name', () => ({ query: 'query A { __typename } query B { __typename }' })],
  ['a subscription', () => ({ query: 'subscription { a }' })],
  ['a persisted document', () => ({ documentId: ViewerDocument.__meta__?.['hash'] })],
  ['an unknown document', () => ({ documentId: 'unknown' })],
  ['extra parameters', () => ({ query: '{ __typename }', extensions: { persistedQuery: 1 } })],
  ['no document', () => ({ variables: {} })],
  ['extensions, as Apollo Client sends them', () => ({ query: '{ __typename }', extensions: { clientLibrary: {} } })],
  ['extensions that are no object', () => ({ query: '{ __typename }', extensions: 1 })],
])(
  '%s is answered in the same bytes by the hot path and by the full pipeline',
  async (_name, body, scope = 'connection:read connection:write') => {
    const token = gateway.issuer.mint(writer(fixture.clientId, { scope }))
    const sent = body()
    const post = (accept: string | undefined, more: object = {}) =>
      gateway.app.inject({
        method: 'POST',
        url: '/graphql',
        headers: {
          'content-type': 'application/json',
          'x-request-id': 'a-request-id-of-20-characters',
          ...bearer(token),
          ...(accept !== undefined && { accept }),
        },
        payload: JSON.stringify({ ...sent, ...more }),
      })
    // The first change moves updatedAt; all others write nothing.
    await post('*/*')

    for (const [, accept, type] of accepts) {
      const [hot, full] = [await post(accept), await post(accept, throughPipeline)]
      const seen = ({ body, statusCode, headers }: typeof hot) => ({ body, statusCode, type: headers['content-type'] })
      expect(seen(hot)).toEqual(seen(full))
      expect(hot.headers['content-type']).toBe(`${type}; charset=utf-8`)
      // GraphQL over HTTP, 6.4.2
      if (type === 'application/graphql-response+json') expect(hot.statusCode >= 400).toBe(!('data' in hot.json()))
    }
  },
)

test.each(accepts)('a request of %s takes the hot path', async (_name, accept) => {
  // Only the way to Yoga's pipeline asks for the URL.
  const askedForUrl = vi.spyOn(gateway.app, 'publicUrl')
  const token = gateway.issuer.mint(writer(fixture.clientId))
  const headers = { 'content-type': 'application/json', ...bearer(token), ...(accept !== undefined && { accept }) }
  const post = (more: object) =>
    gateway.app.inject({ method: 'POST', url: '/graphql', headers, payload: { query: '{ __typename }', ...more } })

  expect((await post({})).statusCode).toBe(200)
  expect(askedForUrl).not.toHaveBeenCalled()
  await post(throughPipeline)
  expect(askedForUrl).toHaveBeenCalledOnce()
  askedForUrl.mockRestore()
})

test.each(['[]', '{"query":""}'])(
  'the body %s is refused with a code, however the path is encoded',
  async (payload) => {
    const headers = { 'content-type': 'application/json', ...bearer(gateway.issuer.mint(writer(fixture.clientId))) }
    const answers = ['/graphql', '/%67raphql'].map(async (url) => {
      const { statusCode, body } = await gateway.app.inject({ method: 'POST', url, headers, payload })
      return { statusCode, codes: JSON.parse(body).errors.map((error: { extensions: object }) => error.extensions) }
    })
    const [plain, encoded] = await Promise.all(answers)
    expect(encoded).toEqual(plain)
    expect(plain?.codes).toEqual([expect.objectContaining({ code: expect.any(String), status: 400 })])
  },
)

test.each([
  '{',
  '{ viewer { secret } }',
  '{ clients(first: 100) { edges { node { connections(first: 100) { totalCount } } } nodes { connections { totalCount } } } }',
])(
  'a document that the hot path has refused keeps its HTTP status for callers of application/graphql-response+json: %s',
  async (query) => {
    const token = gateway.issuer.mint(writer(fixture.clientId))
    expect((await gateway.graphql(query, {}, token)).statusCode).toBe(200)
    expect(
      (await gateway.graphql(query, {}, token, { headers: { accept: 'application/graphql-response+json' } }))
        .statusCode,
    ).toBe(400)
  },
)

test.each(['APPLICATION/JSON', 'application/json;charset=UTF-8', 'Application/Json ; charset="utf-8"'])(
  'a body of the type %s is read on both ways',
  async (type) => {
    const headers = { 'content-type': type, ...bearer(gateway.issuer.mint(writer(fixture.clientId))) }
    const post = (more: object) =>
      gateway.app.inject({
        method: 'POST',
        url: '/graphql',
        headers: { ...headers, ...more },
        payload: '{"query":"{ viewer { clientId } }"}',
      })
    for (const more of [{}, { accept: 'application/graphql-response+json' }]) {
      const answer = await post(more)
      expect([answer.statusCode, answer.json().data]).toEqual([200, { viewer: { clientId: fixture.clientId } }])
    }
  },
)
