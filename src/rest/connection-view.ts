import type { Connection } from '../domain/connection.ts'

/** A connection as the specification's example shows it: these four fields, everywhere in this door. */
export interface ConnectionView {
  readonly id: string
  readonly client_id: string
  readonly consumer_id: string
  readonly redirect_uri: string
}

export function connectionView({ id, clientId, consumerId, redirectUri }: Connection): ConnectionView {
  return { id, client_id: clientId, consumer_id: consumerId, redirect_uri: redirectUri }
}
