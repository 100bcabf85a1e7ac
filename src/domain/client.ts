import type { Page, PageRequest } from './page.ts'

/** An OAuth client of Mithril's registry. The type has no member for the legacy secret and the private settings. */
export interface Client {
  readonly id: string
  readonly name: string | null
  /** JSON of any form, as Mithril stores it. */
  readonly settings: unknown
  readonly isBlocked: boolean
  readonly blockReason: string | null
  readonly userId: string | null
  readonly clientTypeId: string
  readonly clientTypeName: string
  readonly insertedAt: Date
  readonly updatedAt: Date
}

/** A filter of clients. An absent member does not filter. */
export interface ClientFilter {
  readonly id?: string
  readonly userId?: string
  /** Matches any case, any apostrophe (U+0027, U+2019, U+02BC), and both the composed and the decomposed form. */
  readonly nameContains?: string
  readonly isBlocked?: boolean
  /** Matches the client that has this connection. */
  readonly connectionId?: string
}

/** The order of a list of clients: by `inserted_at`, then by id. */
export type ClientOrder = 'INSERTED_AT_DESC' | 'INSERTED_AT_ASC'

/** A client's id and name: an answer shows no more of the client and the consumer of a connection. */
export interface ClientReference {
  readonly id: string
  readonly name: string | null
}

/** The store of clients. All ids are valid UUIDs. Every method may throw `unavailable`. */
export interface ClientStore {
  find(id: string): Promise<Client | null>
  page(filter: ClientFilter, order: ClientOrder, page: PageRequest): Promise<Page<Client>>
  /** In the order of the ids given; null for a client that does not exist. */
  references(ids: readonly string[]): Promise<readonly (ClientReference | null)[]>
}
