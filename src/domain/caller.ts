import type { GatewayError } from './errors.ts'

/**
 * Who is calling, as the access token states it and Mithril's registry confirms. Facts only: what a caller may do is
 * decided by `policy.ts`.
 */
export interface Caller {
  /** The OAuth client that the token was issued to (claim `client_id`), a UUID. */
  readonly clientId: string
  /** The client's type (claim `client_type`), for example `MSP`, `MIS`, `MITHRIL ADMIN`; compared exactly. */
  readonly clientType: string
  /**
   * The scope words that the token carries (claim `scope`), and that its broker has, too, where it acts through one.
   */
  readonly scopes: readonly string[]
  /**
   * The user behind the client (claim `sub`), or null where the client speaks for itself (`sub` is its own id, RFC 9068
   * §2.2).
   */
  readonly userId: string | null
  /** The medical information system that the client acts through, by whose key; absent: none. */
  readonly brokerClientId?: string
  /**
   * `unavailable`: the registry could not be asked whether client or user is blocked. The policy lets nobody act in
   * doubt.
   */
  readonly doubt?: GatewayError
}

/** The entrance through which a call came in. */
export type Door = 'GRAPHQL' | 'REST'

/** One call of an operation: who, through which door, under which request id. */
export interface Call {
  /** null: the request carried no valid access token. Every operation answers that with `accessDenied`. */
  readonly caller: Caller | null
  readonly door: Door
  readonly requestId: string
  /**
   * The `API-key` header: the secret of a connection, for the operations that ask for one. Never logged, never stored.
   */
  readonly apiKey: string | null
  /**
   * Whether its door has counted the write that the call is for (`write-limit.ts`): REST has, before it read the body.
   */
  readonly isCounted?: boolean
}

/** A call whose caller has been authorized. The audit row is written from it. */
export interface Author extends Call {
  readonly caller: Caller
}
