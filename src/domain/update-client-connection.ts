import type { Call } from './caller.ts'
import type { Connection, ConnectionKey, ConnectionStore } from './connection.ts'
import { GatewayError } from './errors.ts'
import { requiredScope } from './policy.ts'
import { requireKey, settleWrite } from './settle-write.ts'
import type { ConnectionUpdateParser } from './update-request-schema.ts'
import type { AuthorizeWrite } from './write-limit.ts'

export interface UpdateClientConnectionInput extends ConnectionKey {
  /**
   * The request document, `{ "redirect_uri": … }`, as it came: it is looked at after the caller has been authorized.
   */
  readonly document: unknown
  /** Versions of the row that the caller has in mind; null: whatever it is, last write wins. */
  readonly expectedVersions: readonly number[] | null
}

/** Changes the redirect URI of a client's connection. */
export type UpdateClientConnection = (call: Call, input: UpdateClientConnectionInput) => Promise<Connection>

export interface UpdateClientConnectionDeps {
  readonly authorizeWrite: AuthorizeWrite
  readonly parseConnectionUpdate: ConnectionUpdateParser
  readonly connections: Pick<ConnectionStore, 'updateRedirectUri'>
}

/**
 * THE operation (API-009-001-006-0339): authorize (and count) → validate → store, in this order, because the order is
 * contract. A foreign caller learns nothing about the input, and an invalid input learns nothing about what is stored.
 * Answers the connection as it is afterwards; the same value again is not an error and writes nothing.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden`, `tooManyRequests`, `validationFailed`, `notFound`,
 *   `conflict` or
 *   `unavailable`
 */
export function createUpdateClientConnection(deps: UpdateClientConnectionDeps): UpdateClientConnection {
  const { authorizeWrite, parseConnectionUpdate, connections } = deps
  return async (call, { document, expectedVersions, ...key }) => {
    const author = await authorizeWrite(call, requiredScope.updateConnection, key.clientId)

    const update = parseConnectionUpdate(document)
    if (!update.ok) throw new GatewayError('validationFailed', { violations: update.violations })

    const { redirectUri } = update.value
    return settleWrite(
      await connections.updateRedirectUri({
        ...requireKey(key),
        redirectUri,
        revertedChangeId: null,
        expectedVersions,
        author,
      }),
    )
  }
}
