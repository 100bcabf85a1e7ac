import type { Client } from '../../domain/client.ts'
import type { Connection } from '../../domain/connection.ts'
import { emptyPage } from '../../domain/page.ts'
import type { Builder } from '../builder.ts'
import { permitted } from '../permit-guard.ts'
import { prose } from '../prose.ts'
import type { ChangePageRef, ConnectionPageRef } from './client-connection.ts'
import type { ChangeKindRef } from './connection-change.ts'
import { addPage, type PageInfoRef } from './page.ts'
import { selects, selectsOnly } from './selection.ts'

export interface ClientTypeRefs {
  readonly PageInfo: PageInfoRef
  readonly ConnectionPage: ConnectionPageRef
  readonly ChangePage: ChangePageRef
  readonly ChangeKind: ChangeKindRef
}

/** The fields of `Client` whose resolvers need its id only. */
const fieldsOfId = new Set(['__typename', 'id', 'connections', 'connectionChanges'])

const clientOf = ({ id }: Client) => ({ clientId: id })

/** `type Client`. */
function addClient(builder: Builder, { ConnectionPage, ChangePage, ChangeKind }: ClientTypeRefs) {
  const ConnectionFilter = builder.inputType('ClientConnectionFilter', {
    description: 'Which connections of a client.',
    fields: (t) => ({
      consumerId: t.id({ required: false, description: 'Only those used by the client with this UUID.' }),
      redirectUriContains: t.string({
        required: false,
        description: 'Only those whose redirect URI contains this text, in any case.',
      }),
    }),
  })

  return builder.objectRef<Client>('Client').implement({
    description: prose`An OAuth client of the registry: a clinic, a pharmacy, a medical information system, a portal.
      Needs the scope \`client:read\`.`,
    fields: (t) => ({
      id: t.exposeID('id', { description: 'UUID of the client.' }),
      name: t.exposeString('name', { nullable: true, description: 'Its name, if it has one.' }),
      settings: t.expose('settings', {
        type: 'JSON',
        nullable: true,
        description: 'Settings that Mithril keeps for it.',
      }),
      isBlocked: t.exposeBoolean('isBlocked', { description: 'Whether it is barred from signing in.' }),
      blockReason: t.exposeString('blockReason', { nullable: true, description: 'Why it is blocked.' }),
      userId: t.exposeID('userId', { nullable: true, description: 'UUID of the user who owns it.' }),
      clientTypeId: t.exposeID('clientTypeId', { description: 'UUID of its type.' }),
      clientTypeName: t.exposeString('clientTypeName', { description: 'Its type, for example `MSP` or `MIS`.' }),
      insertedAt: t.expose('insertedAt', { type: 'DateTime', description: 'When it was registered, UTC.' }),
      updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it was last changed, UTC.' }),
      connections: t.field({
        type: ConnectionPage,
        description: 'Its connections, newest first.',
        args: {
          first: t.arg.int({ required: false, defaultValue: 20, description: 'How many, from 1 to 100.' }),
          after: t.arg.string({ required: false, description: 'Begin after this cursor.' }),
          filter: t.arg({ type: ConnectionFilter, required: false, description: 'Which ones.' }),
        },
        authScopes: permitted('listClientConnections', clientOf),
        resolve: async (_client, args, { loaders, permits }, info) => {
          const { filter, ...list } = args
          const page = { by: 'cursor', ...list, withTotal: selects(info, 'totalCount') } as const
          const found = await loaders.connectionsOf({ filter: filter ?? {}, page }, permits.of(args))
          // A client that was deleted while its page was being read has no connections.
          return found ?? emptyPage<Connection>({ by: 'number', size: 1, number: 1 })
        },
      }),
      connectionChanges: t.field({
        type: ChangePage,
        description: prose`The history of all its connections, deleted ones included, newest first: each change that was
          made while the connection was this client's.`,
        args: {
          first: t.arg.int({ required: false, defaultValue: 20, description: 'How many, from 1 to 100.' }),
          after: t.arg.string({ required: false, description: 'Begin after this cursor.' }),
          connectionId: t.arg.id({ required: false, description: 'Only those of the connection with this UUID.' }),
          kind: t.arg({ type: ChangeKind, required: false, description: 'Only those of this kind.' }),
        },
        authScopes: permitted('listClientChanges', clientOf),
        resolve: (_client, args, { operations, permits }, info) => {
          const { connectionId, kind, ...list } = args
          const page = { by: 'cursor', ...list, withTotal: selects(info, 'totalCount') } as const
          return operations.listClientChanges.run(permits.of(args), { filter: { connectionId, kind }, page })
        },
      }),
    }),
  })
}

/** `type Client`, `Query.client` and `Query.clients`. */
export function addClients(builder: Builder, refs: ClientTypeRefs): void {
  const Client = addClient(builder, refs)
  const ClientPage = addPage(builder, refs.PageInfo, 'Client', Client)

  builder.queryField('client', (t) =>
    t.field({
      type: Client,
      nullable: true,
      description: 'One client, or null when there is none.',
      args: { id: t.arg.id({ description: 'UUID of the client.' }) },
      authScopes: permitted('readClient', (_parent, { id }) => ({ clientId: id })),
      resolve: (_parent, args, { operations: { readClient }, permits }, info) => {
        const permit = permits.of(args)
        if (!selectsOnly(info, fieldsOfId)) return readClient.run(permit)
        return readClient.runForId(permit) as Promise<Client | null> // no resolver reads another member
      },
    }),
  )

  const ClientFilter = builder.inputType('ClientFilter', {
    description: 'Which clients. Callers that see only their own client get it whatever the filter.',
    fields: (t) => ({
      id: t.id({ required: false, description: 'Only the one with this UUID.' }),
      userId: t.id({ required: false, description: 'Only those of the user with this UUID.' }),
      nameContains: t.string({
        required: false,
        description: 'Only those whose name contains this text, in any case and with any apostrophe.',
      }),
      isBlocked: t.boolean({ required: false, description: 'Only those that are blocked, or that are not.' }),
      connectionId: t.id({ required: false, description: 'Only the one that has the connection with this UUID.' }),
    }),
  })
  const ClientOrder = builder.enumType('ClientOrder', {
    description: 'How clients are ordered.',
    values: {
      INSERTED_AT_DESC: { description: 'Newest first.' },
      INSERTED_AT_ASC: { description: 'Oldest first.' },
    } as const,
  })

  builder.queryField('clients', (t) =>
    t.field({
      type: ClientPage,
      description: prose`The clients that the caller may see. A caller that is not of an admin type sees exactly one,
        its own.`,
      args: {
        first: t.arg.int({
          required: false,
          defaultValue: 20,
          description: 'How many from the start, from 1 to 100.',
        }),
        after: t.arg.string({ required: false, description: 'Begin after this cursor.' }),
        last: t.arg.int({
          required: false,
          description: 'How many from the end, from 1 to 100; `first` does not count then.',
        }),
        before: t.arg.string({
          required: false,
          description: 'End before this cursor; without `last`, 20 items.',
        }),
        filter: t.arg({ type: ClientFilter, required: false, description: 'Which ones.' }),
        orderBy: t.arg({ type: ClientOrder, defaultValue: 'INSERTED_AT_DESC', description: 'In which order.' }),
      },
      authScopes: permitted('listClients'),
      resolve: (_parent, args, { operations, permits }, info) => {
        const { filter, orderBy, ...list } = args
        const page = { by: 'cursor', ...list, withTotal: selects(info, 'totalCount') } as const
        return operations.listClients.run(permits.of(args), { filter: filter ?? {}, order: orderBy, page })
      },
    }),
  )
}
