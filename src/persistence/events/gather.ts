import { reaches } from './subscription-rows.ts'

/** The oldest changes that one statement takes out of the inbox at most. */
export const gatherAtMost = 5_000

/** The newest changes that may overtake older ones of other connections. */
const overtakeAtMost = 1_000

const isMyTurn = `(SELECT pg_try_advisory_xact_lock(hashtextextended('mithril-connection-gateway events', 0)))`

/**
 * Takes changes out of the inbox and makes their deliveries, in one statement. One instance at a time does so. With
 * two, the later change of a connection could become a delivery first. The lock ends with the statement.
 *
 * The changes of a connection are committed in the order of their numbers. So no earlier change of a connection appears
 * after the smallest numbers were taken. A large transaction leaves many changes. Those of connections that are all
 * among the newest ones need not wait for them.
 */
export const gather = `
  WITH taken AS (
    DELETE FROM event_inbox
     WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM event_inbox
              WHERE ${isMyTurn}
              ORDER BY number LIMIT ${gatherAtMost}
           ) || ARRAY(
             SELECT unnest(array_agg(ctid)) FROM event_inbox
              WHERE ${isMyTurn}
              GROUP BY connection_id
             HAVING min(number) > (SELECT number FROM event_inbox ORDER BY number DESC OFFSET ${overtakeAtMost} LIMIT 1)
           ))
    RETURNING connection_id, number
  ), queued AS (
    INSERT INTO event_deliveries (subscription_id, connection_id, number)
    SELECT subscription.id, change.connection_id, change.id
      FROM taken
           JOIN connection_changes AS change
             ON change.connection_id = taken.connection_id AND change.id = taken.number
           JOIN event_subscriptions AS subscription
             ON subscription.subject_client_id = ANY (ARRAY[
                  change.client_id, change.consumer_id, '00000000-0000-0000-0000-000000000000'
                ])
            AND subscription.state IN ('ACTIVE', 'PAUSED') AND ${reaches('subscription', 'change')}
    ON CONFLICT DO NOTHING
  )
  SELECT json_build_array((SELECT count(*) FROM taken))`
