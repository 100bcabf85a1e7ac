import { getIntrospectionQuery } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bearer, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

const clientId = '10000000-0000-4000-8000-000000000001'

describe.each<[string, Record<string, string>, boolean]>([
  ['production', { NODE_ENV: 'production' }, false],
  ['production with GRAPHQL_INTROSPECTION=true', { NODE_ENV: 'production', GRAPHQL_INTROSPECTION: 'true' }, true],
  ['development', { NODE_ENV: 'development' }, true],
  ['development with GRAPHQL_INTROSPECTION=false', { NODE_ENV: 'development', GRAPHQL_INTROSPECTION: 'false' }, false],
])('%s', (_name, environment, open) => {
  let gateway: TestGateway
  let token: string
  beforeAll(async () => {
    gateway = await startTestGateway(environment)
    token = gateway.issuer.mint(writer(clientId))
  })
  afterAll(() => gateway.close())

  const ask = (query: string, variables: object = {}) => gateway.graphql(query, variables, token)

  test(`the schema ${open ? 'may' : 'may not'} be asked for`, async () => {
    const { data, errors } = (await ask(getIntrospectionQuery())).json()
    if (open) expect(data.__schema.queryType).toEqual({ name: 'Query', kind: 'OBJECT' })
    else {
      expect(data).toBeUndefined()
      expect(errors[0]).toMatchObject({
        message: 'GraphQL introspection has been disabled, but the requested query contained the field "__schema".',
        extensions: { code: 'GRAPHQL_VALIDATION_FAILED', status: 400 },
      })
    }
  })

  test('names of types may be asked for anywhere', async () => {
    const answer = await ask('{ __typename viewer { __typename } }')
    expect(answer.json().data).toEqual({ __typename: 'Query', viewer: { __typename: 'Viewer' } })
  })

  test.each<[string, string, string, object?]>([
    ['a field', 'clientId', '{ viewer { clientI } }'],
    ['an argument', 'id', '{ client(idd: "a") { id } }'],
    ['a type', 'Viewer', 'query { viewer { ... on Viewe { clientId } } }'],
    ['an enum value', 'INSERTED_AT_ASC', '{ clients(orderBy: INSERTED_AT_AS) { totalCount } }'],
    ['a directive argument', 'if', '{ viewer { clientId @skip(iff: true, if: true) } }'],
    ['an input field', 'nameContains', '{ clients(filter: { nameContain: "a" }) { totalCount } }'],
    [
      'an input field in a variable',
      'nameContains',
      'query ($filter: ClientFilter) { clients(filter: $filter) { totalCount } }',
      { filter: { nameContain: 'a' } },
    ],
    [
      'an enum value in a variable',
      'INSERTED_AT_ASC',
      'query ($order: ClientOrder!) { clients(orderBy: $order) { totalCount } }',
      { order: 'INSERTED_AT_AS' },
    ],
  ])(`${open ? 'suggests' : 'does not suggest'} %s: %s`, async (_kind, name, query, variables) => {
    const [{ message }] = (await ask(query, variables)).json().errors
    if (open) expect(message).toMatch(new RegExp(`Did you mean .*"${name}"`))
    else expect(message).not.toMatch(new RegExp(`Did you mean|"${name}"`))
  })

  test(`GraphiQL is ${open ? 'there, and in production without a token' : 'not there'}`, async () => {
    const answer = await gateway.app.inject({ method: 'GET', url: '/graphql', headers: { accept: 'text/html' } })
    expect(answer.statusCode).toBe(open ? 200 : 405)
    expect(answer.headers['content-type']).toMatch(open ? 'text/html' : 'application/json')
    // This gateway's tokens come from an issuer of the test, so there are none to give away.
    expect(answer.body).not.toContain('Bearer ey')
  })

  test.each([
    ['a mutation', 'mutation { updateClientConnection(input: {}) { clientConnection { id } } }'],
    ['a query', '{ viewer { clientId } }'],
  ])('GET does not execute %s', async (_kind, query) => {
    for (const accept of ['application/json', 'text/html', '*/*']) {
      const answer = await gateway.app.inject({
        method: 'GET',
        url: `/graphql?query=${encodeURIComponent(query)}`,
        headers: { accept, ...bearer(token) },
      })
      expect(answer.body).not.toContain(clientId)
      expect(answer.headers['content-type']).toMatch(open && accept === 'text/html' ? 'text/html' : 'application/json')
      if (!(open && accept === 'text/html')) expect(answer.statusCode).toBe(405)
    }
  })

  test.each([
    ['a form', 'application/x-www-form-urlencoded', 'query=%7B+viewer+%7B+clientId+%7D+%7D'],
    ['a document alone', 'application/graphql', '{ viewer { clientId } }'],
    ['plain text', 'text/plain', '{"query":"{ viewer { clientId } }"}'],
    [
      'an upload',
      'multipart/form-data; boundary=x',
      '--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{"query":"{ viewer { clientId } }"}\r\n--x--\r\n',
    ],
    ['JSON in another encoding', 'application/json; charset=utf-16', '{"query":"{ viewer { clientId } }"}'],
    ['another kind of JSON', 'application/graphql+json', '{"query":"{ viewer { clientId } }"}'],
  ])('POST of %s is 415', async (_kind, contentType, payload) => {
    const answer = await gateway.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { 'content-type': contentType, ...bearer(token) },
      payload,
    })
    expect(answer.statusCode).toBe(415)
    expect(answer.json().errors).toEqual([
      {
        message: 'Request body must be application/json in UTF-8',
        extensions: { code: 'UNSUPPORTED_MEDIA_TYPE', status: 415 },
      },
    ])
  })
})

describe('Accept', () => {
  let gateway: TestGateway
  let token: string
  beforeAll(async () => {
    gateway = await startTestGateway()
    token = gateway.issuer.mint(writer(clientId))
  })
  afterAll(() => gateway.close())

  const ask = (accept: string) => gateway.graphql('{ viewer { clientId } }', {}, token, { headers: { accept } })

  test.each([
    ['', 'application/json; charset=utf-8'],
    ['*/*', 'application/json; charset=utf-8'],
    ['application/json', 'application/json; charset=utf-8'],
    ['application/json; charset=utf-8', 'application/json; charset=utf-8'],
    ['application/json; charset=utf-16', 'application/json; charset=utf-8'],
    ['application/json;version=1', 'application/json; charset=utf-8'],
    [
      'application/graphql-response+json;profile="a, b;q=0", text/html',
      'application/graphql-response+json; charset=utf-8',
    ],
    ['application/json;q=0, */*', 'application/graphql-response+json; charset=utf-8'],
    ['application/json;q=0.5, application/graphql-response+json', 'application/graphql-response+json; charset=utf-8'],
    ['application/*;q=0.8', 'application/json; charset=utf-8'],
    ['text/event-stream, application/json', 'application/json; charset=utf-8'],
    ['application/json, multipart/mixed', 'application/json; charset=utf-8'],
    ['application/graphql-response+json', 'application/graphql-response+json; charset=utf-8'],
    ['Application/GraphQL-Response+JSON , text/html', 'application/graphql-response+json; charset=utf-8'],
  ])('%s is answered as %s', async (accept, contentType) => {
    const answer = await ask(accept)
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, contentType])
    expect(answer.json().data).toEqual({ viewer: { clientId } })
  })

  // Streams and parts belong to subscriptions and @defer, which are not offered; and nothing is executed that cannot be
  // answered.
  test.each([
    'text/event-stream',
    'multipart/mixed',
    'text/html',
    'image/png',
    'rubbish',
    'application/json;q=0',
    'application/json; q=0.000, application/graphql-response+json;Q=0',
    'application/*;q=0, text/html',
  ])('"%s" is 406', async (accept) => {
    const answer = await ask(accept)
    expect(answer.statusCode).toBe(406)
    expect(answer.json().errors).toEqual([
      { message: 'Only application/json can be answered', extensions: { code: 'NOT_ACCEPTABLE', status: 406 } },
    ])
  })
})
