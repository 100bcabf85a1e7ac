import type { GatewayError } from './errors.ts'

/**
 * The caller, as the access token states it and Mithril's registry confirms it. Facts only: `policy.ts` decides what a
 * caller may do.
 */
export interface Caller {
  /** The OAuth client that the token was issued to (claim `client_id`), a UUID. */
  readonly clientId: string
  /** The client's type (claim `client_type`), for example `MSP`, `MIS`, `MITHRIL ADMIN`; compared exactly. */
  readonly clientType: string
  /** The scope words of the token (claim `scope`); of a client with a broker those that the broker has, too. */
  readonly scopes: readonly string[]
  /** The user behind the client (claim `sub`), or null where `sub` is the client's own id (RFC 9068 §2.2). */
  readonly userId: string | null
  /** The medical information system that the client acts through, by its key; absent: none. */
  readonly brokerClientId?: string
  /** `unavailable`: the registry could not say whether client or user is blocked. The policy then refuses every act. */
  readonly statusUnknown?: GatewayError
}
