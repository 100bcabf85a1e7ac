import { reaches } from './subscription-rows.ts'

/**
 * The SQL of a row of the audit as `EventChange`. Its time is text, because a `Date` has no microseconds. `previous` is
 * the number of the change before it that reaches the same subscription.
 */
export const eventChange = (subscription: string, change: string) => `json_build_object(
  'number', ${change}.id::text, 'kind', ${change}.kind, 'connectionId', ${change}.connection_id,
  'clientId', ${change}.client_id, 'consumerId', ${change}.consumer_id, 'version', ${change}.version,
  'before', ${change}.redirect_uri_before, 'after', ${change}.redirect_uri_after, 'door', ${change}.door,
  'requestId', ${change}.request_id,
  'changedAt', to_char(timezone('utc', ${change}.changed_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  'previous', (
    SELECT earlier.id::text FROM connection_changes AS earlier
     WHERE earlier.connection_id = ${change}.connection_id AND earlier.id < ${change}.id
       AND ${reaches(subscription, 'earlier')}
     ORDER BY earlier.id DESC LIMIT 1
  ))`
