import type { Call } from './caller.ts'
import type { Connection, ConnectionStore } from './connection.ts'
import type { ConnectionUpdateParser } from './connection-update.ts'
import { GatewayError } from './errors.ts'
import { type Policy, requiredScope } from './policy.ts'
import { isUuid } from './uuid.ts'

export interface UpdateClientConnectionInput {
  readonly clientId: string
  readonly connectionId: string
  /** The request document, `{ "redirect_uri": … }`, as it came: it is looked at after the caller has been authorized. */
  readonly document: unknown
}

/** Changes the redirect URI of a client's connection. */
export type UpdateClientConnection = (call: Call, input: UpdateClientConnectionInput) => Promise<Connection>

export interface UpdateClientConnectionDeps {
  readonly policy: Policy
  readonly parseConnectionUpdate: ConnectionUpdateParser
  readonly connections: ConnectionStore
}

/**
 * THE operation (API-009-001-006-0339): authorize → validate → store, in this order, because the order is contract. A
 * foreign caller learns nothing about the input, and an invalid input learns nothing about what is stored.
 * Answers the connection as it is afterwards; the same value again is not an error and writes nothing.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden`, `validationFailed`, `notFound` or `unavailable`
 */
export function createUpdateClientConnection({
  policy,
  parseConnectionUpdate,
  connections,
}: UpdateClientConnectionDeps): UpdateClientConnection {
  return async (call, { clientId, connectionId, document }) => {
    const author = policy.authorize(call, requiredScope.updateConnection, clientId)

    const update = parseConnectionUpdate(document)
    if (!update.ok) throw new GatewayError('validationFailed', { violations: update.violations })

    // An id that is no UUID names no connection, and the database would refuse to look for it.
    const updated =
      isUuid(clientId) && isUuid(connectionId)
        ? await connections.updateRedirectUri({ clientId, connectionId, redirectUri: update.value.redirectUri, author })
        : null
    if (updated === null) throw new GatewayError('notFound')
    return updated
  }
}
