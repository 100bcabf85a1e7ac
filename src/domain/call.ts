import type { Caller } from './caller.ts'

/** The protocol by which a call arrived. */
export type Door = 'GRAPHQL' | 'REST'

/** One call of an operation: its caller, its door and its request id. */
export interface Call {
  /** null: the request had no valid access token. Every operation then answers `accessDenied`. */
  readonly caller: Caller | null
  readonly door: Door
  readonly requestId: string
  /**
   * The same call, with a caller who was authenticated within the last second. The body of a request may take half a
   * minute to arrive. A client that Mithril blocks during that time must not complete the request.
   * @throws GatewayError `accessDenied` or `unavailable`
   */
  confirmed(): Call | Promise<Call>
}
