import type { Connection } from '../domain/connection.ts'

/** The columns of a connection: an allow-list, in this order, without the secret. */
const columns = ['id', 'client_id', 'consumer_id', 'redirect_uri', 'version', 'inserted_at', 'updated_at']

/** The SQL of a connection as one value, a JSON array of its columns; `table` names them where several tables could. */
export const connectionRow = (table = '') => `json_build_array(${columns.map((column) => table + column).join(', ')})`

/** What it answers. Timestamps are ISO 8601 in UTC, without saying so. */
export type ConnectionRow = readonly [
  id: string,
  clientId: string,
  consumerId: string,
  redirectUri: string,
  version: number,
  insertedAt: string,
  updatedAt: string,
]

export function connectionOf([id, clientId, consumerId, redirectUri, version, insertedAt, updatedAt]: ConnectionRow): Connection {
  return {
    id,
    clientId,
    consumerId,
    redirectUri,
    version,
    // Made when somebody asks: a list over REST shows no times, and two dates for each row are a good part of its cost.
    get insertedAt() {
      return dateOf(insertedAt)
    },
    get updatedAt() {
      return dateOf(updatedAt)
    },
  }
}

/** A `timestamp without time zone` of a JSON answer: Mithril's are UTC. */
export const dateOf = (timestamp: string) => new Date(`${timestamp}Z`)
