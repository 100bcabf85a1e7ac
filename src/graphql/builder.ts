import SchemaBuilder from '@pothos/core'
import ScopeAuthPlugin from '@pothos/plugin-scope-auth'
import type { GraphQLContext } from './context.ts'
import { refusalsPlugin, writesPlugin } from './operation-plugins.ts'
import { guardsOf, type PermitRequest } from './permit-guard.ts'

export interface SchemaTypes {
  Context: GraphQLContext
  /** One guard: the permit of an operation (`permitted`). */
  AuthScopes: { permit: PermitRequest }
  Scalars: {
    DateTime: { Input: Date; Output: Date }
    JSON: { Input: unknown; Output: unknown }
    ID: { Input: string; Output: string }
  }
  DefaultFieldNullability: false
  DefaultInputFieldRequiredness: true
}

/** `SchemaTypes` with Pothos' defaults. The refs of this schema's types use it. */
export type BuilderTypes = PothosSchemaTypes.ExtendDefaultTypes<SchemaTypes>

export type Builder = ReturnType<typeof createBuilder>

/**
 * Makes a schema builder with scope-auth as the outer lock. Its one guard asks for the permit of an operation. The
 * operation is the inner lock: it does not run without that permit. `treatErrorsAsUnauthorized` stays off, so that an
 * outage is never reported as a denial.
 */
export function createBuilder() {
  return new SchemaBuilder<SchemaTypes>({
    plugins: [refusalsPlugin, ScopeAuthPlugin, writesPlugin],
    defaultFieldNullability: false,
    defaultInputFieldRequiredness: true,
    scopeAuth: { authScopes: guardsOf },
  })
}
