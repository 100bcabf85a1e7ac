import type { GraphQLSchema } from 'graphql'
import { DateTimeResolver, JSONResolver } from 'graphql-scalars'
import { createBuilder } from './builder.ts'
import { addClients } from './types/client.ts'
import { addChangePage, addClientConnection, addConnectionPage } from './types/client-connection.ts'
import { addChangeKind, addConnectionChange } from './types/connection-change.ts'
import { addConnectionMutations } from './types/connection-mutations.ts'
import { addConnectionQueries } from './types/connection-queries.ts'
import { addConsumerConnections } from './types/consumer-connections.ts'
import { addEventMutations } from './types/event-mutations.ts'
import { addEventQueries, addEventSubscription } from './types/event-subscription.ts'
import { addPageInfo } from './types/page.ts'
import { addViewer } from './types/viewer.ts'

/**
 * Makes the schema of the GraphQL door. It has no state: the context of each request holds the operations and the
 * policy. `npm run codegen` prints it into `schema.graphql`.
 * @param options.withGuards false omits scope-auth, for the test of the inner lock alone
 */
export function createSchema({ withGuards = true }: { readonly withGuards?: boolean } = {}): GraphQLSchema {
  const builder = createBuilder()
  builder.addScalarType('DateTime', DateTimeResolver)
  builder.addScalarType('JSON', JSONResolver)
  builder.queryType({ description: 'What can be read. Every field names the scope it needs.' })
  builder.mutationType({ description: 'What can be changed. Every field names the scope it needs.' })
  const PageInfo = addPageInfo(builder)
  const ChangeKind = addChangeKind(builder)
  const ConnectionChange = addConnectionChange(builder, ChangeKind)
  const ChangePage = addChangePage(builder, PageInfo, ConnectionChange)
  const ClientConnection = addClientConnection(builder, ConnectionChange, ChangePage)
  const ConnectionPage = addConnectionPage(builder, PageInfo, ClientConnection)
  addViewer(builder)
  addClients(builder, { PageInfo, ConnectionPage, ChangePage, ChangeKind })
  addConnectionQueries(builder, ClientConnection)
  addConsumerConnections(builder, ConnectionPage)
  addConnectionMutations(builder, ClientConnection)
  const { EventSubscription, enums } = addEventSubscription(builder, { PageInfo, ChangeKind })
  addEventQueries(builder, PageInfo, EventSubscription)
  addEventMutations(builder, { EventSubscription, enums, ChangeKind })
  return builder.toSchema({ disableScopeAuth: !withGuards })
}
