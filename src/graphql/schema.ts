import type { GraphQLSchema } from 'graphql'
import { DateTimeResolver } from 'graphql-scalars'
import { createBuilder } from './builder.ts'
import { addClientConnection } from './types/client-connection.ts'
import { addReadClientConnection } from './types/read-client-connection.ts'
import { addUpdateClientConnection } from './types/update-client-connection.ts'
import { addViewer } from './types/viewer.ts'

/**
 * The schema of the GraphQL door. It holds no state and knows no database: operations and policy come in with each
 * request's context. `schema.graphql` beside this file is its printed form (`npm run codegen`).
 * @param options.withGuards false leaves scope-auth out, for the test that shows the inner lock holding alone
 */
export function createSchema({ withGuards = true }: { readonly withGuards?: boolean } = {}): GraphQLSchema {
  const builder = createBuilder()
  builder.addScalarType('DateTime', DateTimeResolver)
  builder.queryType({ description: 'What can be read. Every field names the scope it needs.' })
  builder.mutationType({ description: 'What can be changed. Every field names the scope it needs.' })
  const ClientConnection = addClientConnection(builder)
  addViewer(builder)
  addReadClientConnection(builder, ClientConnection)
  addUpdateClientConnection(builder, ClientConnection)
  return builder.toSchema({ disableScopeAuth: !withGuards })
}
