import SchemaBuilder from '@pothos/core'
import ScopeAuthPlugin from '@pothos/plugin-scope-auth'
import { execute, parse } from 'graphql'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Call } from '../../src/domain/call.ts'
import type { Caller } from '../../src/domain/caller.ts'
import type { ClientStore } from '../../src/domain/client.ts'
import type { ConnectionStore } from '../../src/domain/connection.ts'
import type { ConnectionHistory } from '../../src/domain/connection-change.ts'
import { GatewayError } from '../../src/domain/errors.ts'
import type { OperationName } from '../../src/domain/operation-rules.ts'
import { createOperations } from '../../src/domain/operations.ts'
import { emptyPage } from '../../src/domain/page.ts'
import { createPermits, type Permit, type Permits } from '../../src/domain/permit.ts'
import { createPolicy } from '../../src/domain/policy.ts'
import { createRedirectUriParser } from '../../src/domain/redirect-uri-parser.ts'
import type { GraphQLContext } from '../../src/graphql/context.ts'
import { RequestLoaders } from '../../src/graphql/loaders.ts'
import { RequestPermits } from '../../src/graphql/permit-guard.ts'
import { createSchema } from '../../src/graphql/schema.ts'

// Two locks, one key: the guard asks for the permit, and `run` takes nothing else. Each lock is tried with the other
// one open, so the store must not be reached by either.
const reached: string[] = []
const reach = async (what: string) => {
  reached.push(what)
  return { kind: 'missing' } as const
}
const connections: ConnectionStore = {
  find: async () => (await reach('find')) && null,
  pagesOf: async () => (await reach('pages')) && [],
  pageOfConsumer: async (_id, _filter, page) => (await reach('consumer')) && emptyPage(page),
  updateRedirectUri: () => reach('update'),
  replaceSecret: () => reach('refresh'),
  delete: () => reach('delete'),
  clientOfSecret: async () => (await reach('secret')) && null,
}
const clients: ClientStore = {
  find: async () => (await reach('client')) && null,
  page: async (_filter, _order, page) => (await reach('clients')) && emptyPage(page),
  references: async () => (await reach('references')) && [],
}
const history: ConnectionHistory = {
  find: async () => (await reach('change')) && null,
  latest: async () => (await reach('latest')) && [],
  pagesOf: async () => (await reach('changes')) && [],
  pageOfClient: async (_clientId, _filter, page) => (await reach('client changes')) && emptyPage(page),
}
beforeEach(() => {
  reached.length = 0
})

const policy = createPolicy({ adminClientTypes: ['MITHRIL ADMIN'] })
const key = createPermits({ policy, writeLimit: null })

/** An inner lock that is open: whatever it is given counts as a permit. */
const open: Permits = { give: key.give, confirm: (permit) => permit }

const own = '10000000-0000-4000-8000-000000000001'
const foreign = '10000000-0000-4000-8000-000000000002'
const connectionId = '20000000-0000-4000-8000-000000000001'
const msp = (...scopes: string[]): Caller => ({ clientId: own, clientType: 'MSP', scopes, userId: null })

/**
 * Every operation that names a client: its document, its scope, and what of the stores it reaches first when nothing
 * stops it.
 */
const operations = [
  ['client', 'client:read', `query ($clientId: ID!) { client(id: $clientId) { name } }`, 'client', undefined],
  [
    'clientConnection',
    'connection:read',
    `query ($clientId: ID!) { clientConnection(clientId: $clientId, connectionId: "${connectionId}") { id } }`,
    'find',
    undefined,
  ],
  [
    'redirectUriCheck',
    'connection:write',
    `query ($clientId: ID!) { redirectUriCheck(clientId: $clientId, connectionId: "${connectionId}", redirectUri: "https://after.example.ua/") { valid } }`,
    'find',
    '404 Not found',
  ],
  [
    'updateClientConnection',
    'connection:write',
    mutation('updateClientConnection', 'redirectUri: "https://after.example.ua/"'),
    'update',
    '404 Not found',
  ],
  [
    'revertClientConnection',
    'connection:write',
    mutation('revertClientConnection', 'changeId: "1"'),
    'change',
    '404 Not found',
  ],
  [
    'refreshClientConnectionSecret',
    'connection:refresh_secret',
    mutation('refreshClientConnectionSecret', ''),
    'find',
    '404 Not found',
  ],
  ['deleteClientConnection', 'connection:delete', mutation('deleteClientConnection', ''), 'delete', '404 Not found'],
] as const

function mutation(name: string, more: string): string {
  return `mutation ($clientId: ID!) { ${name}(input: { clientId: $clientId, connectionId: "${connectionId}" ${more} }) { clientConnection { id } } }`
}

const callOf = (caller: Caller | null): Call => {
  const call: Call = { caller, door: 'GRAPHQL', requestId: 'r', confirmed: () => call }
  return call
}

const operationsWith = (permits: Permits) =>
  createOperations({
    policy,
    permits,
    parseRedirectUri: createRedirectUriParser('strict'),
    onChange: () => {},
    clients,
    connections,
    history,
    events: null,
  })

interface Locks {
  /** false: the schema has no guards. */
  readonly outer: boolean
  /** What `run` of the operations asks. */
  readonly inner: Permits
}

async function run(document: string, { outer, inner }: Locks, caller: Caller | null, clientId: string) {
  const call = callOf(caller)
  const wired = operationsWith(inner)
  const permits = new RequestPermits(wired, call, () => {})
  if (!outer) permits.of = () => ({ ...unproven, clientId, connectionId })
  const contextValue: GraphQLContext = {
    call,
    apiKey: null,
    policy,
    operations: wired,
    permits,
    loaders: new RequestLoaders(wired),
    language: () => null,
    onErrors: () => {},
    onError: () => {},
  }
  const schema = createSchema({ withGuards: outer })
  const result = await execute({ schema, document: parse(document), variableValues: { clientId }, contextValue })
  return result.errors?.map(({ message, extensions }) => `${extensions['status']} ${message}`)[0]
}

/** An object of a permit's shape that the policy has not given. */
const unproven: Permit = {
  operation: 'updateClientConnection',
  clientId: own,
  connectionId,
  subscriptionId: '',
  caller: { clientId: own, clientType: 'MITHRIL ADMIN', scopes: [], userId: null },
  door: 'GRAPHQL',
  requestId: 'r',
  allowance: null,
}

describe.each(operations)('%s', (_name, scope, document, reaches, nothingThere) => {
  const cases = [
    ['no caller', null, own, '401 Access denied'],
    ['no scope', msp('another:scope'), own, '403 Invalid scopes'],
    ['no scope and a foreign client', msp(), foreign, '403 Invalid scopes'],
    ['a foreign client', msp(scope), foreign, '403 Forbidden'],
  ] as const

  test.each(cases)('the outer lock holds alone against %s', async (_case, caller, clientId, refusal) => {
    expect(await run(document, { outer: true, inner: open }, caller, clientId)).toBe(refusal)
    expect(reached).toEqual([])
  })

  test('the inner lock holds alone: without a guard nothing runs, not even for a caller that may', async () => {
    expect(await run(document, { outer: false, inner: key }, msp(scope), own)).toBe('500 Internal server error')
    expect(reached).toEqual([])
  })

  test('the policy refuses a caller of unknown status after everything else', async () => {
    const caller = { ...msp(scope), statusUnknown: new GatewayError('unavailable') }
    const locks = { outer: true, inner: key }
    expect(await run(document, locks, caller, own)).toBe('503 Service temporarily unavailable')
    expect(await run(document, locks, caller, foreign)).toBe('403 Forbidden')
    expect(await run(document, locks, { ...caller, scopes: [] }, own)).toBe('403 Invalid scopes')
    expect(reached).toEqual([])
  })

  test('a caller with the right permit passes both locks', async () => {
    expect(await run(document, { outer: true, inner: key }, msp(scope), own)).toBe(nothingThere)
    expect(reached).toEqual([reaches])
  })

  test('with both locks open the stores are reached, so the tests above can fail', async () => {
    expect(await run(document, { outer: false, inner: open }, msp(), own)).toBe(nothingThere)
    expect(reached).toEqual([reaches])
  })
})

describe('a permit', () => {
  const subject = { clientId: own, connectionId }
  const wired = operationsWith(key)
  const give = (operation: OperationName) =>
    key.give(callOf(msp('connection:write', 'connection:delete')), operation, subject)

  test('a permit opens its own operation only', async () => {
    const permit = await give('updateClientConnection')
    await expect(wired.deleteClientConnection.run(permit, { expectedVersions: null })).rejects.toThrow(
      'Internal server error',
    )
    expect(reached).toEqual([])
  })

  test.each([
    ['a copy of its members', async () => ({ ...(await give('deleteClientConnection')) })],
    [
      'an object with its prototype',
      async () => Object.create(Object.getPrototypeOf(await give('deleteClientConnection'))),
    ],
    [
      'a permit of another maker',
      () =>
        createPermits({ policy, writeLimit: null }).give(
          callOf(msp('connection:delete')),
          'deleteClientConnection',
          subject,
        ),
    ],
    ['nothing', async () => undefined],
  ])('is not replaced by %s', async (_what, forge) => {
    const forged: Permit = await forge()
    await expect(wired.deleteClientConnection.run(forged, { expectedVersions: null })).rejects.toThrow(
      'Internal server error',
    )
    expect(reached).toEqual([])
  })

  test('a permit of one client does not open the history or the names of another one', async () => {
    const call = callOf(msp('connection:read'))
    const connection = { id: connectionId, clientId: foreign, consumerId: own }
    const changes = await wired.listConnectionChanges.permit(call, { clientId: own })
    const latest = await wired.readLatestChange.permit(call, { clientId: own })
    const client = await wired.readConnectionClient.permit(call, { clientId: own })
    const page = { by: 'cursor', withTotal: false } as const
    await expect(wired.listConnectionChanges.run([{ permit: changes, connection }], page)).rejects.toThrow('Forbidden')
    await expect(wired.readLatestChange.run([{ permit: latest, connection }])).rejects.toThrow('Forbidden')
    await expect(wired.readConnectionClient.run([{ permit: client, connection, end: 'consumer' }])).rejects.toThrow(
      'Forbidden',
    )
    expect(() => wired.readConnectionClient.permit(call, { clientId: foreign })).toThrow('Forbidden')
    expect(reached).toEqual([])
  })

  test('a permit is asked for again once its caller has changed', async () => {
    const blocked = callOf({ ...msp('connection:delete'), statusUnknown: new GatewayError('unavailable') })
    const call: Call = { ...callOf(msp('connection:delete')), confirmed: async () => blocked }
    const permit = await key.give(call, 'deleteClientConnection', subject)
    await expect(wired.deleteClientConnection.run(permit, { expectedVersions: null })).rejects.toThrow('unavailable')
    expect(reached).toEqual([])
  })

  test('a permit holds the ids in lower case', async () => {
    const caller = { ...msp('connection:write'), clientType: 'MITHRIL ADMIN' }
    const upper = { clientId: foreign.toUpperCase(), connectionId: 'ABCDEF00-0000-4000-8000-000000000001' }
    expect(await key.give(callOf(caller), 'updateClientConnection', upper)).toMatchObject({
      clientId: foreign,
      connectionId: 'abcdef00-0000-4000-8000-000000000001',
    })
  })
})

test('a scope function that could return undefined does not compile', () => {
  const builder = () =>
    new SchemaBuilder<{ Context: GraphQLContext; AuthScopes: { scope: string } }>({
      plugins: [ScopeAuthPlugin],
      scopeAuth: {
        authScopes: () => ({
          // @ts-expect-error undefined would answer an error and then end the process by an unhandled rejection
          scope: (scope) => (scope === 'a' ? true : undefined),
        }),
      },
    })
  expect(builder).toBeTypeOf('function')
})
