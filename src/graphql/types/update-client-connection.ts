import type { Connection } from '../../domain/connection.ts'
import { requiredScope } from '../../domain/policy.ts'
import type { Builder } from '../builder.ts'
import { settle } from '../errors.ts'
import type { ClientConnectionRef } from './client-connection.ts'

/** `Mutation.updateClientConnection`: the operation, as a field. */
export function addUpdateClientConnection(builder: Builder, ClientConnection: ClientConnectionRef): void {
  const Input = builder.inputType('UpdateClientConnectionInput', {
    description: 'What to change. Only the redirect URI of a connection can be changed. Needs the scope `connection:write`.',
    fields: (t) => ({
      clientId: t.id({
        description: 'UUID of the client. Needs `connection:write`, and to be the own client unless the caller is of an admin type.',
      }),
      connectionId: t.id({ description: 'UUID of the connection; it must belong to that client. Needs `connection:write`.' }),
      redirectUri: t.string({
        description:
          'The new redirect URI: `https://` and at most 255 characters, no fragment, no user info, a public host name. Stored byte for byte as sent. Needs `connection:write`.',
      }),
    }),
  })

  const Payload = builder.objectRef<{ readonly clientConnection: Connection }>('UpdateClientConnectionPayload').implement({
    description: 'What the change led to. Needs the scope `connection:write`.',
    fields: (t) => ({
      clientConnection: t.expose('clientConnection', {
        type: ClientConnection,
        description: 'The connection as it is now, without its secret. Needs no scope beyond `connection:write`.',
      }),
    }),
  })

  builder.mutationField('updateClientConnection', (t) =>
    t.field({
      type: Payload,
      description:
        'Changes the redirect URI of a client\'s connection; it counts at once for the next sign-in. Needs the scope `connection:write`; a caller of an own-client type (MSP, MIS, PHARMACY and every type that is not an admin type) changes its own client only. Refusals, in this order: `UNAUTHENTICATED`, `FORBIDDEN` "Invalid scopes", `FORBIDDEN` "Forbidden", `UNPROCESSABLE_ENTITY` with every violation, `NOT_FOUND`. The same value again is not an error and writes nothing. Every change is recorded with its caller.',
      args: { input: t.arg({ type: Input, description: 'Which connection, and its new redirect URI. Needs `connection:write`.' }) },
      authScopes: (_parent, { input }) => ({ $all: { scope: requiredScope.updateConnection, ownClient: input.clientId } }),
      resolve: (_parent, { input: { clientId, connectionId, redirectUri } }, context) =>
        settle(context, async () => ({
          clientConnection: await context.operations.updateClientConnection(context.call, {
            clientId,
            connectionId,
            document: { redirect_uri: redirectUri },
          }),
        })),
    }),
  )
}
