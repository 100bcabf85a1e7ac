import type { ConnectionKey, WriteOutcome } from './connection.ts'
import { GatewayError } from './errors.ts'
import { isUuid } from './uuid.ts'

/**
 * An id that is no UUID names no connection, and the database would refuse to look for it. @throws GatewayError
 * `notFound`
 */
export function requireKey({ clientId, connectionId }: ConnectionKey): ConnectionKey {
  if (!isUuid(clientId) || !isUuid(connectionId)) throw new GatewayError('notFound')
  return { clientId, connectionId }
}

/** What a write led to. @throws GatewayError `conflict` with the connection as it is now, or `notFound` */
export function settleWrite<Done>(outcome: WriteOutcome<Done>): Done {
  if (outcome.kind === 'stale') throw new GatewayError('conflict', { current: outcome.current })
  if (outcome.kind === 'missing') throw new GatewayError('notFound')
  return outcome.result
}
