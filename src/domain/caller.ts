/**
 * The caller, as the access token states it and Mithril's registry confirms it. The type holds facts only: `policy.ts`
 * decides whether a caller may act.
 */
export interface Caller {
  /** The OAuth client that the token was issued to (claim `client_id`), a UUID. */
  readonly clientId: string
  /** The client's type (claim `client_type`), for example `MSP`, `MIS`, `MITHRIL ADMIN`; compared exactly. */
  readonly clientType: string
  /** The scope words of the token (claim `scope`). A client with a broker keeps only the words that its broker has. */
  readonly scopes: readonly string[]
  /** The user of the client (claim `sub`). null: `sub` is the client's own id (RFC 9068 §2.2). */
  readonly userId: string | null
  /** The medical information system whose key the client sent. Absent: the client acts for itself. */
  readonly brokerClientId?: string
  /** The registry has no such client. */
  readonly isUnregistered?: true
  /**
   * The refusal `unavailable`: the registry could not say whether client or user is blocked. The policy then refuses
   * every act.
   */
  readonly statusUnknown?: Error
}
