import { isServed } from './subscription-rows.ts'

/** Days after which an ended delivery goes. Its event stays in the audit. */
const deliveredDays = 14

/** Days after which a dead delivery goes, and after which a pending one is given up. */
const deadDays = 30

/** Rows that one clean-up removes at most, so that it locks none of them for long. */
export const cleanUpAtMost = 1_000

export const isKeyOf = (row: string) => `
  delivery.subscription_id = ${row}.subscription_id AND delivery.connection_id = ${row}.connection_id
  AND delivery.number = ${row}.number`

/**
 * Whether a delivery is pending, for statements that know its key. PostgreSQL has no statistics of a new table. With
 * `state = 'PENDING'` it then reads the index of all pending deliveries of a subscription, once for each key.
 */
export const isUnended = (row: string) => `${row}.ended_at IS NULL`

/**
 * The end of a list of keys, whose first parameter is $1. It leaves nothing out. PostgreSQL expects few rows of such a
 * list, and finds each key by the index. For more keys a plan for a small table reads the whole table.
 */
export const fewKeys = 'LIMIT cardinality($1::uuid[])'

/**
 * Makes the next pending delivery after each row of `ended` due. A claim may postpone that delivery at the same time.
 * The lock waits for the claim, and then shows what the claim wrote.
 */
const promotes = `
  next AS (
    SELECT later.* FROM ended CROSS JOIN LATERAL (
             SELECT later.subscription_id, later.connection_id, later.number, later.next_attempt_at, later.attempts
               FROM event_deliveries AS later
              WHERE later.subscription_id = ended.subscription_id AND later.connection_id = ended.connection_id
                AND later.number > ended.number AND ${isUnended('later')}
              ORDER BY later.number LIMIT 1 FOR NO KEY UPDATE
           ) AS later
  ), promoted AS (
    UPDATE event_deliveries AS delivery SET next_attempt_at = now()
      FROM next WHERE ${isKeyOf('next')} AND next.next_attempt_at > now() AND next.attempts = 0
  )`

/** Ends deliveries. $1 to $4: lists of subscriptions, connections, numbers and statuses. */
export const deliveredMany = `
  WITH arrived AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::int[])
                  AS arrived(subscription_id, connection_id, number, status) ${fewKeys}
  ), ended AS (
    UPDATE event_deliveries AS delivery
       SET state = 'DELIVERED', attempts = attempts + 1, leased_until = NULL, last_status = arrived.status,
           last_failure = NULL, ended_at = now()
      FROM arrived WHERE ${isKeyOf('arrived')} AND ${isUnended('delivery')}
    RETURNING delivery.subscription_id, delivery.connection_id, delivery.number
  ), ${promotes}, opened AS (
    UPDATE event_subscriptions SET failures = 0, probes = 0, failing_since = NULL, closed_until = NULL
     WHERE id IN (SELECT subscription_id FROM arrived) AND (failures > 0 OR closed_until IS NOT NULL)
  )
  SELECT json_build_array((SELECT count(*) FROM ended))`

/** The state of an endpoint. $1: the subscription. */
export const selectHealth = `
  SELECT json_build_object(
           'failures', failures, 'probes', probes, 'failingSince', failing_since, 'closedUntil', closed_until)
    FROM event_subscriptions WHERE id = $1::uuid`

/**
 * A failed attempt. $1 to $3: the key of the delivery. $4: the lease. $5 to $8: state, time of the next attempt, status
 * and reason. $9 to $11: failures, probes and the end of the closed time as they were seen. $12 to $15: failures,
 * probes, the first failure and the end of the closed time. $16: `true` switches the subscription off.
 */
export const failedAttempt = `
  WITH endpoint AS (
    UPDATE event_subscriptions
       SET failures = $12::int, probes = $13::int, failing_since = $14::timestamptz, closed_until = $15::timestamptz,
           state = CASE WHEN $16::boolean AND state = 'ACTIVE' THEN 'OFF' ELSE state END
     WHERE id = $1::uuid AND failures = $9::int AND probes = $10::int
       AND closed_until IS NOT DISTINCT FROM $11::timestamptz
    RETURNING id, owner_client_id, state
  ), noted AS (
    INSERT INTO event_subscription_changes (subscription_id, owner_client_id, act, door, changed_at)
    SELECT id, owner_client_id, 'SWITCHED_OFF', 'EXTERNAL', clock_timestamp() FROM endpoint
     WHERE $16::boolean AND state = 'OFF'
  ), failed AS (
    UPDATE event_deliveries AS delivery
       SET state = $5, attempts = attempts + 1, leased_until = NULL, last_status = $7::int, last_failure = $8,
           next_attempt_at = coalesce($6::timestamptz, next_attempt_at),
           ended_at = CASE WHEN $5 = 'DEAD' THEN now() END
      FROM endpoint
     WHERE delivery.subscription_id = endpoint.id AND delivery.connection_id = $2::uuid AND delivery.number = $3::bigint
       AND ${isUnended('delivery')} AND delivery.leased_until = $4::timestamptz
    RETURNING delivery.subscription_id, delivery.connection_id, delivery.number, delivery.state
  ), ended AS (SELECT * FROM failed WHERE state = 'DEAD'), ${promotes}
  SELECT json_build_array((SELECT count(*) FROM endpoint))`

/** Ends a delivery without a row of the audit. $1 to $3: its key. */
export const withoutChange = `
  WITH ended AS (
    UPDATE event_deliveries AS delivery
       SET state = 'DEAD', leased_until = NULL, last_failure = 'archived', ended_at = now()
     WHERE subscription_id = $1::uuid AND connection_id = $2::uuid AND number = $3::bigint
       AND ${isUnended('delivery')}
    RETURNING delivery.subscription_id, delivery.connection_id, delivery.number
  ), ${promotes}
  SELECT json_build_array((SELECT count(*) FROM ended))`

/** Renews leases. $1 to $4: lists of subscriptions, connections, numbers and leases, $5: the seconds. */
export const renewMany = `
  WITH held AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[]) WITH ORDINALITY
                  AS held(subscription_id, connection_id, number, lease, place) ${fewKeys}
  ), renewed AS (
    UPDATE event_deliveries AS delivery SET leased_until = now() + $5::int * interval '1 second'
      FROM held WHERE ${isKeyOf('held')} AND ${isUnended('delivery')} AND delivery.leased_until = held.lease
    RETURNING held.place, delivery.leased_until
  )
  SELECT json_build_array(place, leased_until) FROM renewed`

/** Gives leases back. $1 to $4: lists of subscriptions, connections, numbers and leases. */
export const releaseMany = `
  WITH held AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[])
                  AS held(subscription_id, connection_id, number, lease) ${fewKeys}
  ), released AS (
    UPDATE event_deliveries AS delivery SET leased_until = NULL
      FROM held WHERE ${isKeyOf('held')} AND ${isUnended('delivery')} AND delivery.leased_until = held.lease
    RETURNING 1
  )
  SELECT json_build_array((SELECT count(*) FROM released))`

/** $1: the client types that may act on every client. */
export const selectBacklog = `
  SELECT json_build_object(
           'pending', (SELECT count(*) FROM event_deliveries WHERE state = 'PENDING'),
           'dead', (SELECT count(*) FROM event_deliveries WHERE ended_at IS NOT NULL AND state = 'DEAD'),
           'oldestSeconds', (
             SELECT coalesce(extract(epoch FROM now() - min(delivery.next_attempt_at)), 0)
               FROM event_subscriptions AS subscription
                    JOIN event_deliveries AS delivery ON delivery.subscription_id = subscription.id
              WHERE subscription.method = 'PUSH' AND subscription.state = 'ACTIVE' AND subscription.closed_until IS NULL
                AND delivery.state = 'PENDING' AND delivery.next_attempt_at <= now()
                AND ${isServed('subscription', '$1::text[]')}
           ),
           'subscriptions', (
             SELECT coalesce(json_object_agg(state, found), '{}')
               FROM (SELECT state, count(*) AS found FROM event_subscriptions GROUP BY state) AS counted
           ))`

/**
 * Statements that remove what nobody needs, a portion each: ended deliveries, those of removed subscriptions, and
 * pending ones that nobody fetched.
 */
export const cleanUps = [
  `WITH old AS (
     SELECT subscription_id, connection_id, number FROM event_deliveries
      WHERE ended_at < now() - CASE state WHEN 'DEAD' THEN interval '${deadDays} days'
                                          ELSE interval '${deliveredDays} days' END
      ORDER BY ended_at LIMIT ${cleanUpAtMost} FOR UPDATE SKIP LOCKED
   ), gone AS (DELETE FROM event_deliveries AS delivery USING old WHERE ${isKeyOf('old')} RETURNING 1)
   SELECT json_build_array((SELECT count(*) FROM gone))`,
  `WITH orphans AS (
     SELECT subscription_id, connection_id, number FROM event_deliveries AS delivery
      WHERE NOT EXISTS (SELECT FROM event_subscriptions WHERE id = delivery.subscription_id)
      LIMIT ${cleanUpAtMost} FOR UPDATE SKIP LOCKED
   ), gone AS (DELETE FROM event_deliveries AS delivery USING orphans WHERE ${isKeyOf('orphans')} RETURNING 1)
   SELECT json_build_array((SELECT count(*) FROM gone))`,
  `WITH old AS (
     SELECT delivery.subscription_id, delivery.connection_id, delivery.number
       FROM event_deliveries AS delivery
      WHERE delivery.state = 'PENDING' AND delivery.attempts = 0
        AND delivery.next_attempt_at < now() - interval '${deadDays} days'
      LIMIT ${cleanUpAtMost} FOR UPDATE SKIP LOCKED
   ), ended AS (
     UPDATE event_deliveries AS delivery SET state = 'DEAD', last_failure = 'expired', ended_at = now()
       FROM old WHERE ${isKeyOf('old')} RETURNING 1
   )
   SELECT json_build_array((SELECT count(*) FROM ended))`,
] as const
