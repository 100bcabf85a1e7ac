import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import {
  createGatewayClient,
  type GatewayClientOptions,
  type GatewayFailure,
  type GatewayResult,
  readErrors,
} from '../../src/client/client.ts'
import * as documents from '../../src/client/documents/graphql.ts'
import {
  ClientConnectionDocument,
  ClientDocument,
  ClientsDocument,
  type ClientsQuery,
  type ClientsQueryVariables,
  ConnectionHistoryDocument,
  CreateEventSubscriptionDocument,
  DeleteClientConnectionDocument,
  EventSubscriptionsDocument,
  RedirectUriCheckDocument,
  RefreshClientConnectionSecretDocument,
  RevertClientConnectionDocument,
  RotateEventSubscriptionKeyDocument,
  TypedDocumentString,
  UpdateClientConnectionDocument,
  ViewerDocument,
} from '../../src/client/documents/graphql.ts'
import { createSchema } from '../../src/graphql/schema.ts'
import { eventsOn } from '../support/events.ts'
import { type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

const allScopes = 'client:read connection:read connection:write connection:refresh_secret connection:delete'
const before = 'https://before.example.ua/callback'
const after = 'https://after.example.ua/callback'

let gateway: TestGateway
let url: string
beforeAll(async () => {
  gateway = await startTestGateway()
  url = `${await gateway.app.listen({ host: '127.0.0.1', port: 0 })}/graphql`
})
afterAll(() => gateway.close())

const keyOf = ({ clientId, connectionId }: Fixture) => ({ clientId, connectionId })
/** A client for the fixture's own client. */
const clientOf = ({ clientId }: Fixture, scope = allScopes, more: Partial<GatewayClientOptions> = {}) =>
  createGatewayClient({ url, token: gateway.issuer.mint(writer(clientId, { scope })), ...more })

const good = { errors: [], httpStatus: 200, requestId: expect.any(String) }
const time = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/)
const wholeConnection = (
  { clientId, consumerId, connectionId: id }: Fixture,
  redirectUri: string,
  version: number,
) => ({
  id,
  clientId,
  consumerId,
  redirectUri,
  version,
  insertedAt: time,
  updatedAt: time,
})

test('every field of Query and Mutation has a document', () => {
  const schema = createSchema()
  const fields = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
    Object.keys(type?.getFields() ?? {}),
  )
  const selected = Object.values(documents).flatMap(
    (document) => /^ *(?:query|mutation) [^{]+\{\s*(\w+)/m.exec(String(document))?.[1] ?? [],
  )
  expect([...new Set(selected)].sort()).toEqual(fields.sort())
})

describe('every document, answered by the running gateway', () => {
  test('Viewer takes no variables and is answered', async () => {
    const fixture = await gateway.connection()
    expect(await clientOf(fixture, 'connection:read connection:write').execute(ViewerDocument)).toEqual({
      ...good,
      data: {
        viewer: {
          clientId: fixture.clientId,
          clientType: 'MSP',
          userId: null,
          scopes: ['connection:read', 'connection:write'],
          mayUpdate: true,
          mayRefreshSecret: false,
          mayDelete: false,
          seesAllClients: false,
        },
      },
    })
  })

  test('Client answers its connections and their consumers', async () => {
    const fixture = await gateway.connection()
    const { clientId, consumerId } = fixture
    const { data, ...rest } = await clientOf(fixture).execute(ClientDocument, {
      id: clientId,
      filter: { redirectUriContains: 'BEFORE.example' },
    })
    expect(rest).toEqual(good)
    expect(data?.client).toEqual({
      id: clientId,
      name: `Client ${clientId}`,
      settings: {},
      isBlocked: false,
      blockReason: null,
      userId: null,
      clientTypeId: expect.any(String),
      clientTypeName: 'MSP',
      insertedAt: time,
      updatedAt: time,
      connections: {
        edges: [
          {
            cursor: expect.any(String),
            node: {
              ...wholeConnection(fixture, before, 1),
              consumer: { clientId: consumerId, name: `Client ${consumerId}` },
            },
          },
        ],
        pageInfo: {
          hasNextPage: false,
          hasPreviousPage: false,
          startCursor: expect.any(String),
          endCursor: expect.any(String),
        },
        totalCount: 1,
      },
    })
  })

  test('Clients answers one page after the other', async () => {
    const name = `Page ${randomUUID()}`
    for (const number of [1, 2, 3]) await gateway.database.insertClient({ type: 'MSP', name: `${name} ${number}` })
    const admin = createGatewayClient({
      url,
      token: gateway.issuer.mint({ clientType: 'MITHRIL ADMIN', scope: 'client:read' }),
    })
    const seen: (string | null)[] = []
    let cursor: string | null | undefined
    do {
      const variables: ClientsQueryVariables = {
        first: 2,
        after: cursor,
        filter: { nameContains: name },
        orderBy: 'INSERTED_AT_ASC',
      }
      const page: GatewayResult<ClientsQuery> = await admin.execute(ClientsDocument, variables)
      expect(page).toMatchObject({ ...good, data: { clients: { totalCount: 3 } } })
      seen.push(...(page.data?.clients.edges.map(({ node }) => node.name) ?? []))
      cursor = page.data?.clients.pageInfo.hasNextPage ? page.data.clients.pageInfo.endCursor : null
    } while (cursor)
    expect(seen).toEqual([`${name} 1`, `${name} 2`, `${name} 3`])
  })

  test('Clients needs none of its variables', async () => {
    const fixture = await gateway.connection()
    const { data } = await clientOf(fixture).execute(ClientsDocument)
    expect(data?.clients.edges.map(({ node }) => node.id)).toEqual([fixture.clientId])
  })

  test('ClientConnection answers one connection', async () => {
    const fixture = await gateway.connection()
    expect(await clientOf(fixture).execute(ClientConnectionDocument, keyOf(fixture))).toEqual({
      ...good,
      data: { clientConnection: wholeConnection(fixture, before, 1) },
    })
  })

  test('RedirectUriCheck answers violations and warnings', async () => {
    const fixture = await gateway.connection()
    const client = clientOf(fixture)
    expect(
      await client.execute(RedirectUriCheckDocument, {
        ...keyOf(fixture),
        redirectUri: 'https://before.example.ua/callback#',
      }),
    ).toEqual({
      ...good,
      data: {
        redirectUriCheck: {
          valid: false,
          violations: [
            {
              id: 'fragment',
              rule: 'format',
              reason: 'fragment',
              message: 'a fragment is not allowed, not even an empty one',
            },
          ],
          warnings: expect.any(Array),
        },
      },
    })
    const { data } = await client.execute(RedirectUriCheckDocument, { ...keyOf(fixture), redirectUri: after })
    expect(data?.redirectUriCheck).toEqual({
      valid: true,
      violations: [],
      warnings: [{ id: 'host_changed', reason: 'host_changed', message: expect.any(String), aLabel: null }],
    })
  })

  test('UpdateClientConnection and RevertClientConnection appear in ConnectionHistory', async () => {
    const fixture = await gateway.connection()
    const key = keyOf(fixture)
    const client = clientOf(fixture)
    expect(
      await client.execute(UpdateClientConnectionDocument, {
        input: { ...key, redirectUri: after, expectedVersion: 1 },
      }),
    ).toEqual({
      ...good,
      data: { updateClientConnection: { clientConnection: wholeConnection(fixture, after, 2) } },
    })
    const { data: changed } = await client.execute(ConnectionHistoryDocument, key)
    const changeId = changed?.clientConnection?.lastChange?.id ?? 'no change'
    const reverted = await client.execute(RevertClientConnectionDocument, {
      input: { ...key, changeId, expectedVersion: 2 },
    })
    expect(reverted).toEqual({
      ...good,
      data: { revertClientConnection: { clientConnection: wholeConnection(fixture, before, 3) } },
    })

    const common = {
      id: expect.any(String),
      consumerId: fixture.consumerId,
      caller: { clientId: fixture.clientId, clientType: 'MSP', userId: null },
      brokerClientId: null,
      door: 'GRAPHQL',
      changedAt: time,
    }
    const update = {
      ...common,
      version: 2,
      kind: 'UPDATED',
      before,
      after,
      requestId: expect.any(String),
      revertedChangeId: null,
    }
    const revert = {
      ...common,
      version: 3,
      kind: 'REVERTED',
      before: after,
      after: before,
      requestId: reverted.requestId,
      revertedChangeId: changeId,
    }
    const place = { startCursor: expect.any(String), endCursor: expect.any(String) }
    const { data: newest, ...rest } = await client.execute(ConnectionHistoryDocument, { ...key, first: 1 })
    expect(rest).toEqual(good)
    expect(newest?.clientConnection).toEqual({
      id: fixture.connectionId,
      lastChange: revert,
      changes: {
        edges: [{ cursor: place.endCursor, node: revert }],
        pageInfo: { hasNextPage: true, hasPreviousPage: false, ...place },
        totalCount: 2,
      },
    })
    const cursor = newest?.clientConnection?.changes?.pageInfo.endCursor ?? null
    const { data: oldest } = await client.execute(ConnectionHistoryDocument, { ...key, first: 1, after: cursor })
    expect(oldest?.clientConnection?.changes).toEqual({
      edges: [{ cursor: place.endCursor, node: update }],
      pageInfo: { hasNextPage: false, hasPreviousPage: true, ...place },
      totalCount: 2,
    })
  })

  test('RefreshClientConnectionSecret works with a secret of the consumer', async () => {
    const fixture = await gateway.connection()
    const apiKey = await gateway.database.insertApiKey(fixture.consumerId)
    const document = RefreshClientConnectionSecretDocument
    expect(await clientOf(fixture, allScopes, { apiKey }).execute(document, { input: keyOf(fixture) })).toEqual({
      ...good,
      data: {
        refreshClientConnectionSecret: {
          clientConnection: wholeConnection(fixture, before, 2),
          secret: expect.any(String),
        },
      },
    })
    expect(readErrors(await clientOf(fixture).execute(document, { input: keyOf(fixture) }))).toEqual([
      {
        code: 'UNAUTHENTICATED',
        status: 401,
        reason: 'api_key_missing',
        message: 'api-key header not set',
        path: ['refreshClientConnectionSecret'],
      },
    ])
  })

  test('DeleteClientConnection deletes a connection', async () => {
    const fixture = await gateway.connection()
    const client = clientOf(fixture)
    expect(
      await client.execute(DeleteClientConnectionDocument, { input: { ...keyOf(fixture), expectedVersion: 1 } }),
    ).toEqual({
      ...good,
      data: { deleteClientConnection: { clientConnection: wholeConnection(fixture, before, 1) } },
    })
    expect((await client.execute(ClientConnectionDocument, keyOf(fixture))).data).toEqual({ clientConnection: null })
  })
})

describe('readErrors', () => {
  const path = ['updateClientConnection']
  let fixture: Fixture
  beforeAll(async () => {
    fixture = await gateway.connection()
  })
  const update = async (
    more: { redirectUri?: string; connectionId?: string; expectedVersion?: number },
    scope = allScopes,
  ) =>
    readErrors(
      await clientOf(fixture, scope).execute(UpdateClientConnectionDocument, {
        input: { ...keyOf(fixture), redirectUri: after, ...more },
      }),
    )

  test('a good result has no errors', async () => {
    expect(readErrors(await clientOf(fixture).execute(ViewerDocument))).toEqual([])
  })

  test('UNAUTHENTICATED has the request id of the log', async () => {
    const result = await createGatewayClient({ url, token: () => Promise.resolve('rubbish') }).execute(ViewerDocument)
    expect(result).toMatchObject({ data: null, httpStatus: 401 })
    expect(gateway.log.join('')).toContain(result.requestId)
    expect(readErrors(result)).toEqual([{ code: 'UNAUTHENTICATED', status: 401, message: 'Access denied', path: [] }])
  })

  test('FORBIDDEN has the missing scope', async () => {
    expect(await update({}, 'connection:read')).toEqual([
      { code: 'FORBIDDEN', status: 403, message: 'Invalid scopes', path, missingAllowances: ['connection:write'] },
    ])
  })

  test('FORBIDDEN for another client names no missing scope', async () => {
    const other = await gateway.connection()
    expect(readErrors(await clientOf(fixture).execute(ClientConnectionDocument, keyOf(other)))).toEqual([
      { code: 'FORBIDDEN', status: 403, message: 'Forbidden', path: ['clientConnection'], missingAllowances: [] },
    ])
  })

  test('UNPROCESSABLE_ENTITY has the rule and the field of each violation', async () => {
    const failures = await update({ redirectUri: 'http://after.example.ua/callback' })
    expect(failures).toMatchObject([
      {
        code: 'UNPROCESSABLE_ENTITY',
        status: 422,
        message: 'Validation failed',
        path,
        inputErrors: [{ path: ['redirectUri'], options: { rule: 'format' } }],
      },
    ])
    expect(readErrors(await clientOf(fixture).execute(ClientsDocument, { first: 0 }))).toMatchObject([
      {
        code: 'UNPROCESSABLE_ENTITY',
        inputErrors: [{ path: ['first'], options: { rule: 'number', params: { min: 1, max: 100 } } }],
      },
    ])
  })

  test('NOT_FOUND is read as it is', async () => {
    expect(await update({ connectionId: randomUUID() })).toEqual([
      { code: 'NOT_FOUND', status: 404, message: 'Not found', path },
    ])
  })

  test('CONFLICT has the current connection, and its version is then accepted', async () => {
    const [failure] = await update({ expectedVersion: 7 })
    expect(failure).toEqual({
      code: 'CONFLICT',
      status: 409,
      message: 'The connection has been changed by somebody else',
      path,
      current: { version: 1, redirectUri: before, updatedAt: time },
    })
    expect(await update(failure?.code === 'CONFLICT' ? { expectedVersion: failure.current.version } : {})).toEqual([])
  })

  const minted = ({ issuer }: TestGateway) =>
    issuer.mint(writer(randomUUID(), { clientType: 'MIS', scope: 'event:manage' }))

  test('NOT_FOUND says by its reason that events are off', async () => {
    const client = createGatewayClient({ url, token: minted(gateway) })
    expect(readErrors(await client.execute(EventSubscriptionsDocument))).toEqual([
      {
        code: 'NOT_FOUND',
        status: 404,
        reason: 'events_off',
        message: 'Events are off in this gateway',
        path: ['eventSubscriptions'],
      },
    ])
  })

  test('a conflict of a subscription has its reason, and no connection', async () => {
    const sending = await startTestGateway(eventsOn)
    try {
      const address = `${await sending.app.listen({ host: '127.0.0.1', port: 0 })}/graphql`
      const client = createGatewayClient({ url: address, token: minted(sending) })
      const created = await client.execute(CreateEventSubscriptionDocument, {
        input: { reach: 'CLIENT', method: 'POLL' },
      })
      const id = created.data?.createEventSubscription?.eventSubscription.id ?? ''
      expect(readErrors(await client.execute(RotateEventSubscriptionKeyDocument, { input: { id } }))).toEqual([
        {
          code: 'UNKNOWN',
          answeredCode: 'CONFLICT',
          status: 409,
          reason: 'subscription_state',
          message: 'The method or the state of the subscription does not allow this',
          path: ['rotateEventSubscriptionKey'],
        },
      ])
    } finally {
      await sending.close()
    }
  })

  test('a variable of the wrong type is BAD_REQUEST', async () => {
    // @ts-expect-error an id is a string
    const result = await clientOf(fixture).execute(ClientDocument, { id: { not: 'an id' } })
    expect(readErrors(result)).toMatchObject([{ code: 'BAD_REQUEST', status: 400, path: [] }])
  })

  test.each([
    ['GRAPHQL_PARSE_FAILED', 'query {'],
    ['GRAPHQL_VALIDATION_FAILED', '{ viewer { secret } }'],
  ])('%s for a document that is none of ours', async (code, text) => {
    const result = await clientOf(fixture).execute(new TypedDocumentString<unknown, Record<string, never>>(text))
    expect(result).toMatchObject({ data: null, requestId: expect.any(String), httpStatus: 200 })
    expect(readErrors(result)).toMatchObject([{ code, status: 400, path: [] }])
  })

  test('UNKNOWN names a code that the union does not have', async () => {
    expect(await update({ redirectUri: 'x'.repeat(200_000) })).toEqual([
      {
        code: 'UNKNOWN',
        answeredCode: 'REQUEST_TOO_LARGE',
        status: 413,
        message: 'Request body is too large',
        path: [],
      },
    ])
  })

  /** What a gateway in trouble says to an update. */
  async function failuresOf(troubled: TestGateway): Promise<GatewayFailure[]> {
    try {
      const own = await troubled.connection()
      await troubled.database.query(
        `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not for callers'; END $$`,
      )
      await troubled.database.query(
        'CREATE TRIGGER fail BEFORE UPDATE ON connections FOR EACH ROW EXECUTE FUNCTION fail()',
      )
      const address = `${await troubled.app.listen({ host: '127.0.0.1', port: 0 })}/graphql`
      const client = createGatewayClient({ url: address, token: troubled.issuer.mint(writer(own.clientId)) })
      return readErrors(
        await client.execute(UpdateClientConnectionDocument, { input: { ...keyOf(own), redirectUri: after } }),
      )
    } finally {
      await troubled.close()
    }
  }

  test('SERVICE_UNAVAILABLE has the time to wait', async () => {
    expect(await failuresOf(await startTestGateway({ TOKEN_JWKS_URL: 'http://127.0.0.1:1/' }))).toEqual([
      {
        code: 'SERVICE_UNAVAILABLE',
        status: 503,
        message: 'Service temporarily unavailable',
        path: [],
        retryAfter: expect.any(Number),
      },
    ])
  })

  test('TOO_MANY_REQUESTS has the time to wait', async () => {
    const limited = await startTestGateway({ AUTH_FAILURE_LIMIT_PER_MINUTE: '1' })
    try {
      const url = `${await limited.app.listen({ host: '127.0.0.1', port: 0 })}/graphql`
      const client = createGatewayClient({ url, token: 'rubbish' })
      await client.execute(ViewerDocument)
      const result = await client.execute(ViewerDocument)
      expect([result.httpStatus, readErrors(result)]).toEqual([
        429,
        [
          {
            code: 'TOO_MANY_REQUESTS',
            status: 429,
            message: 'Too many requests',
            path: [],
            retryAfter: expect.any(Number),
          },
        ],
      ])
    } finally {
      await limited.close()
    }
  })

  test('INTERNAL_SERVER_ERROR has no cause', async () => {
    expect(await failuresOf(await startTestGateway())).toEqual([
      { code: 'INTERNAL_SERVER_ERROR', status: 500, message: 'Internal server error', path },
    ])
  })

  test('data that was read in spite of an error stands beside it', async () => {
    const document = new TypedDocumentString<{ viewer: { clientId: string } }, Record<string, never>>(
      '{ viewer { clientId } clientConnection(clientId: "x", connectionId: "y") { id } }',
    )
    const result = await clientOf(fixture).execute(document)
    expect(result.data).toEqual({ viewer: { clientId: fixture.clientId }, clientConnection: null })
    expect(readErrors(result)).toMatchObject([{ code: 'FORBIDDEN', path: ['clientConnection'] }])
  })

  test('a switch over all codes is complete for TypeScript', () => {
    const advice = (failure: GatewayFailure): string => {
      switch (failure.code) {
        case 'FORBIDDEN':
          return failure.missingAllowances.join()
        case 'UNPROCESSABLE_ENTITY':
          return failure.inputErrors.map(({ options }) => options.rule).join()
        case 'CONFLICT':
          return failure.current.redirectUri
        case 'SERVICE_UNAVAILABLE':
        case 'TOO_MANY_REQUESTS':
          return String(failure.retryAfter)
        case 'UNKNOWN':
          return String(failure.answeredCode)
        case 'UNAUTHENTICATED':
        case 'NOT_FOUND':
        case 'BAD_REQUEST':
        case 'GRAPHQL_PARSE_FAILED':
        case 'GRAPHQL_VALIDATION_FAILED':
        case 'PERSISTED_QUERY_NOT_FOUND':
        case 'PERSISTED_DOCUMENT_REQUIRED':
        case 'INTERNAL_SERVER_ERROR':
          // @ts-expect-error only those that pass have it
          return String(failure.retryAfter)
      }
    }
    expect(advice({ code: 'FORBIDDEN', message: '', status: 403, path: [], missingAllowances: ['a', 'b'] })).toBe('a,b')
  })
})

describe('what is no answer of GraphQL is thrown', () => {
  const to = (address: string, more: Partial<GatewayClientOptions> = {}) =>
    createGatewayClient({ url: address, token: 'token', ...more }).execute(ViewerDocument)
  /** A server that treats every connection this way. */
  async function listening(answer: string | null) {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      if (answer !== null) socket.once('data', () => socket.end(answer))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return {
      address: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/graphql`,
      close: () => server.close(),
    }
  }

  test.each([
    [
      'a page of a proxy',
      'HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\n\r\n<h1>502</h1>',
      /^No GraphQL answer from http.*: HTTP 502, text\/html$/,
    ],
    [
      'JSON without data and errors',
      'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{"ok":true}',
      /HTTP 200, application\/json$/,
    ],
    ['errors that are no list', 'HTTP/1.1 200 OK\r\n\r\n{"data":{},"errors":"no"}', /^No GraphQL answer/],
    ['JSON null', 'HTTP/1.1 200 OK\r\n\r\nnull', /HTTP 200, no content type$/],
    [
      'a redirect: the token goes nowhere else',
      'HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\r\n',
      /^No answer from http/,
    ],
    ['half an answer', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"data":', /^No answer from http/],
  ])('%s', async (_name, answer, message) => {
    const { address, close } = await listening(answer)
    await expect(to(address)).rejects.toThrow(message)
    close()
  })

  test('silence is an error after the timeout', async () => {
    const { address, close } = await listening(null)
    await expect(to(address, { timeout: 100 })).rejects.toThrow(/^No answer from http.*timeout/)
    close()
  })

  test('a refused connection is an error', async () => {
    await expect(to('http://127.0.0.1:1/graphql')).rejects.toThrow('No answer from http://127.0.0.1:1/graphql: ')
  })
})

test('a fetch of the caller is used, and given all there is to send', async () => {
  const sent: [unknown, unknown][] = []
  const client = createGatewayClient({
    url: 'https://gateway.example.ua/graphql',
    token: 'token',
    fetch: async (input, init) => {
      sent.push([input, init])
      return Response.json({ data: { viewer: null }, extensions: { requestId: 'given' } })
    },
  })
  expect(await client.execute(ViewerDocument)).toMatchObject({ requestId: 'given', httpStatus: 200 })
  expect(sent).toMatchObject([
    [
      'https://gateway.example.ua/graphql',
      { method: 'POST', redirect: 'error', headers: { authorization: 'Bearer token' } },
    ],
  ])
})

test('the types of variables and data are those of the document', () => {
  const client = createGatewayClient({ url, token: 'token' })
  const wrong = () => [
    // @ts-expect-error the ids are missing
    client.execute(ClientConnectionDocument),
    // @ts-expect-error one of them is missing
    client.execute(ClientConnectionDocument, { clientId: 'a' }),
    // @ts-expect-error an unknown variable
    client.execute(ClientsDocument, { firts: 1 }),
    // @ts-expect-error no such order
    client.execute(ClientsDocument, { orderBy: 'NAME' }),
    // @ts-expect-error Viewer takes none
    client.execute(ViewerDocument, { id: 'a' }),
  ]
  expect(wrong).toBeTypeOf('function')
  const read = () => client.execute(ClientConnectionDocument, { clientId: 'a', connectionId: 'b' })
  type Connection = NonNullable<NonNullable<Awaited<ReturnType<typeof read>>['data']>['clientConnection']>
  expectTypeOf<Connection['version']>().toEqualTypeOf<number>()
  expectTypeOf<Connection>().not.toHaveProperty('secret')
})
