import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

// The connections of one consumer across clients: what the front office looks for on the day when its host moves.

let gateway: TestGateway
let consumerId: string
/** Redirect URIs, newest first, each of a client of its own. */
const redirectUris = [
  'https://new.mis.example.ua/callback',
  'https://mis.example.ua:8443/callback?host=other.example.ua',
  'http://MIS.example.ua/old',
  'https://mis.example.ua@evil.example.ua/',
  'https://nomis.example.ua/callback',
  'https://картка.example.ua/callback',
  'https://xn--80aa2ab3am.example.ua/callback',
  'https://other.example.ua/mis.example.ua',
]

beforeAll(async () => {
  gateway = await startTestGateway()
  consumerId = await gateway.database.insertClient({ type: 'MIS', name: 'МІС' })
  for (const [index, redirectUri] of redirectUris.entries()) {
    const clientId = await gateway.database.insertClient({ type: 'MSP', name: `Клініка ${index}` })
    const insertedAt = `2026-01-01 00:00:${String(50 - index).padStart(2, '0')}.000001`
    await gateway.database.insertConnection({ clientId, consumerId, redirectUri, insertedAt })
  }
  await gateway.connection('https://mis.example.ua/of-another-consumer')
})
afterAll(() => gateway.close())

const query = /* GraphQL */ `
  query ($consumerId: ID!, $filter: ConsumerConnectionFilter, $first: Int, $after: String) {
    consumerConnections(consumerId: $consumerId, filter: $filter, first: $first, after: $after) {
      nodes { consumerId redirectUri client { name } lastChange { id } }
      pageInfo { hasNextPage hasPreviousPage endCursor }
      totalCount
    }
  }
`
const admin = (clientType = 'NHS', scope = 'connection:read') =>
  gateway.issuer.mint(writer(randomUUID(), { clientType, scope }))
const ask = async (variables: object, token = admin()) =>
  (await gateway.graphql(query, { consumerId, ...variables }, token)).json()
const found = async (filter: object): Promise<string[]> => {
  const { data, errors } = await ask({ filter })
  expect(errors).toBeUndefined()
  return data.consumerConnections.nodes.map(({ redirectUri }: { redirectUri: string }) => redirectUri)
}
interface ListedPage {
  readonly nodes: readonly { readonly redirectUri: string }[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string }
}

const at = (...indexes: number[]) => indexes.map((index) => redirectUris[index])

describe('the connections of a consumer', () => {
  test('are those of all its clients and of no other consumer, newest first, with the names of the clients', async () => {
    const { data } = await ask({})
    expect(data.consumerConnections).toMatchObject({
      nodes: redirectUris.map((redirectUri, index) => ({
        consumerId,
        redirectUri,
        client: { name: `Клініка ${index}` },
        lastChange: null,
      })),
      pageInfo: { hasNextPage: false, hasPreviousPage: false },
      totalCount: redirectUris.length,
    })
  })

  test.each([1, 3, 8])('are walked by %i without a gap or a double while others are inserted', async (first) => {
    const walked: string[] = []
    for (let after: string | null = null, more = true; more; ) {
      const { pageInfo, nodes }: ListedPage = (await ask({ first, after })).data.consumerConnections
      walked.push(...nodes.map(({ redirectUri }) => redirectUri))
      after = pageInfo.endCursor
      more = pageInfo.hasNextPage
      const clientId = await gateway.database.insertClient({ type: 'MSP', name: 'late' })
      await gateway.database.insertConnection({ clientId, consumerId, redirectUri: 'https://late.example.ua/' })
    }
    await gateway.database.query(`DELETE FROM connections WHERE redirect_uri = 'https://late.example.ua/'`)
    expect(walked).toEqual(redirectUris)
  })

  test.each<[string, number[]]>([
    ['mis.example.ua', [0, 1, 2]],
    ['MIS.EXAMPLE.UA', [0, 1, 2]],
    ['new.mis.example.ua', [0]],
    ['is.example.ua', []],
    ['mis.example', []],
    ['evil.example.ua', [3]],
    ['картка.example.ua', [5, 6]],
    ['xn--80aa2ab3am.example.ua', [5, 6]],
    ['КАРТКА.example.ua', [5, 6]],
    ['other.example.ua', [7]],
    ['ua', [0, 1, 2, 3, 4, 5, 6, 7]],
  ])('with the host %s are found: the host itself and those below it', async (host, indexes) => {
    expect(await found({ host })).toEqual(at(...indexes))
  })

  test('are found by a text of the redirect URI, and by both filters together', async () => {
    expect(await found({ redirectUriContains: 'MIS.example' })).toEqual(at(0, 1, 2, 3, 4, 7))
    expect(await found({ redirectUriContains: '_' })).toEqual([])
    expect(await found({ redirectUriContains: 'callback', host: 'mis.example.ua' })).toEqual(at(0, 1))
  })

  test('of a consumer that does not exist are none', async () => {
    const { data } = await ask({ consumerId: randomUUID() })
    expect(data.consumerConnections).toMatchObject({ nodes: [], totalCount: 0 })
  })
})

describe('the list is refused', () => {
  test.each([
    ['MSP', 'connection:read', 'Forbidden'],
    ['MIS', 'connection:read', 'Forbidden'],
    ['nhs', 'connection:read', 'Forbidden'],
    ['NHS', 'client:read connection:write', 'Invalid scopes'],
    ['MSP', '', 'Invalid scopes'],
  ])('for the type %s with the scope "%s": %s', async (clientType, scope, message) => {
    const { data, errors } = await ask({}, admin(clientType, scope))
    expect([data, errors.map((error: { message: string }) => error.message)]).toEqual([null, [message]])
  })

  test('for the consumer itself: the specification gives it its own client alone', async () => {
    const token = gateway.issuer.mint(writer(consumerId, { clientType: 'MIS', scope: 'connection:read' }))
    expect((await ask({}, token)).errors[0].message).toBe('Forbidden')
  })

  test.each<[object, string[]]>([
    [{ consumerId: 'x' }, ['consumerId']],
    [{ filter: { host: 'https://mis.example.ua' } }, ['host']],
    [{ filter: { host: 'mis.example.ua:8443' } }, ['host']],
    [{ filter: { host: 'mis.example.ua/x' } }, ['host']],
    [{ filter: { host: '(a+)+$' } }, ['host']],
    [{ filter: { host: '.*' } }, ['host']],
    [{ filter: { host: '' } }, ['host']],
    [{ filter: { host: 'a\u0000' } }, ['host']],
    [{ filter: { host: `${'a'.repeat(253)}.a` } }, ['host']],
    [{ filter: { redirectUriContains: '\u0000' } }, ['redirectUriContains']],
    [{ first: 0 }, ['first']],
    [{ first: 101 }, ['first']],
    [{ after: 'rubbish' }, ['after']],
    [{ consumerId: '1', filter: { host: '*' }, first: 0, after: 'x' }, ['consumerId', 'host', 'first', 'after']],
  ])('for %j, which names %j', async (variables, paths) => {
    const { errors } = await ask(variables)
    expect(errors[0].extensions.code).toBe('UNPROCESSABLE_ENTITY')
    expect(errors[0].extensions.exception.inputErrors.map(({ path }: { path: string[] }) => path.join())).toEqual(paths)
  })
})

test('the log line names the operation', async () => {
  await ask({})
  expect(JSON.parse(gateway.log.at(-1) ?? '')).toMatchObject({ operation: 'listConsumerConnections', code: 'OK' })
})
