-- The rights of the serving role, and nothing more. gateway_migrator runs this after the migrations, at every upgrade,
-- and after every restore; a superuser can, too. It is one transaction, and running it again does no harm. Rights are
-- given column by column. So a mistake in the gateway cannot read the secrets of clients or the addresses of users, and
-- cannot move a connection to another client.
BEGIN;

-- What belongs to us, belongs to gateway_migrator. `pg_restore --no-owner` gives it to the restoring role, which could
-- rewrite the record.
DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('ALTER TABLE %s OWNER TO gateway_migrator', oid::regclass)
          FROM pg_class
         WHERE oid IN (
                   to_regclass('connection_changes'), to_regclass('connection_change_archives'),
                   to_regclass('event_subscriptions'), to_regclass('event_inbox'), to_regclass('event_deliveries'),
                   to_regclass('event_subscription_changes'), to_regclass('_prisma_migrations')
               )
           AND relowner <> 'gateway_migrator'::regrole
        UNION ALL
        SELECT format('ALTER FUNCTION %s OWNER TO gateway_migrator', pg_proc.oid::regprocedure)
          FROM pg_proc
               JOIN pg_class ON pg_class.oid = to_regclass('connection_changes') AND relnamespace = pronamespace
         WHERE proname IN (
                   'record_connection_create', 'record_connection_update', 'record_connection_delete',
                   'record_connections_truncate',
                   'advance_connection_version', 'refuse_to_rewrite_history',
                   'register_history_archive', 'remove_archived_changes', 'queue_event', 'enable_event_queue'
               )
           AND proowner <> 'gateway_migrator'::regrole
    LOOP
        EXECUTE statement;
    END LOOP;
END
$$;

-- A role that may execute one of these functions may make a trigger of it, on a temporary table, and so write any row
-- into the record. PostgreSQL lets every role execute a new function, and a restored one after `pg_restore
-- --no-privileges`.
REVOKE ALL ON FUNCTION record_connection_create(), record_connection_update(), record_connection_delete() FROM PUBLIC;
REVOKE ALL ON FUNCTION register_history_archive(text, timestamptz, bigint), remove_archived_changes(text, text[])
    FROM PUBLIC;
REVOKE ALL ON FUNCTION queue_event(), enable_event_queue() FROM PUBLIC;
REVOKE ALL ON connection_changes, connection_change_archives, _prisma_migrations FROM PUBLIC;
REVOKE ALL ON event_subscriptions, event_inbox, event_deliveries, event_subscription_changes FROM PUBLIC;

DO $$
DECLARE
    schema regnamespace := (SELECT relnamespace FROM pg_class WHERE oid = 'connections'::regclass);
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %s TO gateway', schema);
    -- An installation that has not run roles.sql anew has no gateway_archivist, and archives with the migrator's role.
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gateway_archivist') THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %s TO gateway_archivist', schema);
        -- It reads the history and whether a connection lives. It removes rows by the guarded functions only.
        GRANT SELECT ON connection_changes, connection_change_archives TO gateway_archivist;
        GRANT SELECT (id) ON connections TO gateway_archivist;
        GRANT EXECUTE ON FUNCTION register_history_archive(text, timestamptz, bigint),
            remove_archived_changes(text, text[]) TO gateway_archivist;
    END IF;
END
$$;

-- Readiness asks whether the database is as this version of the gateway wants it.
GRANT SELECT (migration_name, finished_at, rolled_back_at) ON _prisma_migrations TO gateway;

-- `priv_settings` say whether a client acts through a broker.
GRANT SELECT (
    id, name, settings, priv_settings, user_id, client_type_id, is_blocked, block_reason, inserted_at, updated_at
) ON clients TO gateway;
GRANT SELECT (id, name) ON client_types TO gateway;
GRANT SELECT (id, is_blocked) ON users TO gateway;

-- The gateway reads `secret` to compare an API key with it, and writes it to make a new one.
GRANT SELECT ON connections TO gateway;
GRANT UPDATE (redirect_uri, secret, version, updated_at) ON connections TO gateway;
GRANT DELETE ON connections TO gateway;

-- A trigger writes the rows with the rights of its owner. No other role can add one, and no role at all can change one.
GRANT SELECT ON connection_changes TO gateway;

-- The trigger fills the inbox with the rights of its owner. The gateway empties it and delivers the events. It adds rows
-- to the log of subscriptions, and changes none.
GRANT SELECT, INSERT, UPDATE, DELETE ON event_subscriptions, event_deliveries TO gateway;
GRANT SELECT, DELETE ON event_inbox TO gateway;
GRANT SELECT, INSERT ON event_subscription_changes TO gateway;

-- Readiness compares the sequence with the ids in the table. A copy of rows alone leaves the sequence behind.
DO $$
BEGIN
    EXECUTE format('GRANT SELECT ON SEQUENCE %s TO gateway', pg_get_serial_sequence('connection_changes', 'id'));
END
$$;

COMMIT;
