import type { Connection } from '../domain/connection.ts'

/** The columns of a connection: an allow-list, in this order, without the secret. */
export const connectionColumns = ['id', 'client_id', 'consumer_id', 'redirect_uri', 'version', 'inserted_at', 'updated_at'] as const

/** The same columns, each with a table's name before it. */
export const columnsOf = (table: string) => connectionColumns.map((column) => `${table}.${column}`).join(', ')

/** A row of these columns. Timestamps are ISO 8601 in UTC. */
export type ConnectionRow = readonly [
  id: string,
  clientId: string,
  consumerId: string,
  redirectUri: string,
  version: number,
  insertedAt: string,
  updatedAt: string,
  ...rest: unknown[],
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
      return new Date(insertedAt)
    },
    get updatedAt() {
      return new Date(updatedAt)
    },
  }
}
