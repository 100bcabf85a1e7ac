import { selectEventProblems, selectForgedEvents } from './event-guard.ts'

/**
 * SQL that returns one sentence for each reason why a write would leave no trustworthy record. Reasons are a restore of
 * tables only, disabled triggers, a renamed schema, and lost owners or rights. It also names the rights that the
 * gateway's role lacks. No row: the database has no such problem.
 */

const triggers = [
  ['connections', 'connections_advance_version', 'advance_connection_version'],
  ['connections', 'connections_record_create', 'record_connection_create'],
  ['connections', 'connections_record_update', 'record_connection_update'],
  ['connections', 'connections_record_delete', 'record_connection_delete'],
  ['connections', 'connections_record_truncate', 'record_connections_truncate'],
  ['connection_changes', 'connection_changes_append_only', 'refuse_to_rewrite_history'],
] as const

const recordFunctions = "('record_connection_create', 'record_connection_update', 'record_connection_delete')"

/** The columns that the lookup of opaque tokens reads (ops/postgres/rights.sql). */
const rightsForTokens = ['tokens', 'SELECT', 'name value user_id expires_at details']

/** The columns that operations read and write (ops/postgres/rights.sql). */
const rights = [
  [
    'clients',
    'SELECT',
    'id name settings priv_settings user_id client_type_id is_blocked block_reason inserted_at updated_at',
  ],
  ['client_types', 'SELECT', 'id name'],
  ['users', 'SELECT', 'id is_blocked'],
  ['connections', 'SELECT', 'id secret redirect_uri client_id consumer_id version inserted_at updated_at'],
  ['connections', 'UPDATE', 'secret redirect_uri version updated_at'],
  [
    'connection_changes',
    'SELECT',
    'id connection_id client_id consumer_id version kind redirect_uri_before redirect_uri_after changed_at',
  ],
] as const

/** The columns of `connections` that the functions read, each with the only type that they take. */
const recordedColumns = [
  ['id', 'uuid'],
  ['client_id', 'uuid'],
  ['consumer_id', 'uuid'],
  ['version', 'int4'],
  ['secret', 'varchar'],
  ['redirect_uri', 'varchar'],
] as const

const row = (values: readonly string[]) => `(${values.map((value) => `'${value}'`).join(', ')})`

const wrongSession = `
  SELECT 'the database is read-only' WHERE pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'
  UNION ALL
  SELECT 'session_replication_role is replica, so no change is recorded'
   WHERE current_setting('session_replication_role') = 'replica'`

const wrongTriggers = `
  SELECT format('the trigger %s of %s %s', expected.name, expected.relation, CASE
           WHEN found.oid IS NULL THEN 'is missing'
           WHEN called.proname IS DISTINCT FROM expected.function THEN 'does not call ' || expected.function
           ELSE 'is disabled' END)
    FROM (VALUES ${triggers.map(row).join(', ')}) AS expected(relation, name, function)
         LEFT JOIN pg_trigger AS found
           ON found.tgrelid = to_regclass(expected.relation) AND found.tgname = expected.name
         LEFT JOIN pg_proc AS called ON called.oid = found.tgfoid
   WHERE found.oid IS NULL OR found.tgenabled NOT IN ('O', 'A') OR called.proname <> expected.function`

/** Each function names its table with the schema, so that a writer's search path cannot change the table. */
const wrongFunctions = `
  SELECT format('the function %s %s', called.oid::regprocedure, flaw.text)
    FROM pg_trigger
         JOIN pg_proc AS called ON called.oid = tgfoid AND called.proname IN ${recordFunctions}
         JOIN pg_class AS history ON history.oid = to_regclass('connection_changes')
         CROSS JOIN LATERAL (VALUES
           (strpos(called.prosrc, format('INSERT INTO %s.connection_changes ', history.relnamespace::regnamespace)) = 0,
            'does not write to the connection_changes of this schema'),
           (NOT called.prosecdef, 'is not SECURITY DEFINER'),
           (NOT has_table_privilege(called.proowner, history.oid, 'INSERT'), 'may not write to connection_changes'),
           (has_function_privilege('public', called.oid, 'EXECUTE'),
            'may be executed by PUBLIC: run ops/postgres/rights.sql')
         ) AS flaw(is_there, text)
   WHERE tgrelid = to_regclass('connections') AND flaw.is_there`

/** The functions refuse every write where a column has another type (migration 0012). */
const wrongTypes = `
  SELECT format('connections.%s is of the type %s, not %s', expected.name, found.atttypid::regtype, expected.type)
    FROM (VALUES ${recordedColumns.map(row).join(', ')}) AS expected(name, type)
         JOIN pg_attribute AS found
           ON found.attrelid = to_regclass('connections') AND found.attname = expected.name AND NOT found.attisdropped
   WHERE found.atttypid <> to_regtype('pg_catalog.' || quote_ident(expected.type))`

/** In development one role owns all tables and serves, so this check does not apply. */
const wrongOwner = `
  SELECT format('connection_changes belongs to %s, which owns connections, too: run ops/postgres/rights.sql',
                history.relowner::regrole)
    FROM pg_class AS history JOIN pg_class AS mithrils ON mithrils.oid = to_regclass('connections')
   WHERE history.oid = to_regclass('connection_changes') AND history.relowner = mithrils.relowner
     AND history.relowner::regrole::text <> quote_ident(current_user)`

const missingRights = (opaqueTokens: boolean) => `
  SELECT format('the role %I has no right to %s %s of %s', current_user, needed.right, name, needed.relation)
    FROM (VALUES ${[...rights, ...(opaqueTokens ? [rightsForTokens] : [])].map(row).join(', ')})
         AS needed(relation, "right", names)
         CROSS JOIN unnest(string_to_array(needed.names, ' ')) AS name
   WHERE NOT coalesce(has_column_privilege(to_regclass(needed.relation), name, needed.right), false)
  UNION ALL
  SELECT format('the role %I has no right to DELETE from connections', current_user)
   WHERE NOT coalesce(has_table_privilege(to_regclass('connections'), 'DELETE'), false)`

/**
 * Up to this size the check reads all ids, in a millisecond. Of a longer history it reads the ids of the last pages.
 */
const smallHistory = 2 ** 20
const lastPages = `ARRAY(
  SELECT format('(%s,%s)', page, item)::tid
    FROM generate_series(greatest(pg_relation_size('connection_changes') / 8192 - 8, 0),
                         pg_relation_size('connection_changes') / 8192) AS page, generate_series(1, 100) AS item)`

/** Logical replication, `pg_restore -t` and COPY insert rows without a use of the sequence. */
const sequenceBehind = `
  SELECT 'the sequence of connection_changes.id is behind its ids: run npm run db:migrate'
    FROM (SELECT pg_get_serial_sequence('connection_changes', 'id') AS name) AS sequence
   WHERE CASE
           WHEN NOT has_sequence_privilege(sequence.name, 'SELECT') THEN false
           ELSE CASE WHEN pg_relation_size('connection_changes') <= ${smallHistory}
                     THEN (SELECT max(id) FROM connection_changes)
                     ELSE (SELECT max(id) FROM connection_changes WHERE ctid = ANY (${lastPages})) END
                > coalesce(pg_sequence_last_value(sequence.name::regclass), 0)
         END`

/** What the checks have to know of the configuration. */
export interface GuardOptions {
  /** Whether tokens are looked up, too. */
  readonly opaqueTokens: boolean
  /** Whether this gateway delivers events. */
  readonly events: boolean
}

export const selectProblems = ({ opaqueTokens, events }: GuardOptions) =>
  [
    wrongSession,
    wrongTriggers,
    wrongFunctions,
    wrongTypes,
    wrongOwner,
    missingRights(opaqueTokens),
    sequenceBehind,
    selectForgedEvents,
    ...(events ? [selectEventProblems] : []),
  ].join('\n  UNION ALL')
