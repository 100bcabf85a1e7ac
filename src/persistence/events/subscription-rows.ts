import type { EventSubscription } from '../../domain/event-subscription.ts'
import { createColumns, type Row } from '../stores/columns.ts'

/** A subscription as PostgreSQL returns it. Times are ISO 8601 with an offset. */
interface SubscriptionValues extends Omit<EventSubscription, 'keyRotatedAt' | 'failingSince' | 'createdAt'> {
  readonly keyRotatedAt: string | null
  readonly failingSince: string | null
  /** In UTC, without an offset, as the cursor of a list has it. */
  readonly createdAt: string
}

export type SubscriptionRow = Row<SubscriptionValues>

export const subscriptionColumns = createColumns<SubscriptionValues>({
  id: 'id',
  ownerClientId: 'owner_client_id',
  reach: 'reach',
  method: 'method',
  url: 'url',
  kinds: 'kinds',
  state: 'state',
  keyGeneration: 'key_generation',
  keyRotatedAt: 'key_rotated_at',
  failingSince: 'failing_since',
  createdAt: `timezone('utc', created_at)`,
})

/** Reads a time with an offset. */
export const timeOf = (text: string | null) => (text === null ? null : new Date(text))

export function subscriptionOf(row: SubscriptionRow): EventSubscription {
  const { keyRotatedAt, failingSince, createdAt, ...rest } = subscriptionColumns.read(row)
  return {
    ...rest,
    keyRotatedAt: timeOf(keyRotatedAt),
    failingSince: timeOf(failingSince),
    createdAt: new Date(`${createdAt}Z`),
  }
}

/** The condition that a change reaches a subscription: the rule `receives` of the domain, without the state. */
export const reaches = (subscription: string, change: string) => `(
  ${change}.kind = ANY (${subscription}.kinds) AND CASE ${subscription}.reach
    WHEN 'CLIENT' THEN ${change}.client_id = ${subscription}.owner_client_id
    WHEN 'CONSUMER' THEN ${change}.consumer_id = ${subscription}.owner_client_id
    ELSE true
  END)`

/**
 * The condition that the owner of a subscription may receive its events now. Mithril has not blocked it, and for the
 * events of all connections its type is one of `adminTypes`, a `text[]`. Otherwise the events wait.
 */
export const isServed = (subscription: string, adminTypes: string) => `
  NOT EXISTS (SELECT FROM clients WHERE clients.id = ${subscription}.owner_client_id AND clients.is_blocked)
  AND (${subscription}.reach <> 'ALL' OR EXISTS (
        SELECT FROM clients JOIN client_types ON client_types.id = clients.client_type_id
         WHERE clients.id = ${subscription}.owner_client_id AND client_types.name = ANY (${adminTypes})
      ))`
