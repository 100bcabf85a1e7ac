import type { Door } from '../domain/call.ts'
import type { WrittenKind } from '../domain/connection-change.ts'
import type { Log } from './log.ts'
import type { Meter } from './meter.ts'

/** One change of a connection. It has no redirect URI and no secret, so the gateway may log all of it. */
export interface ObservedChange {
  readonly kind: WrittenKind
  readonly door: Door
  /** The client that made the change. */
  readonly clientId: string
  readonly connectionId: string
  /** The client that the connection belongs to. */
  readonly connectionClientId: string
  readonly requestId: string
}

/**
 * Makes the function that counts and logs each change. One request may hold several changes, and the line of a request
 * names the first of them only.
 */
export function observeChanges(
  meter: Pick<Meter, 'changed'>,
  log: Pick<Log, 'info'>,
): (change: ObservedChange) => void {
  return ({ kind, door, clientId, connectionId, connectionClientId, requestId }) => {
    meter.changed(kind, door)
    log.info({ requestId, door, kind, clientId, connectionId, connectionClientId }, 'change')
  }
}
