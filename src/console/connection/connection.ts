import type { ConnectionCardQuery } from '../../client/documents/graphql.ts'

export type Connection = NonNullable<ConnectionCardQuery['clientConnection']>
export type Change = NonNullable<Connection['lastChange']>

export interface ConnectionKey {
  readonly clientId: string
  readonly connectionId: string
}

/** The state of a connection that a person has seen. A write is sent with its version. */
export interface SeenState {
  readonly version: number
  readonly redirectUri: string
}
