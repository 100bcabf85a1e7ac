import type { Connection } from '../../domain/connection.ts'

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

/**
 * A class, because its times are made when somebody asks, and getters on each object would cost more than the times: a
 * list over REST shows none.
 */
class StoredConnection implements Connection {
  readonly id: string
  readonly clientId: string
  readonly consumerId: string
  readonly redirectUri: string
  readonly version: number
  readonly #insertedAt: string
  readonly #updatedAt: string

  constructor([id, clientId, consumerId, redirectUri, version, insertedAt, updatedAt]: ConnectionRow) {
    this.id = id
    this.clientId = clientId
    this.consumerId = consumerId
    this.redirectUri = redirectUri
    this.version = version
    this.#insertedAt = insertedAt
    this.#updatedAt = updatedAt
  }

  get insertedAt(): Date {
    return dateOf(this.#insertedAt)
  }

  get updatedAt(): Date {
    return dateOf(this.#updatedAt)
  }
}

export const connectionOf = (row: ConnectionRow): Connection => new StoredConnection(row)

/** A `timestamp without time zone` of a JSON answer: Mithril's are UTC. */
export const dateOf = (timestamp: string) => new Date(`${timestamp}Z`)
