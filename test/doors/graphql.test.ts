import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ClientConnectionDocument,
  UpdateClientConnectionDocument,
  ViewerDocument,
} from '../../src/client/documents/graphql.ts'
import { bearer, type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

let gateway: TestGateway
let fixture: Fixture
let token: string
beforeAll(async () => {
  gateway = await startTestGateway()
  fixture = await gateway.connection()
  token = gateway.issuer.mint(writer(fixture.clientId))
})
afterAll(() => gateway.close())

const requestId = 'a-request-id-of-20-characters'
const headers = { 'x-request-id': requestId }
const input = (redirectUri: string) => ({
  input: { clientId: fixture.clientId, connectionId: fixture.connectionId, redirectUri },
})

/** A result that holds nothing but one refusal of `updateClientConnection`. */
const refusal = (message: string, extensions: object) => ({
  data: { updateClientConnection: null },
  errors: [{ message, locations: [{ line: 3, column: 3 }], path: ['updateClientConnection'], extensions }],
  extensions: { requestId },
})

describe('viewer', () => {
  const mayNothing = { mayUpdate: false, mayRefreshSecret: false, mayDelete: false, seesAllClients: false }

  test('viewer answers the content of the token', async () => {
    const userId = randomUUID()
    const answer = await gateway.graphql(
      ViewerDocument,
      {},
      gateway.issuer.mint(writer(fixture.clientId, { userId, clientType: 'MIS', scope: 'a:b c:d' })),
      { headers },
    )
    expect(answer.json()).toEqual({
      data: {
        viewer: { clientId: fixture.clientId, clientType: 'MIS', userId, scopes: ['a:b', 'c:d'], ...mayNothing },
      },
      extensions: { requestId },
    })
  })

  test('viewer has no user where the client speaks for itself, and may have no scope', async () => {
    const answer = await gateway.graphql(
      ViewerDocument,
      {},
      gateway.issuer.mint(writer(fixture.clientId, { scope: '' })),
    )
    expect(answer.json().data.viewer).toEqual({
      clientId: fixture.clientId,
      clientType: 'MSP',
      userId: null,
      scopes: [],
      ...mayNothing,
    })
  })
})

describe('clientConnection', () => {
  const read = (clientId: string, connectionId: string, sent = token) =>
    gateway.graphql(ClientConnectionDocument, { clientId, connectionId }, sent, { headers })

  test('clientConnection answers the connection with UTC timestamps', async () => {
    const { clientId, consumerId } = await gateway.connection()
    const connectionId = await gateway.database.insertConnection({
      clientId,
      consumerId: clientId,
      redirectUri: 'http://old.example.ua/callback',
      insertedAt: '2017-04-20 19:14:13.123',
      updatedAt: '2018-01-02 03:04:05',
    })
    const answer = await read(clientId, connectionId, gateway.issuer.mint(writer(clientId)))
    expect(answer.json()).toEqual({
      data: {
        clientConnection: {
          id: connectionId,
          clientId,
          consumerId: clientId,
          redirectUri: 'http://old.example.ua/callback',
          version: 1,
          insertedAt: '2017-04-20T19:14:13.123Z',
          updatedAt: '2018-01-02T03:04:05.000Z',
        },
      },
      extensions: { requestId },
    })
    expect(consumerId).not.toBe(clientId)
  })

  test.each<[string, () => [string, string]]>([
    ['does not exist', () => [fixture.clientId, randomUUID()]],
    ['has an id that is no UUID', () => [fixture.clientId, '42']],
  ])('is null when it %s', async (_name, ids) => {
    expect((await read(...ids())).json()).toEqual({ data: { clientConnection: null }, extensions: { requestId } })
  })

  test('clientConnection is null for a connection of another client', async () => {
    const other = await gateway.connection()
    expect((await read(fixture.clientId, other.connectionId)).json().data).toEqual({ clientConnection: null })
  })

  test('clientConnection needs connection:read, which connection:write does not include', async () => {
    const answer = await read(
      fixture.clientId,
      fixture.connectionId,
      gateway.issuer.mint(writer(fixture.clientId, { scope: 'connection:write' })),
    )
    expect(answer.json().errors[0]).toMatchObject({
      message: 'Invalid scopes',
      extensions: { code: 'FORBIDDEN', status: 403, exception: { missingAllowances: ['connection:read'] } },
    })
  })

  test('clientConnection of another client is forbidden, except for an admin', async () => {
    const other = await gateway.connection()
    expect((await read(other.clientId, other.connectionId)).json().errors[0]).toMatchObject({
      message: 'Forbidden',
      extensions: { code: 'FORBIDDEN', status: 403 },
    })
    const admin = gateway.issuer.mint(writer(fixture.clientId, { clientType: 'MITHRIL ADMIN' }))
    expect((await read(other.clientId, other.connectionId, admin)).json().data.clientConnection).toMatchObject({
      id: other.connectionId,
    })
  })
})

describe('refusals, whole', () => {
  const update = (redirectUri: string, sent: string | null) =>
    gateway.graphql(UpdateClientConnectionDocument, input(redirectUri), sent, { headers })
  const accepted = 'https://after.example.ua/'

  test('a missing token is HTTP 401 before the document is looked at', async () => {
    const answer = await update(accepted, null)
    expect(answer.statusCode).toBe(401)
    expect(answer.headers).toMatchObject({
      'www-authenticate': 'Bearer realm="mithril"',
      'content-type': 'application/json; charset=utf-8',
      'x-request-id': requestId,
    })
    expect(answer.json()).toEqual({
      errors: [{ message: 'Access denied', extensions: { code: 'UNAUTHENTICATED', status: 401 } }],
      extensions: { requestId },
    })
    expect((await update(accepted, 'rubbish')).headers['www-authenticate']).toBe(
      'Bearer realm="mithril", error="invalid_token"',
    )
  })

  test('403 Invalid scopes names the missing one', async () => {
    const answer = await update(accepted, gateway.issuer.mint(writer(fixture.clientId, { scope: 'connection:read' })))
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toEqual(
      refusal('Invalid scopes', {
        code: 'FORBIDDEN',
        status: 403,
        exception: { missingAllowances: ['connection:write'] },
      }),
    )
  })

  test('403 Forbidden has no details', async () => {
    const answer = await update(accepted, gateway.issuer.mint(writer(randomUUID())))
    expect(answer.json()).toEqual(refusal('Forbidden', { code: 'FORBIDDEN', status: 403 }))
  })

  test('422 lists every violation by the name of the input field', async () => {
    const answer = await update('https://a.ua:0/#', token)
    const violation = (message: string, reason: string) => ({
      message,
      options: { id: reason, rule: 'format', params: { reason }, rawDescription: message },
      path: ['redirectUri'],
    })
    expect(answer.json()).toEqual(
      refusal('Validation failed', {
        code: 'UNPROCESSABLE_ENTITY',
        status: 422,
        exception: {
          inputErrors: [
            violation('a fragment is not allowed, not even an empty one', 'fragment'),
            violation('port must be a number from 1 to 65535 without leading zeros', 'port'),
          ],
        },
      }),
    )
  })

  test('an unknown connection is 404', async () => {
    const { input: known } = input(accepted)
    const answer = await gateway.graphql(
      UpdateClientConnectionDocument,
      { input: { ...known, connectionId: randomUUID() } },
      token,
      {
        headers,
      },
    )
    expect(answer.json()).toEqual(refusal('Not found', { code: 'NOT_FOUND', status: 404 }))
  })

  test('every aliased field is judged by itself', async () => {
    const foreign = await gateway.connection()
    const document = /* GraphQL */ `
      mutation ($own: UpdateClientConnectionInput!, $foreign: UpdateClientConnectionInput!) {
        own: updateClientConnection(input: $own) { clientConnection { redirectUri } }
        foreign: updateClientConnection(input: $foreign) { clientConnection { redirectUri } }
      }
    `
    const answer = await gateway.graphql(
      document,
      {
        own: input('https://own.example.ua/').input,
        foreign: {
          clientId: foreign.clientId,
          connectionId: foreign.connectionId,
          redirectUri: 'https://own.example.ua/',
        },
      },
      token,
    )
    const { data, errors } = answer.json()
    const own = { clientConnection: { redirectUri: 'https://own.example.ua/' } }
    expect({ data, path: errors[0].path }).toEqual({ data: { own, foreign: null }, path: ['foreign'] })
    expect(await gateway.redirectUriOf(fixture.connectionId)).toBe('https://own.example.ua/')
    expect(await gateway.redirectUriOf(foreign.connectionId)).toBe('https://before.example.ua/callback')
  })
})

describe('request errors', () => {
  const post = (payload: string | Buffer, more: Record<string, string> = {}) =>
    gateway.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { 'content-type': 'application/json', ...headers, ...bearer(token), ...more },
      payload,
    })

  test.each([
    [
      '400 for a body that is not JSON',
      '{',
      {},
      400,
      'BAD_REQUEST',
      'Malformed request: the body is not valid JSON',
      'body_not_json',
    ],
    [
      '400 for a member named twice',
      '{"query":"{a}","query":"{b}"}',
      {},
      400,
      'BAD_REQUEST',
      'Malformed request: the body names a member twice',
      'body_repeated_member',
    ],
    ['400 for an empty body', '', {}, 400, 'BAD_REQUEST', 'Malformed request: the body is empty', 'body_empty'],
    [
      '413 above 100 kB',
      JSON.stringify({ query: ' '.repeat(101 * 1024) }),
      {},
      413,
      'REQUEST_TOO_LARGE',
      'Request body is too large',
    ],
    [
      '415 for a form',
      'query={viewer{clientId}}',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      'Request body must be application/json in UTF-8',
    ],
    [
      '415 for application/graphql',
      '{viewer{clientId}}',
      { 'content-type': 'application/graphql' },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      'Request body must be application/json in UTF-8',
    ],
    [
      '415 for multipart',
      '--x--',
      { 'content-type': 'multipart/form-data; boundary=x' },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      'Request body must be application/json in UTF-8',
    ],
  ] as const)('%s', async (_name, body, more, status, code, message, ...reasons) => {
    const answer = await post(body, more)
    expect(answer.statusCode).toBe(status)
    const [reason] = reasons
    expect(answer.json()).toEqual({
      errors: [{ message, extensions: { code, status, ...(reason !== undefined && { reason }) } }],
      extensions: { requestId },
    })
  })

  test.each([
    ['a document that does not parse', { query: '{' }],
    ['a field that does not exist', { query: '{ secret }' }],
    ['a secret', { query: '{ clientConnection(clientId: "a", connectionId: "b") { secret } }' }],
    [
      'a variable of the wrong type',
      {
        query: UpdateClientConnectionDocument.toString(),
        variables: { input: { clientId: 'a', connectionId: 'b', redirectUri: null } },
      },
    ],
    ['a missing variable', { query: UpdateClientConnectionDocument.toString() }],
    ['an unknown operation', { query: 'query A { viewer { clientId } }', operationName: 'B' }],
    ['no document', {}],
    ['a batch', [{ query: '{ viewer { clientId } }' }]],
    ['a string', 'x'],
    ['an unknown parameter', { query: '{ viewer { clientId } }', other: 1 }],
  ])('%s is answered with errors, the request id and nothing internal', async (_name, body) => {
    const answer = await post(JSON.stringify(body))
    expect(answer.statusCode).toBeLessThan(500)
    const result = answer.json()
    expect(result.extensions).toEqual({ requestId })
    expect(result.errors.length).toBeGreaterThan(0)
    expect(answer.body).not.toMatch(/node_modules|\/src\/|at .*\(|stack|originalError/)
  })

  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const)('405 to %s', async (method) => {
    const answer = await gateway.app.inject({
      method,
      url: '/graphql?query={viewer{clientId}}',
      headers: { ...headers, ...bearer(token) },
    })
    expect(answer.statusCode).toBe(405)
    expect(answer.headers['allow']).toContain('POST')
    expect(answer.json()).toMatchObject({
      errors: [
        {
          message: 'Method not allowed: send queries by POST as well (urql: preferGetMethod: false)',
          extensions: { code: 'METHOD_NOT_ALLOWED', status: 405 },
        },
      ],
      extensions: { requestId },
    })
  })
})

describe('GraphiQL', () => {
  const page = (app = gateway.app) =>
    app.inject({ method: 'GET', url: '/graphql', headers: { accept: 'text/html,application/xhtml+xml' } })

  test('GraphiQL is served outside production, and loads nothing from other hosts', async () => {
    const answer = await page()
    expect(answer.statusCode).toBe(200)
    expect(answer.headers['content-type']).toContain('text/html')
    expect(answer.body).toContain('UpdateClientConnection')
    expect(answer.body).not.toMatch(/<(?:script|link|img)[^>]+(?:src|href)="(?:https?:)?\/\//)
  })

  test('GraphiQL is not served in production', async () => {
    const production = await startTestGateway({ NODE_ENV: 'production' })
    try {
      expect((await page(production.app)).statusCode).toBe(405)
    } finally {
      await production.close()
    }
  })
})
