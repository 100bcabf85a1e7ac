import type { LeasedDelivery } from '../../events/delivery-queue.ts'
import { eventChange } from './event-change.ts'
import { isServed } from './subscription-rows.ts'

/** A probe closes its endpoint for this time, so the next one begins after its end. An attempt takes half of it. */
const probeSeconds = 30

/** Due deliveries of one subscription that a claim looks at. */
const windowSize = 500

/**
 * Due deliveries of one connection that stay in this window. The others leave it (see `postponed`), and so do those
 * behind one that waits. So neither a stuck connection nor the lease of a killed instance hides other connections.
 */
const windowOfConnection = 10

/** A delivery that left the window is looked at again after this time, or when the one before has ended. */
const postponedSeconds = 300

const isFree = '(delivery.leased_until IS NULL OR delivery.leased_until < now())'

/** The SQL of a `ClaimedRow`, from the rows `leased`. */
export const leasedDelivery = `json_build_object(
  'subscriptionId', leased.subscription_id, 'connectionId', leased.connection_id,
  'number', leased.number::text, 'lease', leased.leased_until, 'attempts', leased.attempts,
  'isProbe', leased.is_probe, 'url', subscription.url, 'keyGeneration', subscription.key_generation,
  'keyRotatedAt', subscription.key_rotated_at,
  'change', CASE WHEN change.id IS NOT NULL THEN ${eventChange('subscription', 'change')} END)`

/** `leased` with what an attempt needs. */
export const leasedTables = `leased JOIN event_subscriptions AS subscription ON subscription.id = leased.subscription_id
  LEFT JOIN connection_changes AS change
    ON change.connection_id = leased.connection_id AND change.id = leased.number`

/**
 * Leases deliveries in one statement. Parameters: $1 how many, $2 how many of a subscription, $3 and $4
 * subscriptions with another number, $5 the seconds of the leases. $6: the client types that may act on every client.
 *
 * The delivery before is the one of the same subscription and connection with the next smaller number. As long as it is
 * pending, a delivery is not claimed. So only the first due delivery of each connection is looked at closely.
 * PostgreSQL checks state and lease again on the locked row, so two instances never lease one delivery. A probe closes
 * its endpoint, so there is one probe at a time.
 *
 * The end of a delivery makes the next one due (`promotes`). So the claim locks the last delivery before those that
 * leave the window. If it has ended meanwhile, they stay. If it ends afterwards, its end waits for the claim.
 */
export const claim = `
  WITH served AS MATERIALIZED (
    SELECT id, closed_until IS NOT NULL AS is_probe,
           CASE WHEN closed_until IS NOT NULL OR failures > 0 THEN 1 ELSE coalesce(own.share, $2::int) END AS share
      FROM event_subscriptions AS subscription
           LEFT JOIN unnest($3::uuid[], $4::int[]) AS own(subscription_id, share)
             ON own.subscription_id = subscription.id
     WHERE subscription.method = 'PUSH' AND subscription.state = 'ACTIVE'
       AND (subscription.closed_until IS NULL OR subscription.closed_until <= now())
       AND coalesce(own.share, 1) > 0 AND ${isServed('subscription', '$6::text[]')}
  ), seen AS MATERIALIZED (
    SELECT served.is_probe, served.share, due.*
      FROM served CROSS JOIN LATERAL (
             SELECT ranked.*,
                    ranked.rank = 1 AND ranked.is_free AND before.state IS DISTINCT FROM 'PENDING' AS is_next,
                    first_value(CASE WHEN before.state = 'PENDING' AND before.next_attempt_at > now()
                                     THEN before.next_attempt_at END)
                      OVER (PARTITION BY ranked.connection_id ORDER BY ranked.number) AS blocked_until
               FROM (
                      SELECT oldest.*, row_number() OVER (PARTITION BY connection_id ORDER BY number) AS rank
                        FROM (
                               SELECT delivery.ctid AS row_id, delivery.subscription_id, delivery.connection_id,
                                      delivery.number, delivery.next_attempt_at, ${isFree} AS is_free
                                 FROM event_deliveries AS delivery
                                WHERE delivery.subscription_id = served.id AND delivery.state = 'PENDING'
                                  AND delivery.next_attempt_at <= now()
                                ORDER BY delivery.next_attempt_at, delivery.number LIMIT ${windowSize}
                             ) AS oldest
                    ) AS ranked
                    LEFT JOIN LATERAL (
                      SELECT earlier.state, earlier.next_attempt_at FROM event_deliveries AS earlier
                       WHERE ranked.rank = 1 AND ranked.is_free AND earlier.subscription_id = ranked.subscription_id
                         AND earlier.connection_id = ranked.connection_id AND earlier.number < ranked.number
                       ORDER BY earlier.number DESC LIMIT 1
                    ) AS before ON true
           ) AS due
  ), placed AS (
    SELECT *, row_number() OVER (PARTITION BY subscription_id ORDER BY next_attempt_at, number) AS place
      FROM seen WHERE is_next
  ), chosen AS (
    SELECT subscription_id, connection_id, number, is_probe FROM placed
     WHERE place <= share ORDER BY next_attempt_at, number LIMIT $1::int
  ), locked AS (
    SELECT delivery.subscription_id, delivery.connection_id, delivery.number, chosen.is_probe
      FROM event_deliveries AS delivery JOIN chosen USING (subscription_id, connection_id, number)
     WHERE delivery.state = 'PENDING' AND ${isFree}
       FOR UPDATE OF delivery SKIP LOCKED
  ), leased AS (
    UPDATE event_deliveries AS delivery SET leased_until = now() + $5::int * interval '1 second'
      FROM locked
     WHERE delivery.subscription_id = locked.subscription_id AND delivery.connection_id = locked.connection_id
       AND delivery.number = locked.number
    RETURNING delivery.*, locked.is_probe
  ), probed AS (
    UPDATE event_subscriptions SET closed_until = now() + interval '${probeSeconds} seconds'
     WHERE closed_until IS NOT NULL AND id IN (SELECT subscription_id FROM leased WHERE is_probe)
  ), guarded AS MATERIALIZED (
    SELECT seen.subscription_id, seen.connection_id
      FROM seen CROSS JOIN LATERAL (
             SELECT FROM event_deliveries AS delivery
              WHERE delivery.ctid = seen.row_id AND delivery.state = 'PENDING' FOR NO KEY UPDATE SKIP LOCKED
           ) AS last_one
     WHERE seen.rank = ${windowOfConnection}
  ), hidden AS (
    SELECT locked_one.ctid, least(seen.blocked_until, now() + interval '${postponedSeconds} seconds') AS until
      FROM seen CROSS JOIN LATERAL (
             SELECT delivery.ctid FROM event_deliveries AS delivery
              WHERE delivery.ctid = seen.row_id AND delivery.state = 'PENDING' FOR UPDATE SKIP LOCKED
           ) AS locked_one
     WHERE seen.blocked_until IS NOT NULL
        OR (seen.rank > ${windowOfConnection}
            AND (seen.subscription_id, seen.connection_id) IN (SELECT subscription_id, connection_id FROM guarded))
  ), postponed AS (
    UPDATE event_deliveries AS delivery SET next_attempt_at = hidden.until
      FROM hidden WHERE delivery.ctid = hidden.ctid
  )
  SELECT ${leasedDelivery} FROM ${leasedTables}`

/** A row of `claim` and of `take`. */
export type ClaimedRow = Omit<LeasedDelivery, 'keyRotatedAt'> & { readonly keyRotatedAt: string | null }
