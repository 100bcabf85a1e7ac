-- The history of a connection is whole from its first day. A new connection leaves CREATED. A change of its id, its
-- client or its consumer leaves MOVED. TRUNCATE leaves DELETED for each connection. Each new row names the consumer and
-- the version of the connection. Rows from before this migration name neither.
--
-- MOVED is two rows: a client reads its own rows only, and nothing else names the former consumer. The first row has
-- the id, client and consumer from before the move, and no redirect URI after it. The second row has the new ones. A
-- redirect URI or a secret that changes in the same write leaves its own row after these two.
--
-- One trigger records an update, because PostgreSQL reads and prepares the WHEN of each trigger anew in every
-- statement. The function compares in its place. The search for a later id begins at the new id, so it usually ends in
-- the index without a row. CREATE OR REPLACE keeps the owner and the rights of a function.
DO $migration$
DECLARE
    place CONSTANT text := (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = 'connection_changes'::regclass);
    numbers CONSTANT text := pg_get_serial_sequence('connection_changes', 'id');

    -- A function: its name, the row that it records (OLD or NEW), a test that ends it early, one more check of a change
    -- of ours, and the rows that it inserts.
    recorded CONSTANT text := $template$
        CREATE OR REPLACE FUNCTION %1$s.%2$I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $function$
        DECLARE
            setting pg_catalog.text := pg_catalog.current_setting('gateway.caller', true);
            caller pg_catalog.jsonb;
            door pg_catalog.text;
            caller_client pg_catalog.uuid;
            request pg_catalog.text;
            refusal pg_catalog.text;
            number pg_catalog.int8;
        BEGIN
            -- The owner of "connections" can make a cast from a type of its own. An INSERT or an operator would call
            -- the cast with the rights of this function's owner.
            IF pg_catalog.pg_typeof(%3$s.id) OPERATOR(pg_catalog.<>) 'pg_catalog.uuid'::pg_catalog.regtype
                OR pg_catalog.pg_typeof(%3$s.client_id) OPERATOR(pg_catalog.<>) 'pg_catalog.uuid'::pg_catalog.regtype
                OR pg_catalog.pg_typeof(%3$s.consumer_id) OPERATOR(pg_catalog.<>) 'pg_catalog.uuid'::pg_catalog.regtype
                OR pg_catalog.pg_typeof(%3$s.version) OPERATOR(pg_catalog.<>) 'pg_catalog.int4'::pg_catalog.regtype
                OR pg_catalog.pg_typeof(%3$s.secret) OPERATOR(pg_catalog.<>) 'pg_catalog.varchar'::pg_catalog.regtype
                OR pg_catalog.pg_typeof(%3$s.redirect_uri) OPERATOR(pg_catalog.<>)
                   'pg_catalog.varchar'::pg_catalog.regtype
            THEN
                RAISE EXCEPTION 'connections has a column of another type than the record of changes'
                    USING ERRCODE = 'datatype_mismatch', TABLE = 'connections';
            END IF;
            %4$s
            -- After a transaction that had the setting it is empty and no longer null.
            IF pg_catalog.starts_with(setting, '{') THEN
                caller := setting::pg_catalog.jsonb;
                door := pg_catalog.jsonb_extract_path_text(caller, 'door');
                caller_client := pg_catalog.jsonb_extract_path_text(caller, 'clientId')::pg_catalog.uuid;
                request := pg_catalog.jsonb_extract_path_text(caller, 'requestId');
                IF door OPERATOR(pg_catalog.<>) 'EXTERNAL' THEN
                    refusal := CASE
                        WHEN door OPERATOR(pg_catalog.<>) ALL ('{GRAPHQL,REST}'::pg_catalog.text[])
                            THEN 'connection_changes_door_is_known'
                        WHEN caller_client IS NULL OR request IS NULL THEN 'connection_changes_caller_is_known'
                        %5$s
                    END;
                    IF refusal IS NOT NULL THEN
                        RAISE EXCEPTION 'the record of this change violates check constraint "%%"', refusal
                            USING ERRCODE = 'check_violation', CONSTRAINT = refusal, TABLE = 'connection_changes';
                    END IF;
                END IF;
            END IF;
            %6$s
            RETURN NULL;
        END
        $function$
    $template$;

    -- A row: OLD or NEW for the id, client and consumer; OLD or NEW for the version; kind; redirect URI before and
    -- after; reverted change.
    inserted CONSTANT text := $template$
            number := pg_catalog.nextval(%2$L::pg_catalog.regclass);
            INSERT INTO %1$s.connection_changes (
                id, connection_id, client_id, consumer_id, version, kind, redirect_uri_before, redirect_uri_after,
                reverted_change_id, door, caller_client_id, caller_client_type, caller_user_id, broker_client_id,
                request_id, changed_at
            ) VALUES (
                coalesce((
                    SELECT later.id FROM %1$s.connection_changes AS later
                     WHERE later.connection_id OPERATOR(pg_catalog.=) %3$s.id
                       AND later.id OPERATOR(pg_catalog.>=) number
                     ORDER BY later.id DESC LIMIT 1
                ) OPERATOR(pg_catalog.+) 1, number),
                %3$s.id, %3$s.client_id, %3$s.consumer_id, %4$s.version, %5$s, %6$s, %7$s, %8$s,
                coalesce(door, 'EXTERNAL'), caller_client,
                pg_catalog.jsonb_extract_path_text(caller, 'clientType'),
                pg_catalog.jsonb_extract_path_text(caller, 'userId'),
                pg_catalog.jsonb_extract_path_text(caller, 'brokerClientId')::pg_catalog.uuid,
                request, pg_catalog.clock_timestamp()
            );
    $template$;

    -- No write of ours stores a redirect URI that does not begin with https://. Mithril's own writes may.
    is_https CONSTANT text := $check$
                        WHEN (OLD.redirect_uri OPERATOR(pg_catalog.=) NEW.redirect_uri) IS NOT TRUE
                            AND NEW.redirect_uri OPERATOR(pg_catalog.!~~) 'https://_%'
                            THEN 'connection_changes_redirect_uri_is_https'
    $check$;
BEGIN
    EXECUTE format(recorded, place, 'record_connection_create', 'NEW', '', '', format(
        inserted, place, numbers, 'NEW', 'NEW', $$'CREATED'$$, 'NEW.redirect_uri', 'NEW.redirect_uri', 'NULL'
    ));
    EXECUTE format(recorded, place, 'record_connection_delete', 'OLD', '', '', format(
        inserted, place, numbers, 'OLD', 'OLD', $$'DELETED'$$, 'OLD.redirect_uri', 'NULL', 'NULL'
    ));
    EXECUTE format(recorded, place, 'record_connection_update', 'NEW', $early$
            IF OLD.redirect_uri OPERATOR(pg_catalog.=) NEW.redirect_uri
                AND OLD.secret OPERATOR(pg_catalog.=) NEW.secret
                AND OLD.id OPERATOR(pg_catalog.=) NEW.id
                AND OLD.client_id OPERATOR(pg_catalog.=) NEW.client_id
                AND OLD.consumer_id OPERATOR(pg_catalog.=) NEW.consumer_id
            THEN
                RETURN NULL;
            END IF;
    $early$, is_https,
        $$IF (OLD.id OPERATOR(pg_catalog.=) NEW.id
                AND OLD.client_id OPERATOR(pg_catalog.=) NEW.client_id
                AND OLD.consumer_id OPERATOR(pg_catalog.=) NEW.consumer_id) IS NOT TRUE
            THEN $$
        || format(inserted, place, numbers, 'OLD', 'NEW', $$'MOVED'$$, 'OLD.redirect_uri', 'NULL', 'NULL')
        || format(inserted, place, numbers, 'NEW', 'NEW', $$'MOVED'$$, 'OLD.redirect_uri', 'OLD.redirect_uri', 'NULL')
        || $$
            END IF;
            IF (OLD.redirect_uri OPERATOR(pg_catalog.=) NEW.redirect_uri) IS NOT TRUE THEN $$
        || format(
            inserted, place, numbers, 'NEW', 'NEW',
            $$CASE WHEN pg_catalog.jsonb_extract_path_text(caller, 'revertedChangeId') IS NULL
                     THEN 'UPDATED' ELSE 'REVERTED' END$$,
            'OLD.redirect_uri', 'NEW.redirect_uri',
            $$pg_catalog.jsonb_extract_path_text(caller, 'revertedChangeId')::pg_catalog.int8$$
        )
        || $$
            END IF;
            IF (OLD.secret OPERATOR(pg_catalog.=) NEW.secret) IS NOT TRUE THEN $$
        || format(
            inserted, place, numbers, 'NEW', 'NEW', $$'SECRET_REFRESHED'$$,
            'NEW.redirect_uri', 'NEW.redirect_uri', 'NULL'
        )
        || $$
            END IF;$$
    );

    -- TRUNCATE fires no trigger of a row. This function has the rights of the role that truncates: it deletes the rows,
    -- and their triggers record them. A read of "connections" with the rights of the history's owner could call a
    -- function of Mithril's (0011_guarded_archives).
    EXECUTE format($template$
        CREATE FUNCTION %1$s.record_connections_truncate() RETURNS trigger LANGUAGE plpgsql AS $function$
        BEGIN
            DELETE FROM ONLY %1$s.connections;
            RETURN NULL;
        END
        $function$
    $template$, place);
END
$migration$;

-- See 0005_guarded_record.
REVOKE EXECUTE ON FUNCTION "record_connection_create"(), "record_connection_update"() FROM PUBLIC;

CREATE TRIGGER "connections_record_create"
AFTER INSERT ON "connections" FOR EACH ROW
EXECUTE FUNCTION "record_connection_create"();

CREATE TRIGGER "connections_record_update"
AFTER UPDATE ON "connections" FOR EACH ROW
EXECUTE FUNCTION "record_connection_update"();

CREATE TRIGGER "connections_record_truncate"
BEFORE TRUNCATE ON "connections" FOR EACH STATEMENT
EXECUTE FUNCTION "record_connections_truncate"();

-- The function compares in the place of a WHEN.
CREATE OR REPLACE FUNCTION "advance_connection_version"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The gateway's own statements move the version.
    IF NEW."version" <> OLD."version" + 1 THEN
        NEW."version" := OLD."version" + 1;
    END IF;
    RETURN NEW;
END
$$;
DROP TRIGGER "connections_advance_version" ON "connections";
CREATE TRIGGER "connections_advance_version"
BEFORE UPDATE ON "connections" FOR EACH ROW
EXECUTE FUNCTION "advance_connection_version"();

-- Where Mithril's tables are a copy by logical replication, the operator has made the triggers fire for the copy, too.
DO $$
BEGIN
    IF (
        SELECT tgenabled FROM pg_trigger
         WHERE tgrelid = 'connections'::regclass AND tgname = 'connections_record_redirect_uri'
    ) = 'A' THEN
        ALTER TABLE "connections"
            ENABLE ALWAYS TRIGGER "connections_advance_version", ENABLE ALWAYS TRIGGER "connections_record_create",
            ENABLE ALWAYS TRIGGER "connections_record_update";
    END IF;
END
$$;

DROP TRIGGER "connections_record_redirect_uri" ON "connections";
DROP TRIGGER "connections_record_secret" ON "connections";
DROP FUNCTION "record_redirect_uri_change"(), "record_secret_change"();

-- Nullable and without a default: PostgreSQL rewrites no row. Last, because writers lock "connections" first, too.
ALTER TABLE "connection_changes" ADD COLUMN "consumer_id" UUID, ADD COLUMN "version" INTEGER;
