import SchemaBuilder from '@pothos/core'
import ScopeAuthPlugin, { type AuthFailure, AuthScopeFailureType } from '@pothos/plugin-scope-auth'
import { GatewayError } from '../domain/errors.ts'
import type { Scope } from '../domain/policy.ts'
import type { GraphQLContext } from './context.ts'
import { toGraphQLError } from './errors.ts'

/** The guards that a field can declare. Combine them with `$all`: a plain `{ a, b }` means *any* of them. */
export interface Guards {
  /** The request carried a valid access token. */
  authenticated: boolean
  /** The token carries this scope word. */
  scope: Scope
  /** The caller may act on the client with this id. */
  ownClient: string
}

export interface SchemaTypes {
  Context: GraphQLContext
  AuthScopes: Guards
  Scalars: {
    DateTime: { Input: Date; Output: Date }
    JSON: { Input: unknown; Output: unknown }
    ID: { Input: string; Output: string }
  }
  DefaultFieldNullability: false
  DefaultInputFieldRequiredness: true
}

/** The same, completed by Pothos: what refs of this schema's types are made of. */
export type BuilderTypes = PothosSchemaTypes.ExtendDefaultTypes<SchemaTypes>

export type Builder = ReturnType<typeof createBuilder>

/** Every guard that failed, in the order in which they were asked. */
function failedGuards(failure: AuthFailure): readonly { scope: string; parameter: unknown }[] {
  if (failure.kind === AuthScopeFailureType.AuthScope) return [failure]
  return 'failures' in failure ? failure.failures.flatMap(failedGuards) : []
}

/** The denial in the contract's words and order: token, scope, client. */
function denial({ call }: GraphQLContext, failure: AuthFailure): GatewayError {
  if (call.caller === null) return new GatewayError('accessDenied')
  const missingScopes = failedGuards(failure).flatMap(({ scope, parameter }) =>
    scope === 'scope' ? [String(parameter)] : [],
  )
  return missingScopes.length > 0 ? new GatewayError('invalidScopes', { missingScopes }) : new GatewayError('forbidden')
}

/**
 * A schema builder with scope-auth as the outer lock. Its guards ask the same policy that the operations ask
 * themselves: two locks, one key. `treatErrorsAsUnauthorized` stays off, so that an outage is never reported as a
 * denial.
 */
export function createBuilder() {
  return new SchemaBuilder<SchemaTypes>({
    plugins: [ScopeAuthPlugin],
    defaultFieldNullability: false,
    defaultInputFieldRequiredness: true,
    scopeAuth: {
      authScopes: ({ call, policy }) => ({
        authenticated: call.caller !== null,
        scope: (scope) => call.caller !== null && policy.hasScope(call.caller, scope),
        ownClient: (clientId) => call.caller !== null && policy.mayAccessClient(call.caller, clientId),
      }),
      unauthorizedError: (_parent, context, _info, { failure }) => {
        const error = denial(context, failure)
        context.onError(error)
        return toGraphQLError(error)
      },
    },
  })
}
