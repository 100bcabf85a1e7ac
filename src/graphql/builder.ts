import SchemaBuilder from '@pothos/core'
import ScopeAuthPlugin from '@pothos/plugin-scope-auth'
import type { GraphQLContext } from './context.ts'
import { refusalsPlugin, writesPlugin } from './operation-plugins.ts'
import { loadGuards, type PermitRequest } from './permit-guard.ts'

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

/** The same, completed by Pothos: refs of this schema's types are made of it. */
export type BuilderTypes = PothosSchemaTypes.ExtendDefaultTypes<SchemaTypes>

export type Builder = ReturnType<typeof createBuilder>

/**
 * A schema builder with scope-auth as the outer lock. Its one guard asks for the permit without which the operation,
 * the inner lock, does not run: two locks, one key. `treatErrorsAsUnauthorized` stays off, so that an outage is never
 * reported as a denial.
 */
export function createBuilder() {
  return new SchemaBuilder<SchemaTypes>({
    plugins: [refusalsPlugin, ScopeAuthPlugin, writesPlugin],
    defaultFieldNullability: false,
    defaultInputFieldRequiredness: true,
    scopeAuth: { authScopes: loadGuards },
  })
}
