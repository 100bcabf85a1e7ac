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

/**
 * The first function runs in the transaction of every change, the second one in that of a new subscription. Both have
 * the rights of their owner.
 */
export const selectForgedEvents = `
  SELECT format('the function %s %s', called.oid::regprocedure, flaw.text)
    FROM (VALUES
           ('connection_changes', 'connection_changes_queue_event', 'queue_event',
            'INSERT INTO %s.event_inbox ', 'write to', 'event_inbox'),
           ('event_subscriptions', 'event_subscriptions_enable_queue', 'enable_event_queue',
            'ALTER TABLE %s.connection_changes ', 'alter', 'connection_changes')
         ) AS expected(relation, name, function, statement, verb, target)
         JOIN pg_trigger ON tgrelid = to_regclass(expected.relation) AND tgname = expected.name
         JOIN pg_proc AS called ON called.oid = tgfoid
         JOIN pg_class AS target ON target.oid = to_regclass(expected.target)
         CROSS JOIN LATERAL (VALUES
           (called.proname <> expected.function, 'is not ' || expected.function),
           (strpos(called.prosrc, format(expected.statement, called.pronamespace::regnamespace)) = 0,
            format('does not %s the %s of its schema', expected.verb, expected.target)),
           (NOT called.prosecdef, 'is not SECURITY DEFINER'),
           (NOT CASE expected.verb WHEN 'alter' THEN pg_has_role(called.proowner, target.relowner, 'USAGE')
                                   ELSE has_table_privilege(called.proowner, target.oid, 'INSERT') END,
            format('may not %s %s', expected.verb, expected.target)),
           (has_function_privilege('public', called.oid, 'EXECUTE'),
            'may be executed by PUBLIC: run ops/postgres/rights.sql')
         ) AS flaw(is_there, text)
   WHERE flaw.is_there`

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

/** Whether a trigger is enabled in one of these ways. `A` fires for changes that replication brings, too. */
const isEnabled = (relation: string, trigger: string, ways = `'O', 'A'`) => `EXISTS (
         SELECT FROM pg_trigger
          WHERE tgrelid = to_regclass('${relation}') AND tgname = '${trigger}' AND tgenabled IN (${ways}))`

/**
 * A warning for a gateway that delivers events. Without a subscription no change is queued, so only the trigger of
 * subscriptions says then whether events are on. A copy of rows without triggers leaves subscriptions without a queue.
 */
export const eventsAreOff = `
  CASE WHEN ${isEnabled('connections', 'connections_record_update', `'A'`)}
            AND ${isEnabled('connection_changes', 'connection_changes_queue_event', `'O'`)}
       THEN 'Changes that replication brings are recorded, but queue no events: ' ||
            'connection_changes_queue_event of connection_changes needs ENABLE ALWAYS'
       WHEN ${isEnabled('connection_changes', 'connection_changes_queue_event')} THEN NULL
       WHEN NOT ${isEnabled('event_subscriptions', 'event_subscriptions_enable_queue')}
       THEN 'EVENTS is on, but the database queues no events: run npm run events:on'
       WHEN EXISTS (SELECT FROM event_subscriptions)
       THEN 'There are subscriptions, but the database queues no events: run npm run events:on' END`
