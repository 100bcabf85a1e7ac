import type { Caller } from './caller.ts'

/** The entrance through which a call came in. */
export type Door = 'GRAPHQL' | 'REST'

/** One call of an operation: its caller, its door and its request id. */
export interface Call {
  /** null: the request carried no valid access token. Every operation answers that with `accessDenied`. */
  readonly caller: Caller | null
  readonly door: Door
  readonly requestId: string
  /**
   * The same call, its caller authenticated within the last second. The body of a request may take half a minute to
   * arrive; a client that is blocked meanwhile must not act by a head that was sent in time.
   * @throws GatewayError `accessDenied` or `unavailable`
   */
  confirmed(): Call | Promise<Call>
}
