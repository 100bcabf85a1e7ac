import { GraphQLError, getIntrospectionQuery, validate } from 'graphql'
import { expect, test } from 'vitest'
import manifest from '../../src/client/documents/persisted-documents.json' with { type: 'json' }
import { exceededLimits } from '../../src/graphql/document-limits/document-size.ts'
import { type DocumentLimit, documentLimits, parseWithinLimits } from '../../src/graphql/document-limits/limits.ts'
import { createSchema } from '../../src/graphql/schema.ts'

/** The limits that a document is beyond; empty: none. */
function beyond(text: string): unknown[] {
  try {
    return exceededLimits(parseWithinLimits(text)).map(
      ({ extensions }) => (extensions['exception'] as { limit: DocumentLimit }).limit,
    )
  } catch (error) {
    return [error instanceof GraphQLError ? error.extensions['exception'] : error]
  }
}

const fields = (count: number, text = (index: number) => `a${index}`) =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ')
const odd = (count: number) => (count % 2 === 0 ? '' : 'odd')
const nested = (depth: number) => `${'{ a '.repeat(depth)}${'}'.repeat(depth)}`

test.each<[DocumentLimit, (count: number) => string]>([
  ['lines', (count) => `${'\n'.repeat(count - 1)}{ a }`],
  ['lines', (count) => `${'\r\n'.repeat(count - 1)}{ a }`],
  // The operation's own braces are no level.
  ['depth', (count) => nested(count + 1)],
  ['depth', (count) => `query { ... { ...F } } fragment F on Query { a ${nested(count)} }`],
  ['aliases', (count) => `{ ${fields(count, (index) => `a${index}: __typename`)} }`],
  ['directives', (count) => `{ a ${fields(count, () => '@skip(if: true)')} }`],
  [
    'directives',
    (count) => `query @a { ...F @b ... @c { d } } fragment F on Query @e { f ${fields(count - 4, () => '@g')} }`,
  ],
  ['fields', (count) => `{ a { ${fields(count - 1)} } }`],
  ['fields', (count) => `{ a { b ${odd(count)} ...F ...F } } fragment F on A { ${fields((count - 2) / 2)} }`],
  ['queryFields', (count) => `{ __typename ${fields(count)} }`],
  ['queryFields', (count) => `{ ...F ... { ...F } ${odd(count)} } fragment F on Query { ${fields(count / 2)} }`],
  ['mutationFields', (count) => `mutation { __typename ${fields(count)} }`],
  ['mutationFields', (count) => `mutation { ${fields(count, () => 'a')} }`],
])('%s: as many as are allowed, and not one more', (limit, document) => {
  const maximum = documentLimits[limit]
  expect(beyond(document(maximum))).toEqual([])
  expect(beyond(document(maximum + 1))).toEqual([limit === 'lines' ? { limit, maximum } : limit])
})

test('a document with the most tokens is executed, and one more token is refused', () => {
  // Each `__typename` is a token, and so are the braces. 998 of them are too many fields, which is another limit.
  expect(beyond(`{ ${'__typename '.repeat(998)} }`)).toEqual(['fields'])
  expect(beyond(`{ ${'__typename '.repeat(999)} }`)).toEqual([{ limit: 'tokens', maximum: 1_000 }])
})

test('a text of the caller that reads like the error about tokens does not count as it', () => {
  expect(() => parseWithinLimits('{ a(b: "Syntax Error: Document contains more that 1000 tokens."')).toThrow(
    'Syntax Error: Expected Name, found <EOF>.',
  )
})

test('the errors name every exceeded limit and its count', () => {
  // For Yoga: 200 to callers of application/json, 400 to those of application/graphql-response+json.
  const http = { status: 400, spec: true }
  const document = `mutation { ${fields(16, (index) => `a${index}: b @c @d`)} }`
  expect(exceededLimits(parseWithinLimits(document)).map((error) => error.toJSON())).toEqual([
    {
      message: 'At most 15 aliases are allowed, this document has 16',
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED', exception: { limit: 'aliases', maximum: 15 }, http },
    },
    {
      message: 'At most 20 directives are allowed, this document has 32',
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED', exception: { limit: 'directives', maximum: 20 }, http },
    },
    {
      message: 'At most 5 fields of Mutation are allowed, this document has 16',
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED', exception: { limit: 'mutationFields', maximum: 5 }, http },
    },
  ])
})

test('each operation of a document is measured by itself', () => {
  expect(beyond(fields(20, (index) => `mutation M${index} { a b c d e }`))).toEqual([])
})

const schema = createSchema()

test.each([
  ['every persisted document', Object.values(manifest)],
  [
    'the longest path of the schema',
    [
      '{ clients { edges { node { connections { edges { node { changes { edges { node { caller { clientId } } } } } } } } } } }',
    ],
  ],
  [
    'the introspection of GraphiQL, code generators and others, with all that graphql-js can ask for',
    [
      getIntrospectionQuery(),
      getIntrospectionQuery({
        descriptions: true,
        specifiedByUrl: true,
        directiveIsRepeatable: true,
        schemaDescription: true,
        inputValueDeprecation: true,
        oneOf: true,
      }),
    ],
  ],
])('%s is within the limits, and valid', (_name, documents) => {
  for (const text of documents) {
    const document = parseWithinLimits(text)
    expect(exceededLimits(document)).toEqual([])
    expect(validate(schema, document)).toEqual([])
  }
})
