import type { Call } from './caller.ts'
import type { Connection, ConnectionKey, ConnectionStore } from './connection.ts'
import { requiredScope } from './policy.ts'
import { requireKey, settleWrite } from './settle-write.ts'
import type { AuthorizeWrite } from './write-limit.ts'

/** Deletes a connection: the consumer can no longer sign users in to the client. Answers it as it was. */
export type DeleteClientConnection = (
  call: Call,
  input: ConnectionKey & { readonly expectedVersions: readonly number[] | null },
) => Promise<Connection>

export interface DeleteClientConnectionDeps {
  readonly authorizeWrite: AuthorizeWrite
  readonly connections: Pick<ConnectionStore, 'delete'>
}

/**
 * Its history stays, with a last row that holds the last redirect URI.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden`, `tooManyRequests`, `notFound`, `conflict` or
 *   `unavailable`
 */
export function createDeleteClientConnection({
  authorizeWrite,
  connections,
}: DeleteClientConnectionDeps): DeleteClientConnection {
  return async (call, { expectedVersions, ...key }) => {
    const author = await authorizeWrite(call, requiredScope.deleteConnection, key.clientId)
    return settleWrite(await connections.delete({ ...requireKey(key), expectedVersions, author }))
  }
}
