/** What a hostile document may know of: the ids of a client and a connection of its own, and its token. */
export interface Known {
  readonly clientId: string
  readonly connectionId: string
  readonly token: string
}

interface Expected {
  /** `extensions.code` of the first error, or `OK`. */
  readonly code: string
  /** Of HTTP, for a caller of `application/json`. */
  readonly status?: number
  /** What the first message has to say. */
  readonly message?: RegExp
}

export interface HostileDocument extends Expected {
  readonly name: string
  /** The body: as text, or something to be made JSON of. */
  readonly body: (known: Known) => unknown
  /** Where production answers otherwise. */
  readonly production?: Expected
}

const times = (count: number, text: (index: number) => string, separator = ' ') =>
  Array.from({ length: count }, (_, i) => text(i)).join(separator)
const nested = (depth: number, open: string, inner: string, close: string) =>
  open.repeat(depth) + inner + close.repeat(depth)
const query = (text: string | ((known: Known) => string)) => (known: Known) => ({
  query: typeof text === 'string' ? text : text(known),
})
const withVariables = (text: string, variables: (known: Known) => unknown) => (known: Known) => ({
  query: text,
  variables: variables(known),
})

/** The operation is chosen first, and these would leave it open. */
const named = ({ body, ...document }: HostileDocument): HostileDocument => ({
  ...document,
  body: (known) => ({ ...(body(known) as object), operationName: 'A' }), // made by `query`
})

const refused =
  (code: string) =>
  (name: string, text: string | ((known: Known) => string), message?: RegExp): HostileDocument => ({
    name,
    body: query(text),
    code,
    ...(message && { message }),
  })
const unparsed = refused('GRAPHQL_PARSE_FAILED')
const invalid = refused('GRAPHQL_VALIDATION_FAILED')
const accepted = refused('OK')
const beyond = (name: string, text: string | ((known: Known) => string), maximum: number, limit: string) =>
  invalid(name, text, new RegExp(`^At most ${maximum} ${limit} are allowed, this document has (\\d+|more)$`))

const tooManyTokens = (name: string, text: string) => beyond(name, text, 1_000, 'tokens')

const update = (alias: string, { clientId, connectionId }: Known, redirectUri = 'not a uri') =>
  `${alias} updateClientConnection(input: { clientId: "${clientId}", connectionId: "${connectionId}", redirectUri: "${redirectUri}" }) { clientConnection { id } }`

const texts: readonly HostileDocument[] = [
  unparsed('nothing', ''),
  unparsed('white space', ' \n\t '),
  unparsed('commas', ','.repeat(50_000)),
  unparsed('a comment', '# nothing else'),
  unparsed('a comment of 90 kB', `#${'x'.repeat(90_000)}`),
  unparsed('an open brace', '{'),
  unparsed('a closing brace', '}'),
  unparsed('90,000 open braces', '{'.repeat(90_000)),
  unparsed('an empty selection', '{ }'),
  unparsed('a string without an end', '{ client(id: "'),
  unparsed('a string without an end, of 90 kB', `{ client(id: "${'x'.repeat(90_000)}`),
  unparsed('a block string without an end', `{ client(id: """${'\n'.repeat(1_000)}`),
  unparsed('a line break in a string', '{ client(id: "a\nb") { id } }'),
  unparsed('an unknown escape', '{ client(id: "\\q") { id } }'),
  unparsed('half a surrogate pair, escaped', '{ client(id: "\\uD800") { id } }'),
  unparsed('half a surrogate pair', '{ client(id: "\ud800") { id } }'),
  unparsed('a code point beyond Unicode', '{ client(id: "\\u{110000}") { id } }'),
  unparsed('a NUL', '{ viewer\u0000{ clientId } }'),
  unparsed('control characters', '\u0001\u001b[31m{ viewer { clientId } }'),
  unparsed('a name of emoji', '{ 🏥 }'),
  unparsed('a name that is written from right to left', '{ \u202eviewer }'),
  unparsed('full-width braces', '｛ viewer ｝'),
  unparsed('a Cyrillic look-alike', '{ viеwer { clientId } }'),
  unparsed('a number with a leading zero', '{ client(id: 01) { id } }'),
  unparsed('a hexadecimal number', '{ client(id: 0xff) { id } }'),
  unparsed('a number that goes on as a name', '{ client(id: 1e9x) { id } }'),
  unparsed('SQL', `'; DROP TABLE connections; --`),
  unparsed('JSON', '{"query":"{ viewer { clientId } }"}'),
  unparsed('a page', '<script>alert(1)</script>'),
  unparsed('a template', '{{ 7 * 7 }} <%= 7 * 7 %>'),
  unparsed('a variable in a default value', 'query ($a: ID, $b: ID = $a) { client(id: $b) { id } }'),
  unparsed('a fragment named on', 'fragment on on Viewer { clientId } { viewer { ...on } }'),
  unparsed('spreads of nothing', `{ ${'... '.repeat(900)} }`),
  unparsed('dollar signs', '$'.repeat(900)),
  unparsed('quotes', '"'.repeat(45_001)),
  unparsed('a number of 90,000 digits where a name should be', `{ ${'9'.repeat(90_000)} }`),
  accepted('a byte-order mark, which GraphQL ignores', '\ufeff{ viewer { clientId } }'),
  accepted('white space of 90 kB', `{ viewer {${' '.repeat(90_000)}clientId } }`),
]

const tooMuch: readonly HostileDocument[] = [
  tooManyTokens('1,001 tokens', `{ viewer { ${'clientId '.repeat(996)} } }`),
  tooManyTokens('3,000 nested selections, which overflow the stack of graphql-js', nested(3_000, '{a', '', '}')),
  tooManyTokens('20,000 aliases, which take graphql-js seconds', `{ ${times(6_000, (i) => `a${i}:viewer`)} }`),
  tooManyTokens('lists of lists, 45,000 deep', `{ client(id: ${nested(45_000, '[', '1', ']')}) { id } }`),
  tooManyTokens('objects of objects, 15,000 deep', `{ client(id: ${nested(15_000, '{a:', '1', '}')}) { id } }`),
  tooManyTokens(
    'a type of lists, 40,000 deep',
    `query ($a: ${nested(40_000, '[', 'ID', ']')}) { viewer { clientId } }`,
  ),
  tooManyTokens(
    '3,500 operations',
    times(3_500, (i) => `query Q${i} { __typename }`),
  ),
  tooManyTokens('10,000 variables', `query (${times(8_000, (i) => `$a${i}:ID`)}) { __typename }`),
  tooManyTokens('30,000 directives', `{ __typename ${'@a '.repeat(30_000)} }`),
  tooManyTokens('10,000 arguments', `{ client(${'id:1 '.repeat(10_000)}) { id } }`),
  beyond('45,000 lines before a mistake', `${'\n'.repeat(45_000)}{ a b c }`, 2_000, 'lines'),
  beyond('lines ended by carriage returns', `${'\r'.repeat(3_000)}{ viewer { clientId } }`, 2_000, 'lines'),
  beyond('a block string of 20,000 lines', `{ client(id: """${'\n a'.repeat(20_000)}""") { id } }`, 2_000, 'lines'),
  beyond('selections nested 300 deep', nested(300, '{a', '{b}', '}'), 10, 'levels of nested objects'),
  beyond('selections nested 11 deep', nested(11, '{viewer', '{clientId}', '}'), 10, 'levels of nested objects'),
  beyond(
    'nesting that is spread over fragments',
    `{ ...F0 } ${times(12, (i) => `fragment F${i} on Query { viewer { ...F${i + 1} } }`)} fragment F12 on Viewer { clientId }`,
    10,
    'levels of nested objects',
  ),
  beyond(
    'nesting behind inline fragments',
    nested(11, '{... {... on Query {viewer', '{clientId}', '}}}'),
    10,
    'levels of nested objects',
  ),
  beyond(
    'nesting beside introspection',
    `{ __schema { queryType { name } } ${nested(11, 'viewer {', 'clientId', '}')} }`,
    10,
    'levels of nested objects',
  ),
  beyond('16 aliases', `{ viewer { ${times(16, (i) => `a${i}: clientId`)} } }`, 15, 'aliases'),
  beyond(
    'aliases on both sides of a fragment',
    `{ viewer { ${times(8, (i) => `a${i}: clientId`)} ...F } } fragment F on Viewer { ${times(8, (i) => `b${i}: clientId`)} }`,
    15,
    'aliases',
  ),
  beyond(
    'aliases of a fragment that is spread twice',
    `{ viewer { ...F } me: viewer { ...F } } fragment F on Viewer { ${times(8, (i) => `b${i}: clientId`)} }`,
    15,
    'aliases',
  ),
  beyond('aliases of __typename', `{ viewer { ${times(16, (i) => `a${i}: __typename`)} } }`, 15, 'aliases'),
  beyond('aliases named __typename', `{ viewer { ${'__typename: clientId '.repeat(16)} } }`, 15, 'aliases'),
  named(
    beyond(
      'an operation beside another one that is beyond the limits',
      `query A { viewer { ${times(9, (i) => `a${i}: clientId`)} } } query B { viewer { ${times(16, (i) => `a${i}: clientId`)} } }`,
      15,
      'aliases',
    ),
  ),
  beyond('300 aliases', `{ viewer { ${times(300, (i) => `a${i}: clientId`)} } }`, 15, 'aliases'),
  beyond('21 fields of Query', `{ ${'viewer { clientId } '.repeat(21)} }`, 20, 'fields of Query'),
  beyond(
    '21 fields of Query, by a fragment',
    `{ ${'...F '.repeat(7)} } fragment F on Query { ${'viewer { clientId } '.repeat(3)} }`,
    20,
    'fields of Query',
  ),
  beyond('six writes', (known) => `mutation { ${times(6, (i) => update(`a${i}:`, known))} }`, 5, 'fields of Mutation'),
  beyond(
    'six writes without aliases',
    (known) => `mutation { ${times(6, () => update('', known))} }`,
    5,
    'fields of Mutation',
  ),
  beyond(
    'six writes in fragments',
    (known) =>
      `mutation { ...F ...G } fragment F on Mutation { ${times(3, (i) => update(`f${i}:`, known))} } fragment G on Mutation { ${times(3, (i) => update(`g${i}:`, known))} }`,
    5,
    'fields of Mutation',
  ),
  beyond(
    'six writes behind directives',
    (known) => `mutation { ... @include(if: true) { ${times(6, (i) => update(`a${i}:`, known))} } }`,
    5,
    'fields of Mutation',
  ),
  beyond('21 directives', `{ viewer { ${'clientId @skip(if: false) '.repeat(21)} } }`, 20, 'directives'),
  beyond('unknown directives', `{ viewer ${'@a '.repeat(300)} { clientId } }`, 20, 'directives'),
  beyond(
    'directives on an operation, its variables and fragments',
    `query ($a: ID ${'@a '.repeat(7)}) ${'@b '.repeat(7)} { ...F ${'@c '.repeat(7)} } fragment F on Query { viewer { clientId } }`,
    20,
    'directives',
  ),
  beyond('501 fields', `{ viewer { ${'clientId '.repeat(500)} } }`, 500, 'fields'),
  beyond('900 times __typename', `{ ${'__typename '.repeat(900)} }`, 500, 'fields'),
  beyond(
    'a bomb of fragments, each twice the size of the next',
    `{ viewer { ...F0 } } ${times(60, (i) => `fragment F${i} on Viewer { ...F${i + 1} ...F${i + 1} }`)} fragment F60 on Viewer { clientId }`,
    500,
    'fields',
  ),
  beyond(
    'a bomb of fragments on many levels',
    `{ clients { nodes { ...F0 ...F0 } } } fragment F0 on Client { connections { nodes { ${'...F1 '.repeat(20)} } } } fragment F1 on ClientConnection { changes { nodes { ${'...F2 '.repeat(20)} } } } fragment F2 on ConnectionChange { caller { clientId } }`,
    500,
    'fields',
  ),
]

const tooManyItems = (name: string, text: string, given: object = {}): HostileDocument => ({
  name,
  body: withVariables(text, () => given),
  code: 'GRAPHQL_VALIDATION_FAILED',
  message: /^At most 11000 items in lists are allowed, this document has \d+$/,
})

/** Valid documents, each page of them within its bounds. */
const tooLarge: readonly HostileDocument[] = [
  accepted(
    'as many items as are allowed',
    '{ clients(first: 100) { nodes { connections(first: 100) { nodes { id } } } } }',
  ),
  tooManyItems(
    'a million items',
    '{ clients(first: 100) { nodes { connections(first: 100) { nodes { changes(first: 100) { nodes { id } } } } } } }',
  ),
  tooManyItems(
    'a million items by variables',
    'query ($n: Int) { clients(first: $n) { nodes { connections(first: $n) { nodes { changes(first: $n) { nodes { id } } } } } } }',
    { n: 100 },
  ),
  tooManyItems(
    'a million items by the default of a variable',
    'query ($n: Int = 100) { clients(first: $n) { nodes { connections(first: $n) { nodes { changes(first: $n) { nodes { id } } } } } } }',
  ),
  tooManyItems(
    'many items from the end',
    '{ clients(first: 1, last: 100) { nodes { connections(first: 100) { nodes { changes(first: 1) { nodes { id } } } } } } }',
  ),
  tooManyItems(
    'many items before a place, of which first says nothing',
    '{ clients(first: 1, before: "x") { nodes { connections(first: 100) { nodes { changes(first: 20) { nodes { id } } } } } } }',
  ),
  tooManyItems(
    'a million items beside less than none, which are skipped',
    '{ clients(first: 100) { nodes { connections(first: 100) { nodes { changes(first: 100) { nodes { id } } } } } } less: clients(first: -2000000, last: -2000000) @skip(if: true) { nodes { id } } }',
  ),
  tooManyItems(
    'a million items of which only the number is asked',
    '{ clients(first: 100) { nodes { connections(first: 100) { nodes { changes(first: 100) { totalCount } } } } } }',
  ),
  tooManyItems(
    'the items of a page twice',
    '{ clients(first: 100) { nodes { connections(first: 100) { nodes { redirectUri } edges { node { redirectUri } } } } } }',
  ),
  tooManyItems(
    'the same value many times in each item',
    `{ client(id: "a") { connections(first: 100) { nodes { changes(first: 100) { nodes { ${times(14, (i) => `a${i}: before`)} } } } } } }`,
  ),
  tooManyItems(
    'an object many times in each item, by a fragment',
    `{ client(id: "a") { connections(first: 100) { nodes { changes(first: 100) { ...P } } } } } fragment P on ConnectionChangePage { edges { node { ${times(14, (i) => `a${i}: caller { clientId }`)} } } }`,
  ),
  tooManyItems(
    'one fragment in pages of several sizes',
    '{ client(id: "a") { few: connections(first: 1) { ...P } connections(first: 100) { ...P } } } fragment P on ClientConnectionPage { nodes { changes(first: 100) { nodes { one: id } } } }',
  ),
  accepted(
    'other names where there are few',
    '{ clients(first: 20) { nodes { key: id connections(first: 20) { nodes { uri: redirectUri } } } } }',
  ),
  tooManyItems(
    'many items by aliases in fragments',
    `{ client(id: "a") { ${times(8, (i) => `a${i}: connections(first: 100) { ...P }`)} } } fragment P on ClientConnectionPage { nodes { changes { nodes { id } } } }`,
  ),
]

const wrong: readonly HostileDocument[] = [
  invalid('a fragment that spreads itself', '{ viewer { ...F } } fragment F on Viewer { ...F }'),
  invalid(
    'a circle of fragments',
    '{ viewer { ...F } } fragment F on Viewer { ...G } fragment G on Viewer { ...F clientId }',
  ),
  invalid(
    'a circle of 100 fragments',
    `{ ...F0 } ${times(100, (i) => `fragment F${i} on Query { ...F${(i + 1) % 100} }`)}`,
  ),
  invalid(
    'a circle through fields',
    '{ clients { nodes { ...F } } } fragment F on Client { connections { nodes { client { ...F } } } }',
  ),
  invalid(
    'fragments that all spread one another',
    `{ viewer { ...F0 } } ${times(20, (i) => `fragment F${i} on Viewer { ${times(20, (j) => (i === j ? '' : `...F${j}`))} }`)}`,
  ),
  invalid('a fragment that is not there', '{ viewer { ...F } }'),
  invalid(
    'a fragment that is there twice',
    '{ viewer { ...F } } fragment F on Viewer { clientId } fragment F on Viewer { userId }',
  ),
  invalid('a fragment that is not used', '{ viewer { clientId } } fragment F on Viewer { clientId }'),
  invalid('a fragment on a scalar', '{ viewer { ... on ID { a } } }'),
  invalid('a fragment on an unknown type', '{ viewer { ... on User { password } } }'),
  invalid('a fragment on another type', '{ viewer { ... on Client { settings } } }'),
  invalid('140 unknown types', `{ viewer { clientId } } ${times(140, (i) => `fragment F${i} on T${i} { a }`)}`),
  invalid('a field that does not exist', '{ users { password } }'),
  invalid(
    'the secret of a connection',
    (known) => `{ clientConnection(clientId: "${known.clientId}", connectionId: "${known.connectionId}") { secret } }`,
  ),
  invalid('the private settings of a client', (known) => `{ client(id: "${known.clientId}") { privSettings secret } }`),
  invalid('fields of JavaScript', '{ viewer { constructor __proto__ toString hasOwnProperty } }'),
  invalid('100 fields that do not exist', `{ viewer { ${times(100, (i) => `a${i}`)} } }`),
  invalid('a name of 90 kB', `{ ${'a'.repeat(90_000)} }`),
  invalid('an argument that does not exist', '{ viewer(isAdmin: true) { clientId } }'),
  invalid('no argument', '{ client { id } }'),
  invalid('an argument twice', '{ client(id: "a", id: "b") { id } }'),
  invalid(
    'an input field twice',
    (known) =>
      `mutation { updateClientConnection(input: { clientId: "a", clientId: "${known.clientId}", connectionId: "b", redirectUri: "c" }) { clientConnection { id } } }`,
  ),
  invalid(
    'input fields that cannot be set',
    (known) =>
      `mutation { updateClientConnection(input: { clientId: "${known.clientId}", connectionId: "b", redirectUri: "c", secret: "d", consumerId: "e" }) { clientConnection { id } } }`,
  ),
  invalid('an object for an id', '{ client(id: { eq: "a" }) { id } }'),
  invalid('lists of lists for an id', `{ client(id: ${nested(300, '[', '1', ']')}) { id } }`),
  invalid(
    'objects of objects for an input',
    `mutation { updateClientConnection(input: ${nested(150, '{input:', '1', '}')}) { clientConnection { id } } }`,
  ),
  invalid('a float for an id', '{ client(id: 1e999999999) { id } }'),
  invalid('null for an id', '{ client(id: null) { id } }'),
  invalid('a number beyond Int', '{ clients(first: 99999999999999999999) { totalCount } }'),
  invalid('a number of 90,000 digits', `{ clients(first: ${'9'.repeat(90_000)}) { totalCount } }`),
  invalid('a string for a number', '{ clients(first: "1 OR 1=1") { totalCount } }'),
  invalid('a string for an enum', '{ clients(orderBy: "INSERTED_AT_ASC; DROP TABLE clients") { totalCount } }'),
  invalid('an unknown enum value', '{ clients(orderBy: INSERTED_AT_AS) { totalCount } }'),
  invalid('fields of a scalar', '{ viewer { clientId { length } } }'),
  invalid('an object without fields', '{ viewer }'),
  invalid('fields that cannot be merged', '{ viewer { a: clientId a: userId } }'),
  invalid('many fields that cannot be merged', `{ viewer { ${'a: clientId a: userId '.repeat(7)} } }`),
  invalid('a variable that is not defined', '{ client(id: $id) { id } }'),
  invalid('a variable that is not used', 'query ($a: ID) { viewer { clientId } }'),
  invalid('200 variables that are not used', `query (${times(200, (i) => `$a${i}: ID`)}) { viewer { clientId } }`),
  invalid('a variable twice', 'query ($a: ID!, $a: ID!) { client(id: $a) { id } }'),
  invalid('a variable of an output type', 'query ($a: Client) { viewer { clientId @skip(if: $a) } }'),
  invalid('a variable of an unknown type', 'query ($a: Clien) { viewer { clientId @skip(if: $a) } }'),
  invalid('a variable where it does not belong', 'query ($a: String) { clients(first: $a) { totalCount } }'),
  invalid('a type of lists, 300 deep', `query ($a: ${nested(300, '[', 'ID', ']')}) { client(id: $a) { id } }`),
  named(invalid('an operation twice', 'query A { viewer { clientId } } query A { viewer { clientId } }')),
  named(invalid('an anonymous operation beside another', '{ viewer { clientId } } query A { viewer { clientId } }')),
  invalid('a type definition', 'type Query { a: Int } { viewer { clientId } }'),
  invalid('an extension of the schema', 'extend type Mutation { dropAll: Boolean } query { viewer { clientId } }'),
  invalid('a directive definition', 'directive @skip on FIELD query { viewer { clientId } }'),
  invalid('@include without a condition', '{ viewer { clientId @include } }'),
  invalid('@deprecated where it does not belong', '{ viewer { clientId @deprecated } }'),
  invalid('@defer', '{ ... @defer { viewer { clientId } } }'),
  invalid('@stream', '{ clients { nodes @stream(initialCount: 1) { id } } }'),
  refused('BAD_REQUEST')('a subscription', 'subscription { connectionChanged { id } }'),
  invalid(
    'the description of the schema, as a mutation',
    'mutation { __schema { queryType { name } } updateClientConnection { id } }',
  ),
  invalid(
    'the description of the schema, in circles',
    '{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }',
  ),
]

const off: Expected = { code: 'GRAPHQL_VALIDATION_FAILED', message: /introspection has been disabled/ }
const introspection: readonly HostileDocument[] = [
  { ...accepted('the description of the schema', '{ __schema { types { name fields { name } } } }'), production: off },
  {
    ...accepted('the description of a type', '{ __type(name: "Mutation") { fields { name args { name } } } }'),
    production: off,
  },
  {
    ...accepted(
      'the description of the schema in a fragment',
      '{ ...F } fragment F on Query { s: __schema { queryType { name } } }',
    ),
    production: off,
  },
  {
    ...accepted(
      'the description of the schema behind a directive',
      '{ viewer { clientId } ... @skip(if: true) { __schema { queryType { name } } } }',
    ),
    production: off,
  },
  {
    ...accepted('types of types, 200 deep', `{ __type(name: "Query") { ${nested(200, 'ofType {', 'name', '}')} } }`),
    production: off,
  },
  accepted('names of types, which clients need', '{ __typename viewer { __typename } }'),
]

const big = 'x'.repeat(90_000)
const updateDocument =
  'mutation ($input: UpdateClientConnectionInput!) { updateClientConnection(input: $input) { clientConnection { id } } }'
const inputOf = ({ clientId, connectionId }: Known, more: object) => ({
  input: { clientId, connectionId, redirectUri: 'https://a.example.ua/', ...more },
})
const badVariable = (name: string, text: string, variables: (known: Known) => unknown): HostileDocument => ({
  name,
  body: withVariables(text, variables),
  code: 'BAD_REQUEST',
  status: 400,
})

const variables: readonly HostileDocument[] = [
  badVariable('a variable that is missing', updateDocument, () => ({})),
  badVariable('null for an input', updateDocument, () => ({ input: null })),
  badVariable('a list for an input', updateDocument, (known) => ({ input: [inputOf(known, {}).input, 1] })),
  badVariable('a string of 90 kB for a number', 'query ($n: Int) { clients(first: $n) { totalCount } }', () => ({
    n: big,
  })),
  badVariable(
    'suggestions that are none, 6,700 of them, for a number',
    'query ($n: Int) { clients(first: $n) { totalCount } }',
    () => ({
      n: ' Did you mean '.repeat(6_700),
    }),
  ),
  badVariable('the same beside unknown fields', updateDocument, (known) =>
    inputOf(known, {
      redirectUri: ' Did you mean '.repeat(6_600),
      ...Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`k${i}`, i])),
    }),
  ),
  badVariable('the same with an end', updateDocument, (known) =>
    inputOf(known, { redirectUri: `${' Did you mean '.repeat(6_600)}?`, ['?'.repeat(300)]: 1 }),
  ),
  {
    name: '11,000 unknown fields',
    body: withVariables(updateDocument, (known) =>
      inputOf(known, Object.fromEntries(Array.from({ length: 11_000 }, (_, i) => [i, 1]))),
    ),
    code: 'GRAPHQL_VALIDATION_FAILED',
    message: /^At most 200 values in variables are allowed, this request has more$/,
  },
  badVariable('60 unknown fields beside a string of 80 kB', updateDocument, (known) =>
    inputOf(known, {
      redirectUri: 'x'.repeat(80_000),
      ...Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`unknown${i}`, i])),
    }),
  ),
  badVariable('a field that nearly is one', updateDocument, (known) => inputOf(known, { redirectUr: 'x' })),
  badVariable('a null byte in the name of a field', updateDocument, (known) =>
    inputOf(known, { 'redirectUri\u0000': 'x' }),
  ),
  badVariable('an operator in the place of a string', updateDocument, (known) =>
    inputOf(known, { redirectUri: { set: 'https://evil.example' } }),
  ),
  badVariable('__proto__ in an input', updateDocument, () => ({
    input: JSON.parse('{ "__proto__": { "clientId": "a" }, "connectionId": "b", "redirectUri": "c" }'),
  })),
  badVariable('a number beyond Int as a variable', 'query ($n: Int) { clients(first: $n) { totalCount } }', () => ({
    n: 2 ** 31,
  })),
  badVariable('a fraction', 'query ($n: Int) { clients(first: $n) { totalCount } }', () => ({ n: 1.5 })),
  badVariable('99 levels of lists for an id', 'query ($id: ID!) { client(id: $id) { id } }', () => ({
    id: JSON.parse(nested(95, '[', '1', ']')),
  })),
  {
    name: 'Infinity',
    body: () => '{"query":"query ($n: Int) { clients(first: $n) { totalCount } }","variables":{"n":1e999}}',
    code: 'BAD_REQUEST',
    status: 400,
  },
  {
    name: 'lists 45,000 deep in variables',
    body: () => `{"query":"{ viewer { clientId } }","variables":{"a":${nested(45_000, '[', '', ']')}}}`,
    code: 'BAD_REQUEST',
    status: 400,
    message: /nested too deeply/,
  },
  {
    name: 'objects 15,000 deep in an unknown parameter',
    body: () => `{"query":"{ viewer { clientId } }","more":${nested(15_000, '{"a":', '1', '}')}}`,
    code: 'BAD_REQUEST',
    status: 400,
    message: /nested too deeply/,
  },
  {
    name: 'variables nobody asked for',
    body: withVariables('{ viewer { clientId } }', () => ({ a: 1, __proto__: 2, constructor: 3, big })),
    code: 'OK',
  },
  {
    name: 'SQL in an id',
    body: withVariables('query ($id: ID!) { client(id: $id) { id } }', () => ({ id: "' OR '1'='1" })),
    code: 'FORBIDDEN',
  },
  {
    name: 'a redirect URI of 90 kB',
    body: withVariables(updateDocument, (known) => inputOf(known, { redirectUri: `https://a.example.ua/${big}` })),
    code: 'UNPROCESSABLE_ENTITY',
  },
  {
    name: 'half a surrogate pair in a redirect URI',
    body: withVariables(updateDocument, (known) => inputOf(known, { redirectUri: 'https://a.example.ua/\ud800' })),
    code: 'UNPROCESSABLE_ENTITY',
  },
  {
    name: 'a negative version',
    body: withVariables(updateDocument, (known) => inputOf(known, { expectedVersion: -1 })),
    code: 'CONFLICT',
  },
]

const parameters: readonly HostileDocument[] = [
  {
    name: 'a batch',
    body: () => [{ query: '{ viewer { clientId } }' }, { query: '{ viewer { clientId } }' }],
    code: 'BAD_REQUEST',
    status: 400,
  },
  { name: 'a batch of one', body: () => [{ query: '{ viewer { clientId } }' }], code: 'BAD_REQUEST', status: 400 },
  { name: 'a batch of none', body: () => [], code: 'BAD_REQUEST', status: 400 },
  {
    name: 'a batch of 2,000',
    body: () => Array(2_000).fill({ query: '{ __typename }' }),
    code: 'BAD_REQUEST',
    status: 400,
  },
  { name: 'a batch in a batch', body: () => [[{ query: '{ __typename }' }]], code: 'BAD_REQUEST', status: 400 },
  { name: 'a string', body: () => '"{ viewer { clientId } }"', code: 'BAD_REQUEST', status: 400 },
  { name: 'a number', body: () => '1', code: 'BAD_REQUEST', status: 400 },
  { name: 'true', body: () => 'true', code: 'BAD_REQUEST', status: 400 },
  { name: 'null', body: () => 'null', code: 'BAD_REQUEST', status: 400 },
  { name: 'an empty object', body: () => ({}), code: 'BAD_REQUEST' },
  { name: 'a number for a document', body: () => ({ query: 1 }), code: 'BAD_REQUEST', status: 400 },
  {
    name: 'an object for a document',
    body: () => ({ query: { toString: 1, kind: 'Document', definitions: [] } }),
    code: 'BAD_REQUEST',
    status: 400,
  },
  {
    name: 'a list for a document',
    body: () => ({ query: ['{ viewer { clientId } }'] }),
    code: 'BAD_REQUEST',
    status: 400,
  },
  {
    name: 'a string for variables',
    body: () => ({ query: '{ __typename }', variables: '{}' }),
    code: 'BAD_REQUEST',
    status: 400,
  },
  {
    name: 'a list for variables',
    body: () => ({ query: '{ __typename }', variables: [] }),
    code: 'BAD_REQUEST',
    status: 400,
  },
  {
    name: 'a string for extensions',
    body: () => ({ query: '{ __typename }', extensions: 'x' }),
    code: 'BAD_REQUEST',
    status: 400,
  },
  {
    name: 'an unknown parameter',
    body: () => ({ query: '{ __typename }', [`a${big}`]: 1 }),
    code: 'BAD_REQUEST',
    status: 400,
  },
  {
    name: 'the name of an operation that is not there',
    body: () => ({ query: 'query A { __typename }', operationName: 'B' }),
    code: 'OPERATION_RESOLUTION_FAILURE',
    status: 400,
  },
  {
    name: 'no name where there are two operations',
    body: () => ({ query: 'query A { __typename } query B { __typename }' }),
    code: 'OPERATION_RESOLUTION_FAILURE',
    status: 400,
  },
  {
    name: 'the name of something of JavaScript',
    body: () => ({ query: 'query A { __typename }', operationName: '__proto__' }),
    code: 'OPERATION_RESOLUTION_FAILURE',
    status: 400,
  },
  {
    name: 'a number for the name of an operation',
    body: () => ({ query: 'query A { __typename }', operationName: 1 }),
    code: 'OPERATION_RESOLUTION_FAILURE',
    status: 400,
  },
  {
    name: 'fragments and no operation',
    body: () => ({ query: 'fragment F on Viewer { clientId }' }),
    code: 'OPERATION_RESOLUTION_FAILURE',
    status: 400,
  },
  {
    name: 'an id of no document',
    body: () => ({ documentId: `sha256:${'0'.repeat(64)}` }),
    code: 'PERSISTED_QUERY_NOT_FOUND',
    status: 400,
  },
  {
    name: 'a path for an id',
    body: () => ({ documentId: '../../../etc/passwd' }),
    code: 'PERSISTED_QUERY_NOT_FOUND',
    status: 400,
  },
  {
    name: 'something of JavaScript for an id',
    body: () => ({ documentId: '__proto__' }),
    code: 'PERSISTED_QUERY_NOT_FOUND',
    status: 400,
  },
  { name: 'a number for an id', body: () => ({ documentId: 1 }), code: 'BAD_REQUEST', status: 400 },
  {
    name: 'an id of no document, as Apollo sends it',
    body: () => ({ extensions: { persistedQuery: { version: 1, sha256Hash: '0'.repeat(64) } } }),
    code: 'PERSISTED_QUERY_NOT_FOUND',
    status: 400,
  },
]

/** Where a message of graphql-js or Yoga would quote what it was sent. */
const echoes: readonly HostileDocument[] = [
  unparsed('a token for a document', ({ token }) => token),
  {
    ...unparsed('a token in a string for a document', ({ token }) => JSON.stringify(token)),
    code: 'GRAPHQL_PARSE_FAILED',
  },
  invalid('a token in an argument', ({ token }) => `{ clients(first: "${token}") { totalCount } }`),
  invalid('a token for a field', ({ token }) => `{ ${token.replace(/[^A-Za-z0-9_]/g, '_')} }`),
  {
    name: 'a token for a variable',
    body: withVariables('query ($n: Int) { clients(first: $n) { totalCount } }', ({ token }) => ({ n: token })),
    code: 'BAD_REQUEST',
    status: 400,
  },
  {
    name: 'a token for the name of an input field',
    body: withVariables(updateDocument, (known) => inputOf(known, { [known.token]: 1 })),
    code: 'BAD_REQUEST',
    status: 400,
  },
  {
    name: 'a token for the name of an operation',
    body: ({ token }) => ({ query: 'query A { __typename }', operationName: token }),
    code: 'OPERATION_RESOLUTION_FAILURE',
    status: 400,
  },
  {
    name: 'a token for a parameter',
    body: ({ token }) => ({ query: '{ __typename }', [token]: 1 }),
    code: 'BAD_REQUEST',
    status: 400,
  },
  {
    name: 'a token for the id of a document',
    body: ({ token }) => ({ documentId: token }),
    code: 'PERSISTED_QUERY_NOT_FOUND',
    status: 400,
  },
]

export const hostileDocuments: readonly HostileDocument[] = [
  ...texts,
  ...tooMuch,
  ...tooLarge,
  ...wrong,
  ...introspection,
  ...variables,
  ...parameters,
  ...echoes,
]
