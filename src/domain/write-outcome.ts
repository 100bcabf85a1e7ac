import type { ConnectionKey, WriteOutcome } from './connection.ts'
import type { WrittenKind } from './connection-change.ts'
import { GatewayError } from './errors.ts'
import type { Permit } from './permit.ts'
import { isUuid } from './uuid.ts'

/** Called after an operation has stored a change of a connection. */
export type ChangeObserver = (change: { readonly kind: WrittenKind; readonly permit: Permit }) => void

/**
 * The key of the connection that a permit names. An id that is no UUID is `notFound`: PostgreSQL could not compare it.
 * @throws GatewayError `notFound`
 */
export function keyOf({ clientId, connectionId }: Permit): ConnectionKey {
  if (!isUuid(clientId) || !isUuid(connectionId)) throw new GatewayError('notFound')
  return { clientId, connectionId }
}

/**
 * The result of a write. Reports a change to the observer.
 * @throws GatewayError `conflict` with the connection as it is now, or `notFound`
 */
export function finishWrite<Result>(
  onChange: ChangeObserver,
  permit: Permit,
  kind: WrittenKind,
  outcome: WriteOutcome<Result>,
): Result {
  if (outcome.kind === 'stale') throw new GatewayError('conflict', { current: outcome.current })
  if (outcome.kind === 'missing') throw new GatewayError('notFound')
  if (outcome.kind === 'done') onChange({ kind, permit })
  return outcome.result
}
