import type { Connection, RefreshedConnection } from '../../domain/connection.ts'
import type { Builder } from '../builder.ts'
import { permitted } from '../permit-guard.ts'
import { prose } from '../prose.ts'
import type { ClientConnectionRef } from './client-connection.ts'

/** GraphQL names one version; an `If-Match` of REST may name several. */
const versions = (expected: number | null | undefined) => (expected == null ? null : [expected])

interface Input {
  readonly input: { readonly clientId: string; readonly connectionId: string }
}
const inputKey = (_parent: unknown, { input: { clientId, connectionId } }: Input) => ({ clientId, connectionId })

/**
 * The mutations of connections. Each runs the operation of the same name. Each is nullable, so that the refusal of one
 * mutation does not remove the payloads of the others in the same document.
 */
export function addConnectionMutations(builder: Builder, ClientConnection: ClientConnectionRef): void {
  type FieldBuilder = Parameters<Parameters<typeof builder.inputType>[1]['fields']>[0]
  /** The input fields that every mutation has. */
  const commonFields = (t: FieldBuilder) => ({
    clientId: t.id({
      description: 'UUID of the client. It must be the own client unless the caller is of an admin type.',
    }),
    connectionId: t.id({ description: 'UUID of the connection; it must belong to that client.' }),
    expectedVersion: t.int({
      required: false,
      description: prose`The version that the caller has seen: if the connection has another one by now, \`CONFLICT\`
        and nothing written. Without it the last write wins.`,
    }),
  })
  const payload = (name: string, description: string) =>
    builder.objectRef<{ readonly clientConnection: Connection }>(name).implement({
      description,
      fields: (t) => ({
        clientConnection: t.expose('clientConnection', {
          type: ClientConnection,
          description: 'The connection, without its secret.',
        }),
      }),
    })

  const UpdateInput = builder.inputType('UpdateClientConnectionInput', {
    description: 'What to change. Only the redirect URI of a connection can be changed.',
    fields: (t) => ({
      ...commonFields(t),
      redirectUri: t.string({
        description: prose`The new redirect URI: \`https://\` and at most 255 characters, no fragment, no user info, a
          host of at least two labels or an IPv4 address. Stored byte for byte as sent.`,
      }),
    }),
  })
  builder.mutationField('updateClientConnection', (t) =>
    t.field({
      type: payload('UpdateClientConnectionPayload', 'The connection as it is now.'),
      nullable: true,
      description: prose`Changes the redirect URI of a client's connection; it counts at once for the next sign-in.
        Refusals, in this order: \`UNAUTHENTICATED\`, \`FORBIDDEN\` "Invalid scopes", \`FORBIDDEN\` "Forbidden",
        \`TOO_MANY_REQUESTS\`, \`UNPROCESSABLE_ENTITY\` with every violation, \`NOT_FOUND\`, \`CONFLICT\`. The same
        value again is not an error and writes nothing. Every change is recorded with its caller.`,
      args: { input: t.arg({ type: UpdateInput, description: 'Which connection, and its new redirect URI.' }) },
      authScopes: permitted('updateClientConnection', inputKey),
      resolve: async (_parent, args, { operations, permits }) => ({
        clientConnection: await operations.updateClientConnection.run(permits.of(args), {
          redirectUri: args.input.redirectUri,
          expectedVersions: versions(args.input.expectedVersion),
        }),
      }),
    }),
  )

  const RevertInput = builder.inputType('RevertClientConnectionInput', {
    description: 'Which change to take back.',
    fields: (t) => ({
      ...commonFields(t),
      changeId: t.id({ description: "The change, from the connection's history." }),
    }),
  })
  builder.mutationField('revertClientConnection', (t) =>
    t.field({
      type: payload('RevertClientConnectionPayload', 'The connection as it is now.'),
      nullable: true,
      description: prose`Puts the redirect URI back to what it was before a change. An ordinary update: the same rules,
        so an old \`http:\` value is refused, and the same record, as \`REVERTED\`.`,
      args: { input: t.arg({ type: RevertInput, description: 'Which change of which connection.' }) },
      authScopes: permitted('revertClientConnection', inputKey),
      resolve: async (_parent, args, { operations, permits }) => ({
        clientConnection: await operations.revertClientConnection.run(permits.of(args), {
          changeId: args.input.changeId,
          expectedVersions: versions(args.input.expectedVersion),
        }),
      }),
    }),
  )

  const RefreshInput = builder.inputType('RefreshClientConnectionSecretInput', {
    description: 'Which connection gets a new secret.',
    fields: commonFields,
  })
  const RefreshPayload = builder.objectRef<RefreshedConnection>('RefreshClientConnectionSecretPayload').implement({
    description: 'The connection and its new secret.',
    fields: (t) => ({
      clientConnection: t.expose('connection', {
        type: ClientConnection,
        description: 'The connection as it is now.',
      }),
      secret: t.exposeString('secret', {
        description: 'The new secret. It is shown here, once, and nowhere else.',
      }),
    }),
  })
  builder.mutationField('refreshClientConnectionSecret', (t) =>
    t.field({
      type: RefreshPayload,
      nullable: true,
      description: prose`Gives a connection a new secret; the old one stops working at once. Where the caller is not the
        connection's consumer, the \`API-key\` header must be the secret of one of the consumer's own connections.`,
      args: { input: t.arg({ type: RefreshInput, description: 'Which connection.' }) },
      authScopes: permitted('refreshClientConnectionSecret', inputKey),
      resolve: (_parent, args, { operations, permits, apiKey }) =>
        operations.refreshClientConnectionSecret.run(permits.of(args), {
          apiKey,
          expectedVersions: versions(args.input.expectedVersion),
        }),
    }),
  )

  const DeleteInput = builder.inputType('DeleteClientConnectionInput', {
    description: 'Which connection to delete.',
    fields: commonFields,
  })
  builder.mutationField('deleteClientConnection', (t) =>
    t.field({
      type: payload('DeleteClientConnectionPayload', 'The connection as it was.'),
      nullable: true,
      description: prose`Deletes a connection: its consumer can no longer sign users in to the client. Its history
        stays.`,
      args: { input: t.arg({ type: DeleteInput, description: 'Which connection.' }) },
      authScopes: permitted('deleteClientConnection', inputKey),
      resolve: async (_parent, args, { operations, permits }) => ({
        clientConnection: await operations.deleteClientConnection.run(permits.of(args), {
          expectedVersions: versions(args.input.expectedVersion),
        }),
      }),
    }),
  )
}
