/**
 * SQL that returns one sentence for each reason why events would not be delivered, or could be forged. No row: the
 * database has no such problem. The rights are those of ops/postgres/rights.sql.
 */

const tables = ['event_subscriptions', 'event_inbox', 'event_deliveries', 'event_subscription_changes'] as const

const rights = [
  ['event_subscriptions', 'SELECT INSERT UPDATE DELETE'],
  ['event_inbox', 'SELECT DELETE'],
  ['event_deliveries', 'SELECT INSERT UPDATE DELETE'],
  ['event_subscription_changes', 'SELECT INSERT'],
] as const

const list = (values: readonly string[]) => values.map((value) => `'${value}'`).join(', ')

/** The function runs in the transaction of every change, with the rights of its owner. */
export const selectForgedEvents = `
  SELECT format('the function %s %s', called.oid::regprocedure, flaw.text)
    FROM pg_trigger
         JOIN pg_proc AS called ON called.oid = tgfoid
         CROSS JOIN LATERAL (VALUES
           (called.proname <> 'queue_event', 'is not queue_event'),
           (strpos(called.prosrc, format('INSERT INTO %s.event_inbox ', called.pronamespace::regnamespace)) = 0,
            'does not write to the event_inbox of its schema'),
           (NOT called.prosecdef, 'is not SECURITY DEFINER'),
           (NOT has_table_privilege(called.proowner, to_regclass('event_inbox'), 'INSERT'),
            'may not write to event_inbox'),
           (has_function_privilege('public', called.oid, 'EXECUTE'),
            'may be executed by PUBLIC: run ops/postgres/rights.sql')
         ) AS flaw(is_there, text)
   WHERE tgrelid = to_regclass('connection_changes') AND tgname = 'connection_changes_queue_event' AND flaw.is_there`

/** For a gateway that delivers events. In development one role owns all tables and serves. */
export const selectEventProblems = `
  SELECT format('the role %I has no right to %s %s', current_user, name, needed.relation)
    FROM (VALUES ${rights.map(([relation, words]) => `('${relation}', '${words}')`).join(', ')})
         AS needed(relation, words)
         CROSS JOIN unnest(string_to_array(needed.words, ' ')) AS name
   WHERE NOT coalesce(has_table_privilege(to_regclass(needed.relation), name), false)
  UNION ALL
  SELECT format('%s belongs to %s, which owns connections, too: run ops/postgres/rights.sql', ours.relname,
                ours.relowner::regrole)
    FROM pg_class AS ours JOIN pg_class AS mithrils ON mithrils.oid = to_regclass('connections')
   WHERE ours.oid IN (SELECT to_regclass(name) FROM unnest(ARRAY[${list(tables)}]) AS name)
     AND ours.relowner = mithrils.relowner AND ours.relowner::regrole::text <> quote_ident(current_user)`

/** A warning for a gateway that delivers events. */
export const eventsAreOff = `
  CASE WHEN NOT EXISTS (
         SELECT FROM pg_trigger WHERE tgrelid = to_regclass('connection_changes')
            AND tgname = 'connection_changes_queue_event' AND tgenabled IN ('O', 'A'))
       THEN 'EVENTS is on, but the database queues no events: run npm run events:on' END`
