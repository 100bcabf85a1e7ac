import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.close())

const everyScope = 'connection:read connection:write connection:refresh_secret connection:delete'
const secretOf = async ({ connectionId }: Fixture) =>
  (await gateway.database.query('SELECT secret FROM connections WHERE id = $1', [connectionId]))[0]?.['secret']

const mutations = [
  ['refreshClientConnectionSecret', ''],
  ['updateClientConnection', ', redirectUri: "https://after.example.ua/"'],
  ['deleteClientConnection', ''],
] as const

/** A mutation that acts on a fixture through a token of its consumer, which needs no API key. */
async function mutate(selection: string, { scope = everyScope, name = '', more = '', variables = {} } = {}) {
  const fixture = await gateway.connection()
  const { clientId, connectionId, consumerId } = fixture
  const token = await gateway.issuer.mint(writer(consumerId, { clientType: 'MITHRIL ADMIN', scope }))
  const declared = ['$first: Int', '$without: Boolean = true'].filter((text) =>
    selection.includes(text.split(':')[0] ?? ''),
  )
  const document = `mutation ${declared.length > 0 ? `(${declared.join()})` : ''} {
    ${name}(input: { clientId: "${clientId}", connectionId: "${connectionId}"${more} }) { clientConnection { ${selection} } }
  }`
  const secret = await secretOf(fixture)
  const body = (await gateway.graphql(document, variables, token)).json()
  const written = (await secretOf(fixture)) !== secret || (await gateway.auditOf(connectionId)).length > 0
  return { body, written, code: body.errors?.[0]?.extensions.code }
}

describe.each(mutations)('%s is not made', (name, more) => {
  test.each([
    ['a page of none', 'changes(first: 0) { nodes { id } }', {}],
    ['a page of too many', 'changes(first: 101) { nodes { id } }', {}],
    ['a page by a variable', 'changes(first: $first) { nodes { id } }', { first: -1 }],
    ['a cursor that is none', 'changes(after: "x") { nodes { id } }', {}],
    ['such a page in a fragment', '... on ClientConnection { ...{ changes(first: 0) { totalCount } } }', {}],
  ])('where the selection asks for %s', async (_what, selection, variables) => {
    const { body, written, code } = await mutate(selection, { name, more, variables })
    expect([code, written, body.data]).toEqual(['UNPROCESSABLE_ENTITY', false, { [name]: null }])
  })

  test.each(['changes { nodes { id } }', 'lastChange { id }', 'client { name }', 'consumer { name }'])(
    'where the selection { %s } needs a scope that the token lacks',
    async (selection) => {
      const scope = everyScope.replace('connection:read ', '')
      const { body, written, code } = await mutate(selection, { name, more, scope })
      expect([code, written, body.data]).toEqual(['FORBIDDEN', false, { [name]: null }])
      expect(body.errors[0].extensions.exception).toEqual({ missingAllowances: ['connection:read'] })
    },
  )

  test('the write is made if a directive leaves the refused selection out', async () => {
    const selection = 'id changes(first: 0) @skip(if: $without) { totalCount }'
    const { body, written } = await mutate(selection, { name, more })
    expect([body.errors, written]).toEqual([undefined, true])
  })
})

test('the payload of one mutation survives the refusal of the next one', async () => {
  const fixture = await gateway.connection()
  const { clientId, connectionId, consumerId } = fixture
  const token = await gateway.issuer.mint(writer(consumerId, { clientType: 'MITHRIL ADMIN', scope: everyScope }))
  const key = `clientId: "${clientId}", connectionId: "${connectionId}"`
  const { data, errors } = (
    await gateway.graphql(
      `mutation {
        one: refreshClientConnectionSecret(input: { ${key} }) { secret }
        two: updateClientConnection(input: { ${key}, redirectUri: "http://a" }) { clientConnection { id } }
      }`,
      {},
      token,
    )
  ).json()
  expect(data).toEqual({ one: { secret: await secretOf(fixture) }, two: null })
  expect(errors).toMatchObject([{ path: ['two'], extensions: { code: 'UNPROCESSABLE_ENTITY' } }])
})

test('five mutations in one document are five changes in the metric and in the log', async () => {
  const fixture = await gateway.connection()
  const { clientId, connectionId } = fixture
  const token = await gateway.issuer.mint(writer(clientId))
  const metric = async () =>
    Number(
      /^gateway_changes_total\{kind="UPDATED",door="GRAPHQL"\} (\d+)$/m.exec(
        (await gateway.app.inject('/metrics')).body,
      )?.[1],
    )
  const before = await metric()
  const field = (alias: string, uri: string) =>
    `${alias}: updateClientConnection(input: { clientId: "${clientId}", connectionId: "${connectionId}", redirectUri: "${uri}" }) { clientConnection { version } }`
  const uris = [1, 2, 3, 4, 5].map((number) => `https://after.example.ua/${number}`)
  const requestId = randomUUID()
  await gateway.graphql(`mutation { ${uris.map((uri, index) => field(`m${index}`, uri)).join(' ')} }`, {}, token, {
    headers: { 'x-request-id': requestId },
  })
  // The same value again changes nothing, so it is no change.
  await gateway.graphql(`mutation { ${field('again', uris[4] ?? '')} }`, {}, token)
  expect((await metric()) - before).toBe(5)
  const lines = gateway.log
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg, connectionId: of }) => msg === 'change' && of === connectionId)
  expect(lines).toHaveLength(5)
  for (const line of lines)
    expect(line).toMatchObject({ kind: 'UPDATED', door: 'GRAPHQL', clientId, connectionClientId: clientId, requestId })
})

test('the history of a client holds its deleted connections, for its own callers and admins only', async () => {
  const fixture = await gateway.connection()
  const { clientId, connectionId, path } = fixture
  const scope = 'client:read connection:read connection:write connection:delete'
  const token = await gateway.issuer.mint(writer(clientId, { scope }))
  await gateway.patch(path, { redirect_uri: 'https://after.example.ua/' }, token)
  await gateway.app.inject({ method: 'DELETE', url: path, headers: { authorization: `Bearer ${token}` } })
  const query = `query ($id: ID!, $connectionId: ID, $kind: ConnectionChangeKind, $first: Int) {
    client(id: $id) { connectionChanges(first: $first, connectionId: $connectionId, kind: $kind) {
      nodes { connectionId kind before after } totalCount pageInfo { hasNextPage } } }
  }`
  const ask = async (variables: object, by = token) =>
    (await gateway.graphql(query, { id: clientId, ...variables }, by)).json()
  const deleted = { connectionId, kind: 'DELETED', before: 'https://after.example.ua/', after: null }
  const updated = { connectionId, kind: 'UPDATED', before: 'https://before.example.ua/callback', after: deleted.before }
  const page = (...nodes: object[]) => ({
    data: { client: { connectionChanges: { nodes, totalCount: nodes.length, pageInfo: { hasNextPage: false } } } },
  })
  expect(await ask({})).toMatchObject(page(deleted, updated))
  expect(await ask({ connectionId: connectionId.toUpperCase() })).toMatchObject(page(deleted, updated))
  expect(await ask({ kind: 'DELETED' })).toMatchObject(page(deleted))
  expect(await ask({ connectionId: randomUUID() })).toMatchObject(page())
  expect((await ask({ first: 0, connectionId: 'x' })).errors[0].extensions.exception.inputErrors).toMatchObject([
    { path: ['connectionId'] },
    { path: ['first'] },
  ])
  const narrow = await gateway.issuer.mint(writer(clientId, { scope: 'client:read' }))
  expect((await ask({}, narrow)).errors[0].extensions.exception).toEqual({ missingAllowances: ['connection:read'] })
  const foreign = await gateway.issuer.mint(writer(randomUUID(), { scope }))
  expect((await ask({}, foreign)).errors[0]).toMatchObject({ message: 'Forbidden' })
  const admin = await gateway.issuer.mint(writer(randomUUID(), { scope, clientType: 'MITHRIL ADMIN' }))
  expect(await ask({}, admin)).toMatchObject(page(deleted, updated))
})
