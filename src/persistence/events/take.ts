import { leasedDelivery, leasedTables } from './claim.ts'
import { fewKeys, isKeyOf, isUnended } from './delivery-ends.ts'
import { isServed } from './subscription-rows.ts'

/**
 * Takes leases over. $1 to $5: lists of subscriptions, connections, numbers, leases, and whether each is a probe. $6:
 * seconds of the new lease. $7: the client types that may act on every client. A row has the place in the lists, from
 * 1, and the delivery.
 *
 * The lease of a claim proves that the delivery was the oldest pending one. It holds as long as nobody else has claimed
 * the delivery, also after its end. Meanwhile the endpoint may have closed, or the subscription may have been paused.
 */
export const take = `
  WITH held AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[], $5::boolean[]) WITH ORDINALITY
                  AS held(subscription_id, connection_id, number, lease, is_probe, place) ${fewKeys}
  ), leased AS (
    UPDATE event_deliveries AS delivery SET leased_until = now() + $6::int * interval '1 second'
      FROM held JOIN event_subscriptions AS subscription ON subscription.id = held.subscription_id
     WHERE ${isKeyOf('held')} AND ${isUnended('delivery')} AND delivery.leased_until = held.lease
       AND subscription.method = 'PUSH' AND subscription.state = 'ACTIVE'
       AND (held.is_probe OR subscription.closed_until IS NULL) AND ${isServed('subscription', '$7::text[]')}
    RETURNING delivery.*, held.is_probe, held.place
  )
  SELECT json_build_array(leased.place, ${leasedDelivery}) FROM ${leasedTables}`
