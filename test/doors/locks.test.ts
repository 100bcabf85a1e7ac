import SchemaBuilder from '@pothos/core'
import ScopeAuthPlugin from '@pothos/plugin-scope-auth'
import { execute, parse } from 'graphql'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Call, Caller } from '../../src/domain/caller.ts'
import type { ClientStore } from '../../src/domain/client.ts'
import type { ConnectionHistory, ConnectionStore } from '../../src/domain/connection.ts'
import { GatewayError } from '../../src/domain/errors.ts'
import { createOperations } from '../../src/domain/operations.ts'
import { emptyPage } from '../../src/domain/page.ts'
import { createPolicy, type Policy } from '../../src/domain/policy.ts'
import { createConnectionUpdateParser } from '../../src/domain/update-request-schema.ts'
import type { GraphQLContext } from '../../src/graphql/context.ts'
import { createLoaders } from '../../src/graphql/loaders.ts'
import { createSchema } from '../../src/graphql/schema.ts'

// Two locks, one key. Here each lock is tried with the other one open, so the store must not be reached by either.
const reached: string[] = []
const reach = async (what: string) => {
  reached.push(what)
  return { kind: 'missing' } as const
}
const connections: ConnectionStore = {
  find: async () => (await reach('find')) && null,
  pagesOf: async () => (await reach('pages')) && [],
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

const key = createPolicy({ adminClientTypes: ['MITHRIL ADMIN'] })
const open: Policy = {
  hasScope: () => true,
  mayAccessClient: () => true,
  seesAllClients: () => true,
  authorizeCaller: (call) => ({ ...call, caller: call.caller ?? nobody }),
  authorizeScope: (call) => ({ ...call, caller: call.caller ?? nobody }),
  authorize: (call) => ({ ...call, caller: call.caller ?? nobody }),
}
const nobody: Caller = { clientId: 'nobody', clientType: 'NONE', scopes: [], userId: null }

const own = '10000000-0000-4000-8000-000000000001'
const foreign = '10000000-0000-4000-8000-000000000002'
const connectionId = '20000000-0000-4000-8000-000000000001'
const msp = (...scopes: string[]): Caller => ({ clientId: own, clientType: 'MSP', scopes, userId: null })

/**
 * Every operation that names a client: its document, its scope, and what of the stores it reaches first when nothing
 * stops it.
 */
const operations = [
  ['client', 'client:read', `query ($clientId: ID!) { client(id: $clientId) { id } }`, 'client', undefined],
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

async function run(
  document: string,
  withGuards: boolean,
  guards: Policy,
  operation: Policy,
  caller: Caller | null,
  clientId: string,
) {
  const call: Call = { caller, door: 'GRAPHQL', requestId: 'r', apiKey: null }
  const stores = { clients, connections, history }
  const wired = createOperations({
    policy: operation,
    writeLimit: null,
    parseConnectionUpdate: createConnectionUpdateParser('strict'),
    ...stores,
  })
  const contextValue: GraphQLContext = {
    call,
    policy: guards,
    operations: wired,
    loaders: createLoaders(wired, call),
    onOperation: () => {},
    onRequestError: () => {},
    onError: () => {},
  }
  const schema = createSchema({ withGuards })
  const result = await execute({ schema, document: parse(document), variableValues: { clientId }, contextValue })
  return result.errors?.map(({ message, extensions }) => `${extensions['status']} ${message}`)[0]
}

describe.each(operations)('%s', (_name, scope, document, reaches, nothingThere) => {
  const cases = [
    ['no caller', null, own, '401 Access denied'],
    ['no scope', msp('another:scope'), own, '403 Invalid scopes'],
    ['no scope and a foreign client', msp(), foreign, '403 Invalid scopes'],
    ['a foreign client', msp(scope), foreign, '403 Forbidden'],
  ] as const

  test.each(cases)('the inner lock holds alone: %s', async (_case, caller, clientId, refusal) => {
    expect(await run(document, false, open, key, caller, clientId)).toBe(refusal)
    expect(reached).toEqual([])
  })

  test('nobody acts in doubt, not even through an open outer lock', async () => {
    const caller = { ...msp(scope), doubt: new GatewayError('unavailable') }
    expect(await run(document, false, open, key, caller, own)).toBe('503 Service temporarily unavailable')
    expect(await run(document, true, key, key, caller, own)).toBe('503 Service temporarily unavailable')
    expect(await run(document, false, open, key, caller, foreign)).toBe('403 Forbidden')
    expect(await run(document, false, open, key, { ...caller, scopes: [] }, own)).toBe('403 Invalid scopes')
    expect(reached).toEqual([])
  })

  test.each(cases)('the outer lock holds alone: %s', async (_case, caller, clientId, refusal) => {
    expect(await run(document, true, key, open, caller, clientId)).toBe(refusal)
    expect(reached).toEqual([])
  })

  test('with the key both locks open', async () => {
    expect(await run(document, true, key, key, msp(scope), own)).toBe(nothingThere)
    expect(reached).toEqual([reaches])
  })

  test('with both locks open the stores are reached, so the tests above can fail', async () => {
    expect(await run(document, false, open, open, msp(), foreign)).toBe(nothingThere)
    expect(reached).toEqual([reaches])
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
