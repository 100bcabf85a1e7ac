import type { Door } from './call.ts'
import type { ConnectionKey } from './connection.ts'
import type { Page, PageRequest } from './page.ts'

/** The kinds of change that the database records. */
export const changeKinds = ['UPDATED', 'REVERTED', 'SECRET_REFRESHED', 'DELETED'] as const

export type ChangeKind = (typeof changeKinds)[number]

/** A row of a connection's history. Each row's `before` is the previous row's `after`. */
export interface ConnectionChange {
  /** A whole number as text. A greater number means a later change. */
  readonly id: string
  readonly connectionId: string
  readonly clientId: string
  readonly kind: ChangeKind
  /** The redirect URI before the change. */
  readonly before: string
  /**
   * The redirect URI after the change. It equals `before` if only the secret changed. null: the connection was deleted.
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
