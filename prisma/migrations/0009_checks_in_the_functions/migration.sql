-- The functions check their row themselves. PostgreSQL prepares each CHECK of a table anew in every statement, which
-- was a seventh of the work of an update. Only these functions write the table in service. Rows that a restore or
-- replication brings are not checked.
--
-- The functions are those of 0008_ordered_record with the checks. CREATE OR REPLACE keeps their owner and rights.
--
-- The owner of "connections" may give a column another type, and make a cast from this type to uuid. The INSERT would
-- call the cast with the rights of the functions' owner. So each function first asks for the types. OLD and NEW have
-- the same ones.
DO $$
DECLARE
    place CONSTANT text := (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = 'connection_changes'::regclass);
    numbers CONSTANT text := pg_get_serial_sequence('connection_changes', 'id');
    recorded CONSTANT text := $template$
        CREATE OR REPLACE FUNCTION %1$s.%3$I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $function$
        DECLARE
            setting pg_catalog.text := pg_catalog.current_setting('gateway.caller', true);
            -- After a transaction that had the setting it is empty and no longer null.
            caller pg_catalog.jsonb :=
                CASE WHEN pg_catalog.starts_with(setting, '{') THEN setting::pg_catalog.jsonb END;
            door pg_catalog.text := coalesce(pg_catalog.jsonb_extract_path_text(caller, 'door'), 'EXTERNAL');
            caller_client pg_catalog.uuid := pg_catalog.jsonb_extract_path_text(caller, 'clientId')::pg_catalog.uuid;
            request pg_catalog.text := pg_catalog.jsonb_extract_path_text(caller, 'requestId');
            refusal pg_catalog.text;
        BEGIN
            IF pg_catalog.pg_typeof(OLD.id) OPERATOR(pg_catalog.<>) 'pg_catalog.uuid'::pg_catalog.regtype
                OR pg_catalog.pg_typeof(OLD.client_id) OPERATOR(pg_catalog.<>) 'pg_catalog.uuid'::pg_catalog.regtype
                OR pg_catalog.pg_typeof(OLD.redirect_uri) OPERATOR(pg_catalog.<>)
                   'pg_catalog.varchar'::pg_catalog.regtype
            THEN
                RAISE EXCEPTION 'connections.id, client_id or redirect_uri has another type than the record of changes'
                    USING ERRCODE = 'datatype_mismatch', TABLE = 'connections';
            END IF;
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
            INSERT INTO %1$s.connection_changes (
                id, connection_id, client_id, kind, redirect_uri_before, redirect_uri_after, reverted_change_id, door,
                caller_client_id, caller_client_type, caller_user_id, broker_client_id, request_id, changed_at
            ) VALUES (
                greatest(pg_catalog.nextval(%2$L::pg_catalog.regclass), (
                    SELECT latest.id FROM %1$s.connection_changes AS latest
                     WHERE latest.connection_id OPERATOR(pg_catalog.=) OLD.id ORDER BY latest.id DESC LIMIT 1
                ) OPERATOR(pg_catalog.+) 1),
                OLD.id, OLD.client_id, %4$s, door, caller_client,
                pg_catalog.jsonb_extract_path_text(caller, 'clientType'),
                pg_catalog.jsonb_extract_path_text(caller, 'userId'),
                pg_catalog.jsonb_extract_path_text(caller, 'brokerClientId')::pg_catalog.uuid,
                request, pg_catalog.clock_timestamp()
            );
            RETURN NULL;
        END
        $function$
    $template$;
BEGIN
    -- The last lock behind the validator: no update of ours stores a value that does not begin with https://. Mithril's
    -- own writes may keep an old http: row as it is.
    EXECUTE format(recorded, place, numbers, 'record_redirect_uri_change', $values$
        CASE WHEN pg_catalog.jsonb_exists(caller, 'revertedChangeId') THEN 'REVERTED' ELSE 'UPDATED' END,
        OLD.redirect_uri, NEW.redirect_uri,
        pg_catalog.jsonb_extract_path_text(caller, 'revertedChangeId')::pg_catalog.int8
    $values$, $check$
        WHEN NEW.redirect_uri OPERATOR(pg_catalog.!~~) 'https://_%' THEN 'connection_changes_redirect_uri_is_https'
    $check$);
    EXECUTE format(recorded, place, numbers, 'record_secret_change', $values$
        'SECRET_REFRESHED', NEW.redirect_uri, NEW.redirect_uri, NULL
    $values$, '');
    EXECUTE format(recorded, place, numbers, 'record_connection_delete', $values$
        'DELETED', OLD.redirect_uri, NULL, NULL
    $values$, '');
END
$$;

ALTER TABLE "connection_changes"
    DROP CONSTRAINT "connection_changes_door_is_known",
    DROP CONSTRAINT "connection_changes_caller_is_known",
    DROP CONSTRAINT "connection_changes_kind_is_known",
    DROP CONSTRAINT "connection_changes_redirect_uri_is_https";
