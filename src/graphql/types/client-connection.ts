import type { ClientReference } from '../../domain/client.ts'
import type { Connection } from '../../domain/connection.ts'
import type { CursorArguments } from '../../domain/list-arguments.ts'
import type { Builder } from '../builder.ts'
import { permitted } from '../permit-guard.ts'
import { prose } from '../prose.ts'
import type { ConnectionChangeRef } from './connection-change.ts'
import { addPage, type PageInfoRef } from './page.ts'
import { selects } from './selection.ts'

export type ClientConnectionRef = ReturnType<typeof addClientConnection>
export type ConnectionPageRef = ReturnType<typeof addConnectionPage>
export type ChangePageRef = ReturnType<typeof addChangePage>

/** `ConnectionChangePage`, for the history of one connection and of a client. */
export function addChangePage(builder: Builder, PageInfo: PageInfoRef, ConnectionChange: ConnectionChangeRef) {
  return addPage(builder, PageInfo, 'ConnectionChange', ConnectionChange)
}

/** `ClientConnectionPage`, for the connections of a client and of a consumer. */
export function addConnectionPage(builder: Builder, PageInfo: PageInfoRef, ClientConnection: ClientConnectionRef) {
  return addPage(builder, PageInfo, 'ClientConnection', ClientConnection)
}

/**
 * `type ClientConnection`: an allow-list of fields of a domain type that has no secret. Mutations return it, so its
 * fields that read the database are nullable. Otherwise a failure after the write would remove the whole payload.
 */
export function addClientConnection(
  builder: Builder,
  ConnectionChange: ConnectionChangeRef,
  ChangePage: ChangePageRef,
) {
  const Reference = builder.objectRef<ClientReference>('ClientReference').implement({
    description: prose`The client at one end of a connection: its id and name, not the whole client. The field is no
      \`id\`, because caches take two types with one \`id\` for two objects.`,
    fields: (t) => ({
      clientId: t.exposeID('id', { description: 'UUID of the client.' }),
      name: t.exposeString('name', { nullable: true, description: 'Its name, if it has one.' }),
    }),
  })
  const clientOf = ({ clientId }: Connection) => ({ clientId })
  const pageOf = (list: Omit<CursorArguments, 'by' | 'withTotal'>, withTotal: boolean) =>
    ({ by: 'cursor', ...list, withTotal }) as const

  return builder.objectRef<Connection>('ClientConnection').implement({
    description: prose`A connection of an OAuth client: the consumer's way into the client, and where sign-in returns
      to. Reached with the scope \`connection:read\`, or as the result of a change under that change's scope.`,
    fields: (t) => ({
      id: t.exposeID('id', { description: 'UUID of the connection.' }),
      clientId: t.exposeID('clientId', { description: 'UUID of the client that the connection belongs to.' }),
      consumerId: t.exposeID('consumerId', {
        description: 'UUID of the client that uses the connection, usually a medical information system.',
      }),
      redirectUri: t.exposeString('redirectUri', {
        description: prose`Where the authorization server sends the user after sign-in, byte for byte as it was stored.
          Old connections may hold an \`http:\` value.`,
      }),
      version: t.exposeInt('version', {
        description: prose`Grows with every write to the connection, by any writer. \`expectedVersion\` is compared with
          it.`,
      }),
      insertedAt: t.expose('insertedAt', { type: 'DateTime', description: 'When the connection was made, UTC.' }),
      updatedAt: t.expose('updatedAt', {
        type: 'DateTime',
        description: 'When the connection was last changed, UTC. Storing the same value again does not move it.',
      }),
      client: t.field({
        type: Reference,
        nullable: true,
        description: 'The client that the connection belongs to.',
        authScopes: permitted('readConnectionClient', clientOf),
        resolve: (connection, args, { loaders, permits }) =>
          loaders.clientAt({ permit: permits.of(args), connection, end: 'client' }),
      }),
      consumer: t.field({
        type: Reference,
        nullable: true,
        description: 'The client that uses the connection.',
        authScopes: permitted('readConnectionClient', clientOf),
        resolve: (connection, args, { loaders, permits }) =>
          loaders.clientAt({ permit: permits.of(args), connection, end: 'consumer' }),
      }),
      lastChange: t.field({
        type: ConnectionChange,
        nullable: true,
        description: 'The latest change of the connection; null if there is none on record.',
        authScopes: permitted('readLatestChange', clientOf),
        resolve: (connection, args, { loaders, permits }) =>
          loaders.latestChangeOf({ permit: permits.of(args), connection }),
      }),
      changes: t.field({
        type: ChangePage,
        nullable: true,
        description: 'The history of the connection, newest first. Null only together with an error.',
        args: {
          first: t.arg.int({ required: false, defaultValue: 20, description: 'How many, from 1 to 100.' }),
          after: t.arg.string({ required: false, description: 'Begin after this cursor.' }),
        },
        authScopes: permitted('listConnectionChanges', clientOf, (args, { listConnectionChanges }) =>
          listConnectionChanges.check(pageOf(args, false)),
        ),
        resolve: (connection, args, { loaders, permits }, info) =>
          loaders.changesOf(pageOf(args, selects(info, 'totalCount')), { permit: permits.of(args), connection }),
      }),
    }),
  })
}
