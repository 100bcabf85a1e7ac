import type { Door } from './call.ts'
import type { Caller } from './caller.ts'
import type { Page, PageRequest } from './page.ts'

/**
 * A connection: it lets a consumer sign users in to a client, and its redirect URI is the address that sign-in returns
 * to. The type has no `secret` member, so that no door can show one.
 */
export interface Connection {
  readonly id: string
  readonly clientId: string
  readonly consumerId: string
  /** The stored text. Reading never validates it: old rows hold `http:` values. */
  readonly redirectUri: string
  /** Grows with every write to the row, also with writes of other programs. */
  readonly version: number
  readonly insertedAt: Date
  readonly updatedAt: Date
}

/** The answer to a refresh: the only value in this system that holds a secret. */
export interface RefreshedConnection {
  readonly connection: Connection
  readonly secret: string
}

/** A filter of the connections of a client. An absent member does not filter. */
export interface ConnectionFilter {
  readonly consumerId?: string
  /** Case-insensitive. */
  readonly redirectUriContains?: string
}

/** A filter of the connections of a consumer. An absent member does not filter. */
export interface ConsumerConnectionFilter {
  /** Spellings of one host name. A connection passes if its host is one of them, or is below one of them. */
  readonly hosts?: readonly string[]
  /** Case-insensitive. */
  readonly redirectUriContains?: string
}

/** The key of the connection that an operation acts on. A store gets valid UUIDs only. */
export interface ConnectionKey {
  /** The connection must belong to this client. */
  readonly clientId: string
  readonly connectionId: string
}

/** The versions that a writer expects. */
export interface ExpectedVersions {
  /**
   * The store writes only if the row's version is one of these. Empty: at no version (`If-None-Match: *`). null: at any
   * version.
   */
  readonly expectedVersions: readonly number[] | null
}

/** The caller and request that a change is recorded with. */
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
 * The outcome of a write.
 * - `done`: the store wrote the row.
 * - `unchanged`: the row held the value already, at any version. The store wrote nothing. A repeated request has this.
 * - `stale`: the row has none of the expected versions. The store wrote nothing.
 * - `missing`: the connection does not exist.
 */
export type WriteOutcome<Done> =
  | { readonly kind: 'done' | 'unchanged'; readonly result: Done }
  | { readonly kind: 'stale'; readonly current: Connection }
  | { readonly kind: 'missing' }

/** The store of connections. Every method may throw `unavailable`. */
export interface ConnectionStore {
  find(key: ConnectionKey): Promise<Connection | null>
  /**
   * A page of each client's connections, newest first, in one statement. The result has the order of the ids, with null
   * for a client that does not exist. A page holds `total` only if the request asks for it.
   */
  pagesOf(
    clientIds: readonly string[],
    filter: ConnectionFilter,
    page: PageRequest,
  ): Promise<readonly (Page<Connection> | null)[]>
  /** A page of the connections that a consumer uses, of all clients, newest first. */
  pageOfConsumer(consumerId: string, filter: ConsumerConnectionFilter, page: PageRequest): Promise<Page<Connection>>
  /**
   * Stores the new redirect URI and its audit row in one transaction. Writes nothing if the row holds the value
   * already. `revertedChangeId` makes it a `REVERTED` change.
   */
  updateRedirectUri(
    write: ConnectionWrite & { readonly redirectUri: string; readonly revertedChangeId: string | null },
  ): Promise<WriteOutcome<Connection>>
  /** Stores a new secret and its audit row. A connection of another consumer is `missing`. */
  replaceSecret(
    write: ConnectionWrite & { readonly secret: string; readonly consumerId: string },
  ): Promise<WriteOutcome<RefreshedConnection>>
  /** Deletes the row and stores an audit row. Returns the deleted connection. */
  delete(write: ConnectionWrite): Promise<WriteOutcome<Connection>>
  /**
   * The client whose connection has this secret. null: no connection has it, or its client is blocked. The refresh of a
   * secret needs this for its `API-key` rule.
   */
  clientOfSecret(secret: string): Promise<string | null>
}
