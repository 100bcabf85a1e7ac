import type { Client } from '../domain/client.ts'
import type { Connection, RefreshedConnection } from '../domain/connection.ts'

/** A connection as in the specification's example: every answer of this door has these four fields. */
export function connectionView({ id, clientId, consumerId, redirectUri }: Connection) {
  return { id, client_id: clientId, consumer_id: consumerId, redirect_uri: redirectUri }
}

/** The answer to a refresh: the only one that shows a secret. */
export function refreshedConnectionView({ connection, secret }: RefreshedConnection) {
  return { ...connectionView(connection), secret }
}

/** A client in a list. */
export function clientView(client: Client) {
  return {
    id: client.id,
    name: client.name,
    settings: client.settings,
    is_blocked: client.isBlocked,
    block_reason: client.blockReason,
    user_id: client.userId,
    client_type_id: client.clientTypeId,
    inserted_at: client.insertedAt.toISOString(),
    updated_at: client.updatedAt.toISOString(),
  }
}

/** A single client. It also has the name of its type. */
export function clientDetailsView(client: Client) {
  return { ...clientView(client), client_type_name: client.clientTypeName }
}
