import type { Call } from './caller.ts'
import type { Connection, ConnectionStore } from './connection.ts'
import { type Policy, requiredScope } from './policy.ts'
import { isUuid } from './uuid.ts'

/** Reads a client's connection; null when that client has no such connection. */
export type ReadClientConnection = (
  call: Call,
  input: { readonly clientId: string; readonly connectionId: string },
) => Promise<Connection | null>

export interface ReadClientConnectionDeps {
  readonly policy: Policy
  readonly connections: ConnectionStore
}

/**
 * Reading follows the ownership rule of writing, under its own scope.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden` or `unavailable`
 */
export function createReadClientConnection({ policy, connections }: ReadClientConnectionDeps): ReadClientConnection {
  return async (call, { clientId, connectionId }) => {
    policy.authorize(call, requiredScope.readConnection, clientId)
    return isUuid(clientId) && isUuid(connectionId) ? connections.find(clientId, connectionId) : null
  }
}
