import type { ClientReference } from '../../domain/client.ts'
import type { Connection } from '../../domain/connection.ts'
import { requiredScope } from '../../domain/policy.ts'
import type { Builder } from '../builder.ts'
import { settle } from '../errors.ts'
import type { ConnectionChangeRef } from './connection-change.ts'
import { addPage, type PageInfoRef, selects } from './page.ts'

export type ClientConnectionRef = ReturnType<typeof addClientConnection>

/** `type ClientConnection`: an allow-list of fields over a domain type that has no secret. */
export function addClientConnection(builder: Builder, PageInfo: PageInfoRef, ConnectionChange: ConnectionChangeRef) {
  const Reference = builder.objectRef<ClientReference>('ClientReference').implement({
    description: 'The client at one end of a connection. Needs the scope `connection:read`.',
    fields: (t) => ({
      id: t.exposeID('id', { description: 'UUID of the client. No further scope.' }),
      name: t.exposeString('name', { nullable: true, description: 'Its name, if it has one. No further scope.' }),
    }),
  })
  const ChangePage = addPage(builder, PageInfo, 'ConnectionChange', ConnectionChange)
  const readable = ({ clientId }: Connection) => ({
    $all: { scope: requiredScope.readConnection, ownClient: clientId },
  })

  return builder.objectRef<Connection>('ClientConnection').implement({
    description:
      "A connection of an OAuth client: the consumer's way into the client, and where sign-in returns to. Reached with the scope `connection:read`, or as the result of a change under that change's scope.",
    fields: (t) => ({
      id: t.exposeID('id', {
        description: 'UUID of the connection. No scope beyond that of the field it was reached by.',
      }),
      clientId: t.exposeID('clientId', {
        description: 'UUID of the client that the connection belongs to. No further scope.',
      }),
      consumerId: t.exposeID('consumerId', {
        description:
          'UUID of the client that uses the connection, usually a medical information system. No further scope.',
      }),
      redirectUri: t.exposeString('redirectUri', {
        description:
          'Where the authorization server sends the user after sign-in, byte for byte as it was stored. Old connections may hold an `http:` value. No further scope.',
      }),
      version: t.exposeInt('version', {
        description:
          'Grows with every write to the connection, by whomever: what `expectedVersion` is compared with. No further scope.',
      }),
      insertedAt: t.expose('insertedAt', {
        type: 'DateTime',
        description: 'When the connection was made, UTC. No further scope.',
      }),
      updatedAt: t.expose('updatedAt', {
        type: 'DateTime',
        description:
          'When the connection was last changed, UTC. Storing the same value again does not move it. No further scope.',
      }),
      client: t.field({
        type: Reference,
        nullable: true,
        description:
          'The client that the connection belongs to. Needs the scope `connection:read`; own client only, unless an admin type.',
        authScopes: readable,
        resolve: ({ clientId }, _args, context) => settle(context, () => context.loaders.referenceOf(clientId)),
      }),
      consumer: t.field({
        type: Reference,
        nullable: true,
        description:
          'The client that uses the connection. Needs the scope `connection:read`; own client only, unless an admin type.',
        authScopes: readable,
        resolve: ({ consumerId }, _args, context) => settle(context, () => context.loaders.referenceOf(consumerId)),
      }),
      lastChange: t.field({
        type: ConnectionChange,
        nullable: true,
        description:
          'The latest change of the connection; null if there is none on record. Needs the scope `connection:read`; own client only, unless an admin type.',
        authScopes: readable,
        resolve: (connection, _args, context) => settle(context, () => context.loaders.latestChangeOf(connection)),
      }),
      changes: t.field({
        type: ChangePage,
        description:
          'The history of the connection, newest first. Needs the scope `connection:read`; own client only, unless an admin type.',
        args: {
          first: t.arg.int({
            required: false,
            defaultValue: 20,
            description: 'How many, from 1 to 100. Needs `connection:read`.',
          }),
          after: t.arg.string({ required: false, description: 'Begin after this cursor. Needs `connection:read`.' }),
        },
        authScopes: readable,
        resolve: (connection, args, context, info) =>
          settle(context, () =>
            context.loaders.changesOf(connection, { ...args, withTotal: selects(info, 'totalCount') }),
          ),
      }),
    }),
  })
}
