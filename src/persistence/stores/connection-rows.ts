import type { Connection } from '../../domain/connection.ts'
import { createColumns, type Row } from './columns.ts'

/** A connection as PostgreSQL returns it. Timestamps are ISO 8601 in UTC, without an offset. */
interface ConnectionValues extends Omit<Connection, 'insertedAt' | 'updatedAt'> {
  readonly insertedAt: string
  readonly updatedAt: string
}

export type ConnectionRow = Row<ConnectionValues>

/** The allow-list of columns. It lacks the secret. */
export const connectionColumns = createColumns<ConnectionValues>({
  id: 'id',
  clientId: 'client_id',
  consumerId: 'consumer_id',
  redirectUri: 'redirect_uri',
  version: 'version',
  insertedAt: 'inserted_at',
  updatedAt: 'updated_at',
})

const { get } = connectionColumns

/**
 * The class makes a Date only when a reader asks for it: a list over REST shows none. Getters of a class cost less than
 * getters on each object.
 */
class StoredConnection implements Connection {
  readonly id: string
  readonly clientId: string
  readonly consumerId: string
  readonly redirectUri: string
  readonly version: number
  readonly #insertedAt: string
  readonly #updatedAt: string

  constructor(row: ConnectionRow) {
    this.id = get(row, 'id')
    this.clientId = get(row, 'clientId')
    this.consumerId = get(row, 'consumerId')
    this.redirectUri = get(row, 'redirectUri')
    this.version = get(row, 'version')
    this.#insertedAt = get(row, 'insertedAt')
    this.#updatedAt = get(row, 'updatedAt')
  }

  get insertedAt(): Date {
    return dateOf(this.#insertedAt)
  }

  get updatedAt(): Date {
    return dateOf(this.#updatedAt)
  }
}

export const connectionOf = (row: ConnectionRow): Connection => new StoredConnection(row)

/** Reads a `timestamp without time zone` of a JSON answer: Mithril stores UTC. */
export const dateOf = (timestamp: string) => new Date(`${timestamp}Z`)
