import { randomUUID } from 'node:crypto'
import type { LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bearer, type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'
import type { TokenRequest } from '../support/tokens.ts'

// The same as parity.test.ts, for every other operation that both doors have: one table, two doors, the same outcome
// and effect.

const allScopes = [
  'client:read',
  'connection:read',
  'connection:write',
  'connection:refresh_secret',
  'connection:delete',
]

interface Target {
  readonly clientId: string
  readonly connectionId: string
}

/** How one operation is asked for through each door, and what of its answer is compared. */
interface Operation {
  readonly name: string
  readonly scope: string
  readonly query: string
  readonly variables: (target: Target) => object
  readonly pick: (data: Record<string, never>) => unknown
  readonly rest: (target: Target) => { method: 'GET' | 'PATCH' | 'DELETE'; url: string }
  /** What it leaves behind in the audit of the connection. */
  readonly leaves: readonly string[]
  readonly about: 'client' | 'connection'
}

const connectionFields = 'id clientId consumerId redirectUri'
const clientFields = 'id name settings isBlocked blockReason userId clientTypeId clientTypeName insertedAt updatedAt'
const path = ({ clientId }: Target) => `/api/clients/${encodeURIComponent(clientId)}`
const connectionPath = (target: Target) => `${path(target)}/connections/${encodeURIComponent(target.connectionId)}`
const key = ({ clientId, connectionId }: Target) => ({ input: { clientId, connectionId } })

const operations: readonly Operation[] = [
  {
    name: 'readClient',
    scope: 'client:read',
    query: `query ($id: ID!) { client(id: $id) { ${clientFields} } }`,
    variables: ({ clientId }) => ({ id: clientId }),
    pick: (data) => data['client'],
    rest: (target) => ({ method: 'GET', url: path(target) }),
    leaves: [],
    about: 'client',
  },
  {
    name: 'listConnections',
    scope: 'connection:read',
    // The list is reached through its client, which has a scope of its own.
    query: `query ($id: ID!) { client(id: $id) { connections { nodes { ${connectionFields} } totalCount } } }`,
    variables: ({ clientId }) => ({ id: clientId }),
    pick: (data) =>
      (data['client'] as unknown as { connections?: { nodes?: unknown } } | null)?.connections?.nodes ?? null,
    rest: (target) => ({ method: 'GET', url: `${path(target)}/connections` }),
    leaves: [],
    about: 'client',
  },
  {
    name: 'readClientConnection',
    scope: 'connection:read',
    query: `query ($clientId: ID!, $connectionId: ID!) { clientConnection(clientId: $clientId, connectionId: $connectionId) { ${connectionFields} } }`,
    variables: ({ clientId, connectionId }) => ({ clientId, connectionId }),
    pick: (data) => data['clientConnection'],
    rest: (target) => ({ method: 'GET', url: connectionPath(target) }),
    leaves: [],
    about: 'connection',
  },
  {
    name: 'refreshConnectionSecret',
    scope: 'connection:refresh_secret',
    query: `mutation ($input: RefreshClientConnectionSecretInput!) { refreshClientConnectionSecret(input: $input) { clientConnection { ${connectionFields} } secret } }`,
    variables: key,
    pick: (data) => {
      const { clientConnection, secret } = data['refreshClientConnectionSecret'] as unknown as {
        clientConnection: object
        secret: string
      }
      return { ...clientConnection, secret }
    },
    rest: (target) => ({ method: 'PATCH', url: `${connectionPath(target)}/actions/refresh_secret` }),
    leaves: ['SECRET_REFRESHED'],
    about: 'connection',
  },
  {
    name: 'deleteClientConnection',
    scope: 'connection:delete',
    query: `mutation ($input: DeleteClientConnectionInput!) { deleteClientConnection(input: $input) { clientConnection { id } } }`,
    variables: key,
    // REST answers a deletion with nothing.
    pick: () => undefined,
    rest: (target) => ({ method: 'DELETE', url: connectionPath(target) }),
    leaves: ['DELETED'],
    about: 'connection',
  },
]

interface World {
  readonly own: Fixture
  readonly foreign: Fixture
}

interface Case {
  readonly name: string
  readonly token: (world: World, scope: string) => TokenRequest | null
  readonly target: (world: World) => Target
  readonly outcome: (operation: Operation) => string
}

const as = (clientType: string) => (world: World) =>
  writer(world.own.clientId, { clientType, scope: allScopes.join(' ') })
const without = (clientType: string) => (world: World, scope: string) =>
  writer(world.own.clientId, { clientType, scope: allScopes.filter((word) => word !== scope).join(' ') })
const own = ({ own }: World) => own
const foreign = ({ foreign }: World) => foreign
const ok = () => '200'
const notFound = () => '404 Not found'
/** What names a connection that is not there is no concern of what is about the client. */
const unlessAboutClient = (outcome: string) => (operation: Operation) =>
  operation.about === 'client' ? '200' : outcome

const cases: readonly Case[] = [
  { name: 'own client', token: as('MSP'), target: own, outcome: ok },
  { name: 'an admin and its own client', token: as('MITHRIL ADMIN'), target: own, outcome: ok },
  { name: 'an admin and any client', token: as('NHS'), target: foreign, outcome: ok },
  { name: 'no token', token: () => null, target: own, outcome: () => '401 Access denied' },
  { name: 'without the scope', token: without('MSP'), target: own, outcome: () => '403 Invalid scopes' },
  {
    name: 'an admin without the scope',
    token: without('MITHRIL ADMIN'),
    target: foreign,
    outcome: () => '403 Invalid scopes',
  },
  {
    name: 'without the scope, foreign client',
    token: without('MSP'),
    target: foreign,
    // Over GraphQL the list is reached through its client, which is foreign before its list asks for a scope.
    outcome: (operation) => (operation.name === 'listConnections' ? '403' : '403 Invalid scopes'),
  },
  { name: 'foreign client', token: as('MSP'), target: foreign, outcome: () => '403 Forbidden' },
  {
    name: 'an unlisted type and a foreign client',
    token: as('CABINET'),
    target: foreign,
    outcome: () => '403 Forbidden',
  },
  {
    name: 'foreign client, unknown connection',
    token: as('MIS'),
    target: ({ foreign }) => ({ ...foreign, connectionId: randomUUID() }),
    outcome: () => '403 Forbidden',
  },
  {
    name: 'unknown connection',
    token: as('MSP'),
    target: ({ own }) => ({ ...own, connectionId: randomUUID() }),
    outcome: unlessAboutClient('404 Not found'),
  },
  {
    name: 'connection id that is no UUID',
    token: as('MSP'),
    target: ({ own }) => ({ ...own, connectionId: '42' }),
    outcome: unlessAboutClient('404 Not found'),
  },
  {
    name: "another client's connection under the own path",
    token: as('MSP'),
    target: ({ own, foreign }) => ({ ...own, connectionId: foreign.connectionId }),
    outcome: unlessAboutClient('404 Not found'),
  },
  {
    name: 'an admin and an unknown client',
    token: as('NHS'),
    target: ({ own }) => ({ ...own, clientId: randomUUID() }),
    outcome: notFound,
  },
  {
    name: 'an admin and a client id that is no UUID',
    token: as('NHS'),
    target: ({ own }) => ({ ...own, clientId: "x' OR '1'='1" }),
    outcome: notFound,
  },
]

/** `a_b` of REST as `aB` of GraphQL, so that answers can be compared. */
function camelized(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelized)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, of]) => [
      name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()),
      camelized(of),
    ]),
  )
}

interface Observed {
  readonly outcome: string
  readonly data: unknown
}

function observeGraphQL(answer: LightMyRequestResponse, operation: Operation): Observed {
  const { data, errors } = answer.json()
  if (errors) {
    const [{ message, extensions }] = errors
    expect(answer.statusCode).toBe(extensions.status === 401 ? 401 : 200)
    return { outcome: `${extensions.status} ${message}`, data: null }
  }
  const picked = operation.pick(data)
  return picked === null ? { outcome: '404 Not found', data: null } : { outcome: '200', data: picked }
}

function observeRest(answer: LightMyRequestResponse): Observed {
  if (answer.statusCode === 204) return { outcome: '200', data: undefined }
  const { data, error } = answer.json()
  return error
    ? { outcome: `${answer.statusCode} ${error.message}`, data: null }
    : { outcome: String(answer.statusCode), data: camelized(data) }
}

/** Any id of a world's fixture. */
const idsOf = ({ clientId, consumerId, connectionId }: Fixture) =>
  new RegExp(`${clientId}|${consumerId}|${connectionId}`, 'g')

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.close())

describe.each(operations.map((operation) => [operation.name, operation] as const))('%s', (_name, operation) => {
  test.each(cases)('$name', async ({ token, target, outcome }) => {
    const observed: (Observed & { audit: string[]; exists: boolean })[] = []
    for (const door of ['GRAPHQL', 'REST'] as const) {
      const world: World = { own: await gateway.connection(), foreign: await gateway.connection() }
      const request = token(world, operation.scope)
      const at = target(world)
      const subject =
        [world.own, world.foreign].find(({ connectionId }) => connectionId === at.connectionId) ?? world.own
      // The consumer's own connection, whose secret stands for the consumer where that is asked for.
      const apiKey = await gateway.database.insertApiKey(subject.consumerId)
      const sent = request === null ? null : gateway.issuer.mint(request)
      const headers = { 'api-key': apiKey, ...bearer(sent) }
      const answer =
        door === 'GRAPHQL'
          ? await gateway.graphql(operation.query, operation.variables(at), sent, { headers })
          : await gateway.app.inject({ ...operation.rest(at), headers })
      const seen = door === 'GRAPHQL' ? observeGraphQL(answer, operation) : observeRest(answer)
      const audit = await gateway.auditOf(subject.connectionId)
      if (audit[0]) expect(audit[0].door).toBe(door)
      observed.push({
        // Ids and secrets are each world's own.
        outcome: seen.outcome.slice(0, outcome(operation) === '403' ? 3 : undefined),
        data: JSON.parse(
          JSON.stringify(seen.data ?? null)
            .replaceAll(idsOf(world.own), 'own')
            .replaceAll(idsOf(world.foreign), 'foreign')
            .replace(/"clientTypeId":"[^"]+"/, '"clientTypeId":"…"')
            .replace(/"(secret|insertedAt|updatedAt)":"[^"]+"/g, '"$1":"…"'),
        ),
        audit: audit.map(({ kind }) => kind),
        exists: (await gateway.redirectUriOf(subject.connectionId)) !== undefined,
      })
    }
    const [graphql, rest] = observed
    expect(graphql).toEqual(rest)
    expect(rest?.outcome.startsWith(outcome(operation))).toBe(true)
    const done = rest?.outcome === '200'
    expect(rest?.audit).toEqual(done ? operation.leaves : [])
    expect(rest?.exists).toBe(!(done && operation.leaves.includes('DELETED')))
  })
})

describe('listClients', () => {
  const query = `query ($filter: ClientFilter) { clients(first: 100, filter: $filter) { nodes { ${clientFields} } totalCount } }`

  /** The same question through both doors: outcome, clients and total of each. */
  async function both(token: string | null, name: string) {
    const graphql = await gateway.graphql(query, { filter: { nameContains: name } }, token)
    const rest = await gateway.app.inject({
      url: `/api/clients?${new URLSearchParams({ name })}`,
      headers: bearer(token),
    })
    const { data, errors } = graphql.json()
    const list = rest.json()
    return [
      errors
        ? { outcome: `${errors[0].extensions.status} ${errors[0].message}` }
        : { outcome: '200', clients: data.clients.nodes, total: data.clients.totalCount },
      list.error
        ? { outcome: `${rest.statusCode} ${list.error.message}` }
        : { outcome: String(rest.statusCode), clients: camelized(list.data), total: list.paging.total_entries },
    ] as const
  }
  /** REST leaves the name of the type out of lists. */
  const withoutTypeName = (client: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(client).filter(([name]) => name !== 'clientTypeName'))

  test.each([
    ['an admin finds them by name', 'MITHRIL ADMIN', 'client:read', 2],
    ['an own-client type gets its own, whatever the name', 'MSP', 'client:read', 1],
    ['without the scope', 'MITHRIL ADMIN', 'connection:read', null],
    ['no token', null, '', null],
  ] as const)('%s', async (_name, clientType, scope, count) => {
    const name = `parity ${randomUUID()}`
    for (const number of [1, 2]) await gateway.database.insertClient({ type: 'MSP', name: `${name} ${number}` })
    const own = await gateway.database.insertClient({ type: 'MSP', name: 'somebody' })
    const token = clientType === null ? null : gateway.issuer.mint(writer(own, { clientType, scope }))
    const [graphql, rest] = await both(token, name)
    expect({ ...graphql, ...(graphql.clients && { clients: graphql.clients.map(withoutTypeName) }) }).toEqual(rest)
    expect(rest.total).toBe(count ?? undefined)
  })
})
