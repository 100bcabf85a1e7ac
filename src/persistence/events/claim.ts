import type { LeasedDelivery } from '../../events/delivery-queue.ts'
import { eventChange } from './event-change.ts'
import { isServed } from './subscription-rows.ts'

/** The longest time from a claim to its end, in which nobody else sends the delivery. An attempt takes half of it. */
export const leaseSeconds = 30

/**
 * Due deliveries of one subscription that a claim looks at. Deliveries behind one that waits leave this window (see
 * `postponed`), so a stuck connection does not hide the others.
 */
const windowSize = 200

/** A delivery behind one that waits is looked at again after this time, or when that one is due. */
const postponedSeconds = 300

const isFree = '(delivery.leased_until IS NULL OR delivery.leased_until < now())'

/**
 * Leases deliveries in one statement. Parameters: $1 how many, $2 how many of a subscription, $3 and $4
 * subscriptions with another number.
 *
 * The delivery before is the one of the same subscription and connection with the next smaller number. As long as it is
 * pending, a delivery is not claimed. PostgreSQL checks state and lease again on the locked row, so two instances never
 * lease one delivery. A probe closes its endpoint for the time of its lease, so there is one probe at a time.
 */
export const claim = `
  WITH seen AS MATERIALIZED (
    SELECT due.*, subscription.closed_until IS NOT NULL AS is_probe, before.state AS before_state,
           first_value(CASE WHEN before.state = 'PENDING' AND before.next_attempt_at > now()
                            THEN before.next_attempt_at END)
             OVER (PARTITION BY due.subscription_id, due.connection_id ORDER BY due.number) AS blocked_until,
           row_number() OVER (
             PARTITION BY due.subscription_id, before.state IS DISTINCT FROM 'PENDING' AND due.is_free
             ORDER BY due.next_attempt_at, due.number
           ) AS place,
           CASE WHEN subscription.closed_until IS NOT NULL OR subscription.failures > 0 THEN 1
                ELSE coalesce(own.share, $2::int) END AS share
      FROM event_subscriptions AS subscription
           LEFT JOIN unnest($3::uuid[], $4::int[]) AS own(id, share) ON own.id = subscription.id
           CROSS JOIN LATERAL (
             SELECT delivery.subscription_id, delivery.connection_id, delivery.number, delivery.next_attempt_at,
                    ${isFree} AS is_free
               FROM event_deliveries AS delivery
              WHERE delivery.subscription_id = subscription.id AND delivery.state = 'PENDING'
                AND delivery.next_attempt_at <= now()
              ORDER BY delivery.next_attempt_at, delivery.number LIMIT ${windowSize}
           ) AS due
           LEFT JOIN LATERAL (
             SELECT earlier.state, earlier.next_attempt_at FROM event_deliveries AS earlier
              WHERE earlier.subscription_id = due.subscription_id AND earlier.connection_id = due.connection_id
                AND earlier.number < due.number
              ORDER BY earlier.number DESC LIMIT 1
           ) AS before ON true
     WHERE subscription.method = 'PUSH' AND subscription.state = 'ACTIVE'
       AND (subscription.closed_until IS NULL OR subscription.closed_until <= now())
       AND coalesce(own.share, 1) > 0 AND ${isServed('subscription')}
  ), chosen AS (
    SELECT subscription_id, connection_id, number, is_probe FROM seen
     WHERE is_free AND before_state IS DISTINCT FROM 'PENDING' AND place <= share
     ORDER BY next_attempt_at, number LIMIT $1::int
  ), locked AS (
    SELECT delivery.subscription_id, delivery.connection_id, delivery.number, chosen.is_probe
      FROM event_deliveries AS delivery JOIN chosen USING (subscription_id, connection_id, number)
     WHERE delivery.state = 'PENDING' AND ${isFree}
       FOR UPDATE OF delivery SKIP LOCKED
  ), leased AS (
    UPDATE event_deliveries AS delivery SET leased_until = now() + interval '${leaseSeconds} seconds'
      FROM locked
     WHERE delivery.subscription_id = locked.subscription_id AND delivery.connection_id = locked.connection_id
       AND delivery.number = locked.number
    RETURNING delivery.*, locked.is_probe
  ), probed AS (
    UPDATE event_subscriptions SET closed_until = now() + interval '${leaseSeconds} seconds'
     WHERE closed_until IS NOT NULL AND id IN (SELECT subscription_id FROM leased WHERE is_probe)
  ), postponed AS (
    UPDATE event_deliveries AS delivery
       SET next_attempt_at = least(seen.blocked_until, now() + interval '${postponedSeconds} seconds')
      FROM seen
     WHERE seen.blocked_until IS NOT NULL AND seen.before_state = 'PENDING' AND delivery.state = 'PENDING'
       AND delivery.subscription_id = seen.subscription_id AND delivery.connection_id = seen.connection_id
       AND delivery.number = seen.number
  )
  SELECT json_build_object(
           'subscriptionId', leased.subscription_id, 'connectionId', leased.connection_id,
           'number', leased.number::text, 'lease', leased.leased_until, 'attempts', leased.attempts,
           'isProbe', leased.is_probe, 'url', subscription.url, 'keyGeneration', subscription.key_generation,
           'keyRotatedAt', subscription.key_rotated_at,
           'change', CASE WHEN change.id IS NOT NULL THEN ${eventChange('subscription', 'change')} END)
    FROM leased JOIN event_subscriptions AS subscription ON subscription.id = leased.subscription_id
         LEFT JOIN connection_changes AS change
           ON change.connection_id = leased.connection_id AND change.id = leased.number`

/** A row of `claim`. */
export type ClaimedRow = Omit<LeasedDelivery, 'keyRotatedAt'> & { readonly keyRotatedAt: string | null }
