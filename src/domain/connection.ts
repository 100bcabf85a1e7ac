import type { Author } from './caller.ts'

/**
 * A connection: the consumer's way into a client, and where sign-in returns to. There is no `secret` member, on purpose:
 * what the type does not have, no door can show.
 */
export interface Connection {
  readonly id: string
  readonly clientId: string
  readonly consumerId: string
  /** As stored, never validated on reading: old rows hold `http:` values. */
  readonly redirectUri: string
  readonly insertedAt: Date
  readonly updatedAt: Date
}

/** A change that has passed authorization and validation. */
export interface RedirectUriChange {
  /** UUID of the client in the path; the connection must belong to it. */
  readonly clientId: string
  readonly connectionId: string
  readonly redirectUri: string
  readonly author: Author
}

/** Where connections live. Ids are UUIDs by the time they get here. Every method may throw `unavailable`. */
export interface ConnectionStore {
  /** The connection, or null if that client has no such connection. */
  find(clientId: string, connectionId: string): Promise<Connection | null>
  /**
   * Stores the new redirect URI and its audit row in one atomic step; writes nothing if the value is the stored one.
   * Answers the connection as it is afterwards, or null if that client has no such connection.
   */
  updateRedirectUri(change: RedirectUriChange): Promise<Connection | null>
}
