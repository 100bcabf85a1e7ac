-- Mithril's role may make operators, casts and functions in the schema of "connections", and it owns that table. The
-- functions of 0007_history_archives looked names up in this schema, and compared values of different types. So an
-- operator of Mithril's ran with the rights of the history's owner. Now they find operators and functions in pg_catalog
-- only, and name each table with its schema. CREATE OR REPLACE keeps their owner and rights, and no settings.
DO $migration$
DECLARE
    place CONSTANT text := (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = 'connection_changes'::regclass);
BEGIN
    EXECUTE format($template$
        CREATE OR REPLACE FUNCTION %1$s.register_history_archive(digest text, cutoff timestamptz, rows_in_file bigint)
        RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
        BEGIN
            IF cutoff > now() - interval '30 days' THEN
                RAISE EXCEPTION 'changes of the last 30 days are not archived' USING ERRCODE = 'insufficient_privilege';
            END IF;
            INSERT INTO %1$s.connection_change_archives (sha256, before, row_count, archived_by, archived_at)
            VALUES (digest, cutoff, rows_in_file, session_user, clock_timestamp())
            ON CONFLICT DO NOTHING;
        END
        $function$
    $template$, place);

    -- An index, statistics or a constraint of "connections" can call a function of Mithril's. PostgreSQL calls it while
    -- it plans a query of the table, with the rights of the query's role. So can a policy, or a view in place of the
    -- table. The lock keeps others from adding one meanwhile, and lets reads and writes pass.
    EXECUTE format($template$
        CREATE OR REPLACE FUNCTION %1$s.remove_archived_changes(digest text, lines text[])
        RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET row_security = off
        -- The time zone is that of the lines.
        SET timezone = 'UTC'
        -- The next row is one step away in the primary key. Without statistics PostgreSQL would collect all rows of the
        -- connection for each row instead.
        SET enable_bitmapscan = off AS $function$
        DECLARE
            cutoff timestamptz;
            removed bigint;
        BEGIN
            SELECT before INTO cutoff FROM %1$s.connection_change_archives WHERE sha256 = digest::bpchar;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'no archive with the digest %% is registered', digest
                    USING ERRCODE = 'insufficient_privilege';
            END IF;
            LOCK TABLE %1$s.connections IN SHARE UPDATE EXCLUSIVE MODE;
            IF EXISTS (
                WITH RECURSIVE tables AS (
                    SELECT %2$L::regclass::oid AS id
                     UNION
                    SELECT inhrelid FROM pg_inherits JOIN tables ON inhparent = id
                ), parts AS (
                    SELECT indexrelid AS id FROM pg_index WHERE indrelid IN (SELECT id FROM tables)
                     UNION ALL SELECT oid FROM pg_statistic_ext WHERE stxrelid IN (SELECT id FROM tables)
                     UNION ALL SELECT oid FROM pg_constraint WHERE conrelid IN (SELECT id FROM tables)
                )
                SELECT FROM tables JOIN pg_class ON oid = id WHERE relkind NOT IN ('r', 'p')
                 UNION ALL
                SELECT FROM tables LEFT JOIN pg_attribute ON attrelid = id AND attname = 'id' AND NOT attisdropped
                 WHERE atttypid IS DISTINCT FROM 'uuid'::regtype
                 UNION ALL
                SELECT FROM parts JOIN pg_depend ON objid = id
                 WHERE classid IN ('pg_class'::regclass, 'pg_statistic_ext'::regclass, 'pg_constraint'::regclass)
                   AND refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)
            ) THEN
                RAISE EXCEPTION 'connections is no table with an id of type uuid, or an index, statistics or a '
                                'constraint of it calls a function that is not of PostgreSQL'
                    USING ERRCODE = 'object_not_in_prerequisite_state', TABLE = 'connections';
            END IF;
            PERFORM set_config('gateway.archive', digest, true);
            DELETE FROM %1$s.connection_changes AS change
             USING (SELECT line::jsonb AS content FROM unnest(lines) AS line) AS archived
             WHERE change.connection_id = (content ->> 'connection_id')::uuid
               AND change.id = (content ->> 'id')::bigint
               AND to_jsonb(change) = content
               AND change.changed_at < cutoff
               AND (
                   NOT EXISTS (SELECT FROM %1$s.connections WHERE connections.id = change.connection_id)
                   OR (
                       SELECT true FROM %1$s.connection_changes AS newer
                        WHERE newer.connection_id = change.connection_id AND newer.id > change.id
                          AND newer.client_id::text = change.client_id::text AND newer.changed_at >= change.changed_at
                        ORDER BY newer.id LIMIT 1
                   )
               );
            GET DIAGNOSTICS removed = ROW_COUNT;
            PERFORM set_config('gateway.archive', '', true);
            RETURN removed;
        END
        $function$
    $template$, place, place || '.connections');

    EXECUTE format($template$
        CREATE OR REPLACE FUNCTION %1$s.refuse_to_rewrite_history()
        RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
        BEGIN
            IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'connection_changes' THEN
                IF EXISTS (
                    SELECT FROM %1$s.connection_change_archives
                     WHERE sha256 = current_setting('gateway.archive', true)::bpchar
                ) THEN
                    RETURN NULL;
                END IF;
            END IF;
            RAISE EXCEPTION '%% is append-only: %% refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'insufficient_privilege';
        END
        $function$
    $template$, place);
END
$migration$;
