import type { Door } from './call.ts'
import type { Caller } from './caller.ts'
import type { Page, PageRequest } from './page.ts'

/**
 * A connection: the consumer's way into a client, and where sign-in returns to. There is no `secret` member, on
 * purpose: what the type does not have, no door can show.
 */
export interface Connection {
  readonly id: string
  readonly clientId: string
  readonly consumerId: string
  /** As stored, never validated on reading: old rows hold `http:` values. */
  readonly redirectUri: string
  /** Grows with every write to the row, by whomever. */
  readonly version: number
  readonly insertedAt: Date
  readonly updatedAt: Date
}

/** The answer to a refresh: the only value in this system that holds a secret. */
export interface RefreshedConnection {
  readonly connection: Connection
  readonly secret: string
}

export type ChangeKind = 'UPDATED' | 'REVERTED' | 'SECRET_REFRESHED' | 'DELETED'

/** A row of a connection's history. Each row's `before` is the previous row's `after`. */
export interface ConnectionChange {
  /** A whole number as text; greater means later. */
  readonly id: string
  readonly connectionId: string
  readonly clientId: string
  readonly kind: ChangeKind
  /** The redirect URI before the change. */
  readonly before: string
  /**
   * The redirect URI after the change; the same as before where only the secret changed, null where the connection was
   * deleted.
   */
  readonly after: string | null
  /** `EXTERNAL`: somebody wrote to the table past this gateway. */
  readonly door: Door | 'EXTERNAL'
  /** null for `EXTERNAL`. */
  readonly caller: { readonly clientId: string; readonly clientType: string; readonly userId: string | null } | null
  /** The medical information system that the caller acted through; null: none. */
  readonly brokerClientId: string | null
  readonly requestId: string | null
  /** The change that a `REVERTED` one took back. */
  readonly revertedChangeId: string | null
  readonly changedAt: Date
}

/** Which changes of a client's connections. Absent members do not filter. */
export interface ChangeFilter {
  readonly connectionId?: string
  readonly kind?: ChangeKind
}

/** Which connections of a client. Absent members do not filter. */
export interface ConnectionFilter {
  readonly consumerId?: string
  /** Case-insensitive. */
  readonly redirectUriContains?: string
}

/** Which connection an operation acts on. Ids are UUIDs by the time they get to a store. */
export interface ConnectionKey {
  /** The connection must belong to this client. */
  readonly clientId: string
  readonly connectionId: string
}

/** Versions that a writer has seen. */
export interface ExpectedVersions {
  /** Nothing is written unless the row's version is one of these; null: the last write wins. */
  readonly expectedVersions: readonly number[] | null
}

/** The author of a change, for the audit row. */
export interface ChangeAuthor {
  readonly caller: Caller
  readonly door: Door
  readonly requestId: string
}

/** The parameters of every write. */
export interface ConnectionWrite extends ConnectionKey, ExpectedVersions {
  readonly author: ChangeAuthor
}

/**
 * The end of a write.
 * - `done`: the row has been written.
 * - `unchanged`: the row held the value already, so nothing was written. A repeated request ends so, at any version.
 * - `stale`: the row has none of the expected versions, so nothing was written.
 * - `missing`: there is no such connection.
 */
export type WriteOutcome<Done> =
  | { readonly kind: 'done' | 'unchanged'; readonly result: Done }
  | { readonly kind: 'stale'; readonly current: Connection }
  | { readonly kind: 'missing' }

/** Where connections live. Every method may throw `unavailable`. */
export interface ConnectionStore {
  find(key: ConnectionKey): Promise<Connection | null>
  /**
   * A page of each client's connections, newest first, in one statement, in the order of the ids given; null for a
   * client that does not exist. Pages hold `total` only where it is asked for.
   */
  pagesOf(
    clientIds: readonly string[],
    filter: ConnectionFilter,
    page: PageRequest,
  ): Promise<readonly (Page<Connection> | null)[]>
  /**
   * Stores the new redirect URI and its audit row in one atomic step; writes nothing if the value is the stored one.
   * `revertedChangeId` makes it a `REVERTED` change.
   */
  updateRedirectUri(
    write: ConnectionWrite & { readonly redirectUri: string; readonly revertedChangeId: string | null },
  ): Promise<WriteOutcome<Connection>>
  /** Stores a new secret and its audit row. */
  replaceSecret(write: ConnectionWrite & { readonly secret: string }): Promise<WriteOutcome<RefreshedConnection>>
  /** Deletes the row and leaves its audit row. Answers the connection as it was. */
  delete(write: ConnectionWrite): Promise<WriteOutcome<Connection>>
  /**
   * The client whose connection has this secret, or null; a blocked one is not found. For the `API-key` rule of
   * refreshing.
   */
  clientOfSecret(secret: string): Promise<string | null>
}

/** The history of connections. It outlives them, and each client sees what happened while a connection was its own. */
export interface ConnectionHistory {
  /** One change of a connection, or null. */
  find(key: ConnectionKey, changeId: string): Promise<ConnectionChange | null>
  /**
   * The latest change of each connection, in one statement, in the order of the keys given; null where there is none.
   */
  latest(keys: readonly ConnectionKey[]): Promise<readonly (ConnectionChange | null)[]>
  /** A page of each connection's history, newest first, in one statement, in the order of the keys given. */
  pagesOf(keys: readonly ConnectionKey[], page: PageRequest): Promise<readonly Page<ConnectionChange>[]>
  /**
   * A page of what happened to the connections that a client has or had, newest first. Deleted connections are among
   * them.
   */
  pageOfClient(clientId: string, filter: ChangeFilter, page: PageRequest): Promise<Page<ConnectionChange>>
}
