import type { Connection } from '../../domain/connection.ts'
import type { Builder } from '../builder.ts'

export type ClientConnectionRef = ReturnType<typeof addClientConnection>

/** `type ClientConnection`: an allow-list of fields over a domain type that has no secret. */
export function addClientConnection(builder: Builder) {
  return builder.objectRef<Connection>('ClientConnection').implement({
    description:
      "A connection of an OAuth client: the consumer's way into the client, and where sign-in returns to. Reached with the scope `connection:read`, or `connection:write` as the result of a change.",
    fields: (t) => ({
      id: t.exposeID('id', { description: 'UUID of the connection. No scope beyond that of the field it was reached by.' }),
      clientId: t.exposeID('clientId', { description: 'UUID of the client that the connection belongs to. No further scope.' }),
      consumerId: t.exposeID('consumerId', {
        description: 'UUID of the client that uses the connection, usually a medical information system. No further scope.',
      }),
      redirectUri: t.exposeString('redirectUri', {
        description:
          'Where the authorization server sends the user after sign-in, byte for byte as it was stored. Old connections may hold an `http:` value. No further scope.',
      }),
      insertedAt: t.expose('insertedAt', { type: 'DateTime', description: 'When the connection was made, UTC. No further scope.' }),
      updatedAt: t.expose('updatedAt', {
        type: 'DateTime',
        description: 'When the connection was last changed, UTC. Storing the same value again does not move it. No further scope.',
      }),
    }),
  })
}
