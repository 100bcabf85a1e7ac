import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  ClientConnectionDocument,
  UpdateClientConnectionDocument,
  ViewerDocument,
} from '../../src/client/documents/graphql.ts'
import { bearer, type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

// An Accept header that means the same as none, but that the hot path does not know: it sends the request through
// Yoga's pipeline.
const throughPipeline = { accept: 'application/json;q=0.99' }

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
])(
  '%s is answered in the same bytes by the hot path and by the full pipeline',
  async (_name, body, scope = 'connection:read connection:write') => {
    const headers = {
      'content-type': 'application/json',
      'x-request-id': 'a-request-id-of-20-characters',
      ...bearer(gateway.issuer.mint(writer(fixture.clientId, { scope }))),
    }
    const send = (more: object) =>
      gateway.app.inject({
        method: 'POST',
        url: '/graphql',
        headers: { ...headers, ...more },
        payload: JSON.stringify(body()),
      })
    // The first change moves updatedAt, the second writes nothing: warm up.
    await send({})
    const bytes = JSON.parse(JSON.stringify(body()))
    const post = (more: object) =>
      gateway.app.inject({
        method: 'POST',
        url: '/graphql',
        headers: { ...headers, ...more },
        payload: JSON.stringify(bytes),
      })

    const [hot, full] = [await post({}), await post(throughPipeline)]

    expect(hot.body).toBe(full.body)
    expect(hot.statusCode).toBe(full.statusCode)
    expect(hot.headers['content-type']).toBe(full.headers['content-type'])
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
    for (const more of [{}, throughPipeline, { accept: 'application/graphql-response+json' }]) {
      const answer = await post(more)
      expect([answer.statusCode, answer.json().data]).toEqual([200, { viewer: { clientId: fixture.clientId } }])
    }
  },
)
