import { requiredScope } from '../../domain/policy.ts'
import type { Builder } from '../builder.ts'
import { settle } from '../errors.ts'
import type { ClientConnectionRef } from './client-connection.ts'

/** `Query.clientConnection`. */
export function addReadClientConnection(builder: Builder, ClientConnection: ClientConnectionRef): void {
  builder.queryField('clientConnection', (t) =>
    t.field({
      type: ClientConnection,
      nullable: true,
      description:
        'One connection of a client, or null when that client has no such connection. Needs the scope `connection:read`; a caller of an own-client type (MSP, MIS, PHARMACY and every type that is not an admin type) reads its own client only.',
      args: {
        clientId: t.arg.id({
          description: 'UUID of the client. Needs `connection:read`, and to be the own client unless the caller is of an admin type.',
        }),
        connectionId: t.arg.id({ description: 'UUID of the connection; it must belong to that client. Needs `connection:read`.' }),
      },
      authScopes: (_parent, { clientId }) => ({ $all: { scope: requiredScope.readConnection, ownClient: clientId } }),
      resolve: (_parent, input, context) => settle(context, () => context.operations.readClientConnection(context.call, input)),
    }),
  )
}
