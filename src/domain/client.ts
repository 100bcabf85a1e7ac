import type { Page, PageRequest } from './page.ts'

/** An OAuth client of Mithril's registry. Neither its legacy secret nor its private settings have a member here. */
export interface Client {
  readonly id: string
  readonly name: string | null
  /** Free-form JSON of Mithril's. */
  readonly settings: unknown
  readonly isBlocked: boolean
  readonly blockReason: string | null
  readonly userId: string | null
  readonly clientTypeId: string
  readonly clientTypeName: string
  readonly insertedAt: Date
  readonly updatedAt: Date
}

/** Which clients. Absent members do not filter. */
export interface ClientFilter {
  readonly id?: string
  readonly userId?: string
  /** In any case, with any apostrophe (U+0027, U+2019, U+02BC), composed or decomposed. */
  readonly nameContains?: string
  readonly isBlocked?: boolean
}

/** By `inserted_at`, then by id. */
export type ClientOrder = 'INSERTED_AT_DESC' | 'INSERTED_AT_ASC'

/** A client's id and name: all that is shown of the clients at the two ends of a connection. */
export interface ClientReference {
  readonly id: string
  readonly name: string | null
}

/** Where clients live. Ids are UUIDs by the time they get here. Every method may throw `unavailable`. */
export interface ClientStore {
  find(id: string): Promise<Client | null>
  page(filter: ClientFilter, order: ClientOrder, page: PageRequest): Promise<Page<Client>>
  /** In the order of the ids given; null for a client that does not exist. */
  references(ids: readonly string[]): Promise<readonly (ClientReference | null)[]>
}
