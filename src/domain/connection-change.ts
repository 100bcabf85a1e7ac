import type { Door } from './call.ts'
import type { ConnectionKey } from './connection.ts'
import type { Page, PageRequest } from './page.ts'

/**
 * The kinds of change that the database records, and of events. Only other programs make these two:
 * - `CREATED`: a new connection.
 * - `MOVED`: a change of the id, the client or the consumer. It is two changes with the same version. The first one has
 *   the client and the consumer from before the move. The second one has the new ones.
 */
export const changeKinds = ['CREATED', 'UPDATED', 'REVERTED', 'SECRET_REFRESHED', 'MOVED', 'DELETED'] as const

export type ChangeKind = (typeof changeKinds)[number]

/** The kinds of change that operations make. */
export const writtenKinds = changeKinds.filter((kind) => kind !== 'CREATED' && kind !== 'MOVED')

export type WrittenKind = (typeof writtenKinds)[number]

/**
 * A row of a connection's history. Each row's `before` is the previous row's `after`. Where that is null, or no row is
 * before it, the row is `CREATED` or `MOVED`, or from before migration 0012.
 */
export interface ConnectionChange {
  /** A whole number as text. A greater number means a later change. */
  readonly id: string
  readonly connectionId: string
  readonly clientId: string
  /** null: the change is from before migration 0012. */
  readonly consumerId: string | null
  /**
   * The version that the write gave the connection. `DELETED`: the last version. null: the change is from before
   * migration 0012.
   */
  readonly version: number | null
  readonly kind: ChangeKind
  /** The redirect URI before the change. `CREATED`: the first one. */
  readonly before: string
  /**
   * The redirect URI after the change. It equals `before` if the change left the redirect URI as it was. null: the
   * connection was deleted, or moved away from this id, client and consumer.
   */
  readonly after: string | null
  /** `EXTERNAL`: another program wrote to the table. */
  readonly door: Door | 'EXTERNAL'
  /** null: the door is `EXTERNAL`. */
  readonly caller: { readonly clientId: string; readonly clientType: string; readonly userId: string | null } | null
  /** The medical information system that the caller acted through. null: the caller acted for itself. */
  readonly brokerClientId: string | null
  readonly requestId: string | null
  /** The change that a `REVERTED` change undid. */
  readonly revertedChangeId: string | null
  readonly changedAt: Date
}

/** A filter of the changes of a client's connections. An absent member does not filter. */
export interface ChangeFilter {
  readonly connectionId?: string
  readonly kind?: ChangeKind
}

/**
 * The history of connections. It stays after a deletion. A client sees the changes that were made while it owned them.
 */
export interface ConnectionHistory {
  /** One change of a connection, or null. */
  find(key: ConnectionKey, changeId: string): Promise<ConnectionChange | null>
  /**
   * The latest change of each connection, in one statement and in the order of the keys. null: no change.
   */
  latest(keys: readonly ConnectionKey[]): Promise<readonly (ConnectionChange | null)[]>
  /** A page of each connection's history, newest first, in one statement and in the order of the keys. */
  pagesOf(keys: readonly ConnectionKey[], page: PageRequest): Promise<readonly Page<ConnectionChange>[]>
  /**
   * A page of the changes of all connections that a client has or had, newest first, deleted connections included.
   */
  pageOfClient(clientId: string, filter: ChangeFilter, page: PageRequest): Promise<Page<ConnectionChange>>
}
