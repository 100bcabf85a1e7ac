import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import manifest from '../../src/client/documents/persisted-documents.json' with { type: 'json' }
import { bearer, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

let gateway: TestGateway
let token: string
beforeAll(async () => {
  gateway = await startTestGateway()
  const { clientId } = await gateway.connection()
  // Whatever a fuzzed mutation asks for, this token may not write.
  token = gateway.issuer.mint(writer(clientId, { scope: 'client:read connection:read' }))
})
afterAll(() => gateway.close())

/** The codes that a request may end with, whatever is in it. The first: no error at all. */
const allowed = [
  undefined,
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'BAD_REQUEST',
  'FORBIDDEN',
  'UNPROCESSABLE_ENTITY',
]

async function expectAnswer(body: unknown): Promise<void> {
  const answer = await gateway.app.inject({
    method: 'POST',
    url: '/graphql',
    headers: { 'content-type': 'application/json', ...bearer(token) },
    payload: JSON.stringify(body),
  })
  const { errors } = answer.json()
  expect(answer.statusCode).toBeOneOf([200, 400])
  expect(allowed).toContain(errors?.[0].extensions.code)
}

const words = [...new Set(Object.values(manifest).join(' ').match(/\w+/g))]
const word = fc.constantFrom(
  ...words,
  '__typename',
  '__schema',
  '__type',
  'name',
  'fragment',
  'on',
  'query',
  'mutation',
  'subscription',
  'null',
  'true',
  '__proto__',
)
const sign = fc.constantFrom(
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  ':',
  '...',
  '$',
  '@',
  '!',
  '=',
  '|',
  '&',
  '"',
  '"""',
  '#',
  '\n',
  ',',
  '-1',
  '1e9',
  '\\',
)
const soup = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: word },
      { weight: 4, arbitrary: sign },
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    {
      maxLength: 200,
    },
  )
  .map((parts) => parts.join(' '))

/** Selections that parse, of fields that may be there or not, with fragments that may hold themselves. */
const { selections } = fc.letrec<{ selections: string; selection: string }>((tie) => ({
  selections: fc.array(tie('selection'), { minLength: 1, maxLength: 6 }).map((parts) => `{ ${parts.join(' ')} }`),
  selection: fc.oneof(
    { depthSize: 'medium' },
    word,
    fc.tuple(word, word).map(([alias, field]) => `${alias}: ${field}`),
    fc.tuple(word, tie('selections')).map(([field, inner]) => `${field} ${inner}`),
    fc
      .tuple(word, word, fc.jsonValue(), tie('selections'))
      .map(([field, name, value, inner]) => `${field}(${name}: ${JSON.stringify(JSON.stringify(value))}) ${inner}`),
    fc.constantFrom('...A', '...B', '... on Query { __typename }', '... @include(if: $a) { __typename }'),
  ),
}))
const wellFormed = fc
  .tuple(fc.constantFrom('query Q', 'mutation Q', 'query Q ($a: Boolean!)'), selections, selections, selections)
  .map(([start, own, a, b]) => `${start} ${own} fragment A on Client ${a} fragment B on Query ${b}`)

/** A document of ours with a piece of it replaced. */
const damaged = fc
  .tuple(fc.constantFrom(...Object.values(manifest)), fc.nat(), fc.nat({ max: 30 }), soup)
  .map(([text, at, length, piece]) => text.slice(0, at % text.length) + piece + text.slice((at % text.length) + length))

const parameters = fc.record(
  {
    query: fc.oneof(soup, wellFormed, damaged),
    variables: fc.jsonValue(),
    operationName: fc.jsonValue(),
    documentId: fc.jsonValue(),
    extensions: fc.jsonValue(),
  },
  { requiredKeys: ['query'] },
)

test.each<[string, fc.Arbitrary<unknown>]>([
  ['a soup of tokens', soup.map((query) => ({ query }))],
  ['a document that parses', wellFormed.map((query) => ({ query, variables: { a: true } }))],
  [
    'a damaged document of ours',
    damaged.map((query) => ({
      query,
      variables: { id: 'a', clientId: 'a', connectionId: 'b', redirectUri: 'c', input: {} },
    })),
  ],
  ['parameters of any kind', parameters],
  ['any JSON', fc.jsonValue()],
])(
  '%s has an answer that is no fault of ours',
  async (_name, bodies) => {
    await fc.assert(fc.asyncProperty(bodies, expectAnswer), { numRuns: 100 })
  },
  600_000,
)
