import SchemaBuilder from '@pothos/core'
import ScopeAuthPlugin from '@pothos/plugin-scope-auth'
import { execute, parse } from 'graphql'
import { beforeEach, expect, test } from 'vitest'
import type { Caller } from '../../src/domain/caller.ts'
import type { ConnectionStore } from '../../src/domain/connection.ts'
import { createConnectionUpdateParser } from '../../src/domain/connection-update.ts'
import { createOperations } from '../../src/domain/operations.ts'
import { createPolicy, type Policy } from '../../src/domain/policy.ts'
import type { GraphQLContext } from '../../src/graphql/context.ts'
import { createSchema } from '../../src/graphql/schema.ts'

// Two locks, one key. Here each lock is tried with the other one open, so the store must not be reached by either.
const reached: string[] = []
const store: ConnectionStore = {
  find: async () => {
    reached.push('find')
    return null
  },
  updateRedirectUri: async () => {
    reached.push('update')
    return null
  },
}
beforeEach(() => {
  reached.length = 0
})

const key = createPolicy({ adminClientTypes: ['MITHRIL ADMIN'] })
const open: Policy = {
  hasScope: () => true,
  mayAccessClient: () => true,
  authorize: (call) => ({ ...call, caller: call.caller ?? nobody }),
}
const nobody: Caller = { clientId: 'nobody', clientType: 'NONE', scopes: [], userId: null }

const own = '10000000-0000-4000-8000-000000000001'
const foreign = '10000000-0000-4000-8000-000000000002'
const connectionId = '20000000-0000-4000-8000-000000000001'
const msp = (...scopes: string[]): Caller => ({ clientId: own, clientType: 'MSP', scopes, userId: null })

const document = parse(/* GraphQL */ `
  mutation ($clientId: ID!) {
    updateClientConnection(input: { clientId: $clientId, connectionId: "${connectionId}", redirectUri: "https://after.example.ua/" }) {
      clientConnection { id }
    }
  }
`)

async function run(withGuards: boolean, guards: Policy, operation: Policy, caller: Caller | null, clientId: string) {
  const contextValue: GraphQLContext = {
    call: { caller, door: 'GRAPHQL', requestId: 'r' },
    policy: guards,
    operations: createOperations({ policy: operation, parseConnectionUpdate: createConnectionUpdateParser('strict'), connections: store }),
    onOperation: () => {},
    onError: () => {},
  }
  const result = await execute({ schema: createSchema({ withGuards }), document, variableValues: { clientId }, contextValue })
  return result.errors?.map(({ message, extensions }) => `${extensions['status']} ${message}`)
}

const cases: readonly (readonly [string, Caller | null, string, string])[] = [
  ['no caller', null, own, '401 Access denied'],
  ['no scope', msp('connection:read'), own, '403 Invalid scopes'],
  ['no scope and a foreign client', msp(), foreign, '403 Invalid scopes'],
  ['a foreign client', msp('connection:write'), foreign, '403 Forbidden'],
]

test.each(cases)('the inner lock holds alone: %s', async (_name, caller, clientId, refusal) => {
  expect(await run(false, open, key, caller, clientId)).toEqual([refusal])
  expect(reached).toEqual([])
})

test.each(cases)('the outer lock holds alone: %s', async (_name, caller, clientId, refusal) => {
  expect(await run(true, key, open, caller, clientId)).toEqual([refusal])
  expect(reached).toEqual([])
})

test('with the key both locks open', async () => {
  expect(await run(true, key, key, msp('connection:write'), own)).toEqual(['404 Not found'])
  expect(reached).toEqual(['update'])
})

test('with both locks open the store is reached, so the tests above can fail', async () => {
  expect(await run(false, open, open, msp(), foreign)).toEqual(['404 Not found'])
  expect(reached).toEqual(['update'])
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
