import { createHash } from 'node:crypto'
import { Kind, parse } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGatewayClient, readErrors } from '../../src/client/client.ts'
import { ClientConnectionDocument, UpdateClientConnectionDocument } from '../../src/client/documents/graphql.ts'
import manifest from '../../src/client/documents/persisted-documents.json' with { type: 'json' }
import { bearer, type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

const ids = Object.keys(manifest)
const idOf = (document: { readonly __meta__?: Record<string, unknown> | undefined }) =>
  String(document.__meta__?.['hash'])

describe('the manifest', () => {
  test.each(Object.entries(manifest))('%s is the digest of its document', (id, text) => {
    expect(id).toBe(`sha256:${createHash('sha256').update(text).digest('hex')}`)
  })

  // The generator sorts what a document selects. Fields of Mutation run in the order in which they are written.
  test('no document of the manifest has two writes', () => {
    for (const text of Object.values(manifest)) {
      const [operation] = parse(text).definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
      if (operation?.operation === 'mutation') expect(operation.selectionSet.selections).toHaveLength(1)
    }
  })

  test('the manifest has the documents of the typed client', () => {
    expect(ids).toContain(idOf(ClientConnectionDocument))
    expect(ids).toContain(idOf(UpdateClientConnectionDocument))
  })
})

// Yoga ignores a parameter that is null; the hot path leaves such a request to Yoga's pipeline.
const paths = [
  ['by the hot path', {}],
  ['by the full pipeline', { unknownParameter: null }],
] as const

const requestId = 'a-request-id-of-20-characters'

describe.each(['any', 'persisted'])('GRAPHQL_DOCUMENTS=%s', (setting) => {
  let gateway: TestGateway
  let fixture: Fixture
  let token: string
  beforeAll(async () => {
    gateway = await startTestGateway({ GRAPHQL_DOCUMENTS: setting })
    fixture = await gateway.connection()
    token = gateway.issuer.mint(writer(fixture.clientId))
  })
  afterAll(() => gateway.close())

  const post = (body: unknown, sent: string | null = token) =>
    gateway.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { 'content-type': 'application/json', 'x-request-id': requestId, ...bearer(sent) },
      payload: JSON.stringify(body),
    })
  const variables = () => ({ clientId: fixture.clientId, connectionId: fixture.connectionId })
  const refusal = (code: string, message: string, reason?: string) => ({
    errors: [{ message, extensions: { code, status: 400, ...(reason !== undefined && { reason }) } }],
    extensions: { requestId },
  })

  describe.each(paths)('%s', (_name, parameters) => {
    test.each<[string, (id: string) => object]>([
      ['as GraphQL over HTTP says', (id) => ({ documentId: id })],
      ['without its prefix', (id) => ({ documentId: id.replace('sha256:', '') })],
      [
        'as Apollo sends it',
        (id) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: id.replace('sha256:', '') } } }),
      ],
      [
        'as Apollo sends it, with a null document',
        (id) => ({ query: null, extensions: { persistedQuery: { sha256Hash: id } } }),
      ],
    ])('a document is executed by its id, %s', async (_form, form) => {
      const answer = await post({
        ...form(idOf(ClientConnectionDocument)),
        variables: variables(),
        operationName: 'ClientConnection',
        ...parameters,
      })
      expect(answer.statusCode).toBe(200)
      expect(answer.json()).toEqual({
        data: {
          clientConnection: expect.objectContaining({
            id: fixture.connectionId,
            redirectUri: 'https://before.example.ua/callback',
          }),
        },
        extensions: { requestId },
      })
    })

    test('an unknown id has a code of its own', async () => {
      for (const documentId of [`sha256:${'0'.repeat(64)}`, 'constructor', '']) {
        const answer = await post({ documentId, ...parameters })
        expect(answer.statusCode).toBe(400)
        expect(answer.json()).toEqual(refusal('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound'))
      }
    })

    test('an id together with a text is refused', async () => {
      const answer = await post({
        documentId: idOf(ClientConnectionDocument),
        query: '{ viewer { clientId } }',
        ...parameters,
      })
      expect(answer.statusCode).toBe(400)
      expect(answer.json()).toEqual(
        refusal('BAD_REQUEST', 'Malformed request: documentId and query exclude each other', 'document_id_and_query'),
      )
    })

    // Parsed, the second would be GRAPHQL_PARSE_FAILED, and the third beyond the limits. The last is what Apollo's
    // clients send next.
    test.each<[string, object]>([
      ['a valid one', { query: '{ viewer { clientId } }' }],
      ['one that does not parse', { query: '{' }],
      ['one that is beyond the limits', { query: '{'.repeat(50_000) }],
      ['the text of a persisted one', { query: Object.values(manifest)[0] }],
      [
        'one that is to be persisted',
        { query: '{ viewer { clientId } }', extensions: { persistedQuery: { version: 1, sha256Hash: '0' } } },
      ],
    ])(
      `a document of the caller's own: ${setting === 'any' ? 'is looked at' : 'is refused before it is parsed'}, %s`,
      async (_case, body) => {
        const answer = await post({ ...body, ...parameters })
        if (setting === 'any') expect(answer.body).not.toContain('PERSISTED')
        else {
          expect(answer.statusCode).toBe(400)
          expect(answer.json()).toEqual(
            refusal(
              'PERSISTED_DOCUMENT_REQUIRED',
              'Only persisted documents are executed here (GRAPHQL_DOCUMENTS=persisted): send a documentId',
            ),
          )
        }
      },
    )
  })

  test('the token is checked before the document id', async () => {
    expect((await post({ documentId: 'unknown' }, null)).statusCode).toBe(401)
  })

  test('a batch does not get around the manifest', async () => {
    const answer = await post([{ query: '{ viewer { clientId } }' }])
    expect(answer.statusCode).toBe(400)
    expect(answer.json().errors[0].message).toBe('Batching is not supported.')
  })

  test('the typed client sends ids with the option `persisted`', async () => {
    const url = await gateway.app.listen({ host: '127.0.0.1', port: 0 })
    const clientWith = (persisted: boolean) => createGatewayClient({ url: `${url}/graphql`, token, persisted })
    const byId = await clientWith(true).execute(UpdateClientConnectionDocument, {
      input: { ...variables(), redirectUri: 'https://persisted.example.ua/' },
    })
    expect(byId).toMatchObject({
      data: { updateClientConnection: { clientConnection: { redirectUri: 'https://persisted.example.ua/' } } },
    })

    const byText = await clientWith(false).execute(ClientConnectionDocument, variables())
    expect(readErrors(byText).map(({ code }) => code)).toEqual(setting === 'any' ? [] : ['PERSISTED_DOCUMENT_REQUIRED'])
  })
})
