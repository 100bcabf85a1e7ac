import type { Call } from './call.ts'
import type { Connection, ConnectionKey, ConnectionStore, ExpectedVersions } from './connection.ts'
import type { Permit, Permits } from './permit.ts'
import { type ChangeObserver, finishWrite, keyOf } from './write-outcome.ts'

/** Deletes a connection: its consumer can no longer sign users in to the client. Returns the deleted connection. */
export interface DeleteClientConnection {
  permit(call: Call, key: ConnectionKey): Permit | Promise<Permit>
  run(permit: Permit, input: ExpectedVersions): Promise<Connection>
}

export interface DeleteClientConnectionDeps {
  readonly permits: Permits
  readonly onChange: ChangeObserver
  readonly connections: Pick<ConnectionStore, 'delete'>
}

/**
 * The history of the connection stays. Its last row holds the last redirect URI.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden`, `tooManyRequests`, `notFound`, `conflict` or
 *   `unavailable`
 */
export function createDeleteClientConnection(deps: DeleteClientConnectionDeps): DeleteClientConnection {
  const { permits, onChange, connections } = deps
  return {
    permit: (call, key) => permits.give(call, 'deleteClientConnection', key),
    async run(given, { expectedVersions }) {
      const permit = await permits.confirm(given, 'deleteClientConnection')
      return finishWrite(
        onChange,
        permit,
        'DELETED',
        await connections.delete({ ...keyOf(permit), expectedVersions, author: permit }),
      )
    },
  }
}
