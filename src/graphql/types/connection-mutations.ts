import type { Connection, RefreshedConnection } from '../../domain/connection.ts'
import { requiredScope, type Scope } from '../../domain/policy.ts'
import type { Builder } from '../builder.ts'
import { settle } from '../errors.ts'
import type { ClientConnectionRef } from './client-connection.ts'

const ownOnly =
  'a caller of an own-client type (MSP, MIS, PHARMACY and every type that is not an admin type) changes its own client only'

/** GraphQL names one version; an `If-Match` of REST may name several. */
const versions = (expected: number | null | undefined) => (expected == null ? null : [expected])

/** The mutations of connections. Each is a thin field over the operation of the same name. */
export function addConnectionMutations(builder: Builder, ClientConnection: ClientConnectionRef): void {
  /** The input fields that every mutation has. */
  const keyOf = (t: Parameters<Parameters<typeof builder.inputType>[1]['fields']>[0], scope: Scope) => ({
    clientId: t.id({
      description: `UUID of the client. Needs \`${scope}\`, and to be the own client unless the caller is of an admin type.`,
    }),
    connectionId: t.id({ description: `UUID of the connection; it must belong to that client. Needs \`${scope}\`.` }),
  })
  const expectedVersionOf = (t: Parameters<Parameters<typeof builder.inputType>[1]['fields']>[0], scope: Scope) => ({
    expectedVersion: t.int({
      required: false,
      description: `The version the caller has in mind: if the connection has another one by now, \`CONFLICT\` and nothing written. Without it the last write wins. Needs \`${scope}\`.`,
    }),
  })
  const payload = (name: string, scope: Scope, description: string) =>
    builder.objectRef<{ readonly clientConnection: Connection }>(name).implement({
      description: `${description} Needs the scope \`${scope}\`.`,
      fields: (t) => ({
        clientConnection: t.expose('clientConnection', {
          type: ClientConnection,
          description: `The connection, without its secret. Needs no scope beyond \`${scope}\`.`,
        }),
      }),
    })

  const write = requiredScope.updateConnection
  const UpdateInput = builder.inputType('UpdateClientConnectionInput', {
    description: `What to change. Only the redirect URI of a connection can be changed. Needs the scope \`${write}\`.`,
    fields: (t) => ({
      ...keyOf(t, write),
      redirectUri: t.string({
        description: `The new redirect URI: \`https://\` and at most 255 characters, no fragment, no user info, a public host name. Stored byte for byte as sent. Needs \`${write}\`.`,
      }),
      ...expectedVersionOf(t, write),
    }),
  })
  builder.mutationField('updateClientConnection', (t) =>
    t.field({
      type: payload('UpdateClientConnectionPayload', write, 'The connection as it is now.'),
      description: `Changes the redirect URI of a client's connection; it counts at once for the next sign-in. Needs the scope \`${write}\`; ${ownOnly}. Refusals, in this order: \`UNAUTHENTICATED\`, \`FORBIDDEN\` "Invalid scopes", \`FORBIDDEN\` "Forbidden", \`TOO_MANY_REQUESTS\`, \`UNPROCESSABLE_ENTITY\` with every violation, \`NOT_FOUND\`, \`CONFLICT\`. The same value again is not an error and writes nothing. Every change is recorded with its caller.`,
      args: {
        input: t.arg({
          type: UpdateInput,
          description: `Which connection, and its new redirect URI. Needs \`${write}\`.`,
        }),
      },
      authScopes: (_parent, { input }) => ({ $all: { scope: write, ownClient: input.clientId } }),
      resolve: (_parent, { input: { redirectUri, expectedVersion, ...key } }, context) =>
        settle(context, async () => ({
          clientConnection: await context.operations.updateClientConnection(context.call, {
            ...key,
            document: { redirect_uri: redirectUri },
            expectedVersions: versions(expectedVersion),
          }),
        })),
    }),
  )

  const RevertInput = builder.inputType('RevertClientConnectionInput', {
    description: `Which change to take back. Needs the scope \`${write}\`.`,
    fields: (t) => ({
      ...keyOf(t, write),
      changeId: t.id({ description: `The change, from the connection's history. Needs \`${write}\`.` }),
      ...expectedVersionOf(t, write),
    }),
  })
  builder.mutationField('revertClientConnection', (t) =>
    t.field({
      type: payload('RevertClientConnectionPayload', write, 'The connection as it is now.'),
      description: `Puts the redirect URI back to what it was before a change. An ordinary update: the same rules, so an old \`http:\` value is refused, and the same record, as \`REVERTED\`. Needs the scope \`${write}\`; ${ownOnly}.`,
      args: {
        input: t.arg({ type: RevertInput, description: `Which change of which connection. Needs \`${write}\`.` }),
      },
      authScopes: (_parent, { input }) => ({ $all: { scope: write, ownClient: input.clientId } }),
      resolve: (_parent, { input: { expectedVersion, ...input } }, context) =>
        settle(context, async () => ({
          clientConnection: await context.operations.revertClientConnection(context.call, {
            ...input,
            expectedVersions: versions(expectedVersion),
          }),
        })),
    }),
  )

  const refresh = requiredScope.refreshSecret
  const RefreshInput = builder.inputType('RefreshClientConnectionSecretInput', {
    description: `Which connection gets a new secret. Needs the scope \`${refresh}\`.`,
    fields: (t) => ({ ...keyOf(t, refresh), ...expectedVersionOf(t, refresh) }),
  })
  const RefreshPayload = builder.objectRef<RefreshedConnection>('RefreshClientConnectionSecretPayload').implement({
    description: `The connection and its new secret. Needs the scope \`${refresh}\`.`,
    fields: (t) => ({
      clientConnection: t.expose('connection', {
        type: ClientConnection,
        description: `The connection as it is now. Needs no scope beyond \`${refresh}\`.`,
      }),
      secret: t.exposeString('secret', {
        description: `The new secret. It is shown here, once, and nowhere else. Needs no scope beyond \`${refresh}\`.`,
      }),
    }),
  })
  builder.mutationField('refreshClientConnectionSecret', (t) =>
    t.field({
      type: RefreshPayload,
      description: `Gives a connection a new secret; the old one stops working at once. Needs the scope \`${refresh}\`; ${ownOnly}. Where the caller is not the connection's consumer, the \`API-key\` header must be the secret of one of the consumer's own connections.`,
      args: { input: t.arg({ type: RefreshInput, description: `Which connection. Needs \`${refresh}\`.` }) },
      authScopes: (_parent, { input }) => ({ $all: { scope: refresh, ownClient: input.clientId } }),
      resolve: (_parent, { input: { expectedVersion, ...key } }, context) =>
        settle(context, () =>
          context.operations.refreshConnectionSecret(context.call, {
            ...key,
            expectedVersions: versions(expectedVersion),
          }),
        ),
    }),
  )

  const remove = requiredScope.deleteConnection
  const DeleteInput = builder.inputType('DeleteClientConnectionInput', {
    description: `Which connection to delete. Needs the scope \`${remove}\`.`,
    fields: (t) => ({ ...keyOf(t, remove), ...expectedVersionOf(t, remove) }),
  })
  builder.mutationField('deleteClientConnection', (t) =>
    t.field({
      type: payload('DeleteClientConnectionPayload', remove, 'The connection as it was.'),
      description: `Deletes a connection: its consumer can no longer sign users in to the client. Its history stays. Needs the scope \`${remove}\`; ${ownOnly}.`,
      args: { input: t.arg({ type: DeleteInput, description: `Which connection. Needs \`${remove}\`.` }) },
      authScopes: (_parent, { input }) => ({ $all: { scope: remove, ownClient: input.clientId } }),
      resolve: (_parent, { input: { expectedVersion, ...key } }, context) =>
        settle(context, async () => ({
          clientConnection: await context.operations.deleteClientConnection(context.call, {
            ...key,
            expectedVersions: versions(expectedVersion),
          }),
        })),
    }),
  )
}
