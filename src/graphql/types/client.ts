import type { Client } from '../../domain/client.ts'
import { requiredScope } from '../../domain/policy.ts'
import type { Builder } from '../builder.ts'
import { settle } from '../errors.ts'
import type { ClientConnectionRef } from './client-connection.ts'
import { addPage, type PageInfoRef, selects } from './page.ts'

/** `type Client`, `Query.client` and `Query.clients`. */
export function addClients(builder: Builder, PageInfo: PageInfoRef, ClientConnection: ClientConnectionRef): void {
  const ConnectionPage = addPage(builder, PageInfo, 'ClientConnection', ClientConnection)
  const ConnectionFilter = builder.inputType('ClientConnectionFilter', {
    description: 'Which connections of a client. Used under the scope `connection:read`.',
    fields: (t) => ({
      consumerId: t.id({
        required: false,
        description: 'Only those used by the client with this UUID. Needs `connection:read`.',
      }),
      redirectUriContains: t.string({
        required: false,
        description: 'Only those whose redirect URI contains this text, in any case. Needs `connection:read`.',
      }),
    }),
  })

  const Client = builder.objectRef<Client>('Client').implement({
    description:
      'An OAuth client of the registry: a clinic, a pharmacy, a medical information system, a portal. Needs the scope `client:read`.',
    fields: (t) => ({
      id: t.exposeID('id', { description: 'UUID of the client. No further scope.' }),
      name: t.exposeString('name', { nullable: true, description: 'Its name, if it has one. No further scope.' }),
      settings: t.expose('settings', {
        type: 'JSON',
        nullable: true,
        description: 'Settings that Mithril keeps for it. No further scope.',
      }),
      isBlocked: t.exposeBoolean('isBlocked', {
        description: 'Whether it is barred from signing in. No further scope.',
      }),
      blockReason: t.exposeString('blockReason', {
        nullable: true,
        description: 'Why it is blocked. No further scope.',
      }),
      userId: t.exposeID('userId', { nullable: true, description: 'UUID of the user who owns it. No further scope.' }),
      clientTypeId: t.exposeID('clientTypeId', { description: 'UUID of its type. No further scope.' }),
      clientTypeName: t.exposeString('clientTypeName', {
        description: 'Its type, for example `MSP` or `MIS`. No further scope.',
      }),
      insertedAt: t.expose('insertedAt', {
        type: 'DateTime',
        description: 'When it was registered, UTC. No further scope.',
      }),
      updatedAt: t.expose('updatedAt', {
        type: 'DateTime',
        description: 'When it was last changed, UTC. No further scope.',
      }),
      connections: t.field({
        type: ConnectionPage,
        description:
          'Its connections, newest first. Needs the scope `connection:read`; own client only, unless an admin type.',
        args: {
          first: t.arg.int({
            required: false,
            defaultValue: 20,
            description: 'How many, from 1 to 100. Needs `connection:read`.',
          }),
          after: t.arg.string({ required: false, description: 'Begin after this cursor. Needs `connection:read`.' }),
          filter: t.arg({
            type: ConnectionFilter,
            required: false,
            description: 'Which ones. Needs `connection:read`.',
          }),
        },
        authScopes: ({ id }) => ({ $all: { scope: requiredScope.readConnection, ownClient: id } }),
        resolve: ({ id }, { filter, ...list }, context, info) =>
          settle(context, async () => {
            const page = await context.loaders.connectionsOf(id, present(filter), {
              ...list,
              withTotal: selects(info, 'totalCount'),
            })
            return page ?? nothing
          }),
      }),
    }),
  })
  const ClientPage = addPage(builder, PageInfo, 'Client', Client)

  builder.queryField('client', (t) =>
    t.field({
      type: Client,
      nullable: true,
      description:
        'One client, or null when there is none. Needs the scope `client:read`; a caller of an own-client type reads its own client only.',
      args: {
        id: t.arg.id({
          description:
            'UUID of the client. Needs `client:read`, and to be the own client unless the caller is of an admin type.',
        }),
      },
      authScopes: (_parent, { id }) => ({ $all: { scope: requiredScope.readClient, ownClient: id } }),
      resolve: (_parent, { id }, context) =>
        settle(context, () => context.operations.readClient(context.call, { clientId: id })),
    }),
  )

  const ClientFilter = builder.inputType('ClientFilter', {
    description:
      'Which clients. Callers that see only their own client get it whatever the filter. Used under the scope `client:read`.',
    fields: (t) => ({
      id: t.id({ required: false, description: 'Only the one with this UUID. Needs `client:read`.' }),
      userId: t.id({ required: false, description: 'Only those of the user with this UUID. Needs `client:read`.' }),
      nameContains: t.string({
        required: false,
        description: 'Only those whose name contains this text, in any case. Needs `client:read`.',
      }),
      isBlocked: t.boolean({
        required: false,
        description: 'Only those that are blocked, or that are not. Needs `client:read`.',
      }),
    }),
  })
  const ClientOrder = builder.enumType('ClientOrder', {
    description: 'How clients are ordered. Used under the scope `client:read`.',
    values: {
      INSERTED_AT_DESC: { description: 'Newest first.' },
      INSERTED_AT_ASC: { description: 'Oldest first.' },
    } as const,
  })

  builder.queryField('clients', (t) =>
    t.field({
      type: ClientPage,
      description:
        'The clients that the caller may see. Needs the scope `client:read`; a caller of an own-client type sees exactly one, its own.',
      args: {
        first: t.arg.int({
          required: false,
          defaultValue: 20,
          description: 'How many from the start, from 1 to 100. Needs `client:read`.',
        }),
        after: t.arg.string({ required: false, description: 'Begin after this cursor. Needs `client:read`.' }),
        last: t.arg.int({
          required: false,
          description: 'How many from the end, from 1 to 100; `first` does not count then. Needs `client:read`.',
        }),
        before: t.arg.string({
          required: false,
          description: 'End before this cursor; without `last`, 20 items. Needs `client:read`.',
        }),
        filter: t.arg({ type: ClientFilter, required: false, description: 'Which ones. Needs `client:read`.' }),
        orderBy: t.arg({
          type: ClientOrder,
          defaultValue: 'INSERTED_AT_DESC',
          description: 'In which order. Needs `client:read`.',
        }),
      },
      authScopes: { $all: { authenticated: true, scope: requiredScope.readClient } },
      resolve: (_parent, { filter, orderBy, ...list }, context, info) =>
        settle(context, () =>
          context.operations.listClients(context.call, {
            order: orderBy,
            select: (checks) => ({
              filter: present(filter),
              page: checks.cursorPage(list, 'time', selects(info, 'totalCount')),
            }),
          }),
        ),
    }),
  )
}

/** A client that was deleted while its page was being read has no connections. */
const nothing = { items: [], hasPrevious: false, hasNext: false, total: 0, size: 0, number: null }

/** An input object without the members that were not given: to this API null and absent mean the same. */
function present<Given extends object>(
  given: Given | null | undefined,
): { [Name in keyof Given]?: NonNullable<Given[Name]> } {
  return Object.fromEntries(
    Object.entries(given ?? {}).filter(([, value]) => value !== null && value !== undefined),
  ) as never // members keep their types
}
