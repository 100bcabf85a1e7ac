-- The order of a connection's history no longer hangs on the sequence alone. Logical replication, `pg_restore -t` and COPY bring rows
-- without it, and a sequence with a cache gives numbers out of order. A new id is above the latest one of its connection in any case. The
-- writer holds the lock of the connection's row, so nobody else adds to this history meanwhile.
--
-- The functions are those of 0004_faster_record but for the id. CREATE OR REPLACE keeps their owner and rights.
DO $$
DECLARE
    place CONSTANT text := (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = 'connection_changes'::regclass);
    numbers CONSTANT text := pg_get_serial_sequence('connection_changes', 'id');
    recorded CONSTANT text := $template$
        CREATE OR REPLACE FUNCTION %1$s.%3$I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $function$
        DECLARE
            setting pg_catalog.text := pg_catalog.current_setting('gateway.caller', true);
            -- After a transaction that had the setting it is empty and no longer null.
            caller pg_catalog.jsonb := CASE WHEN pg_catalog.starts_with(setting, '{') THEN setting::pg_catalog.jsonb END;
        BEGIN
            INSERT INTO %1$s.connection_changes (
                id, connection_id, client_id, kind, redirect_uri_before, redirect_uri_after, reverted_change_id, door,
                caller_client_id, caller_client_type, caller_user_id, broker_client_id, request_id, changed_at
            ) VALUES (
                greatest(pg_catalog.nextval(%2$L::pg_catalog.regclass), (
                    SELECT latest.id FROM %1$s.connection_changes AS latest
                     WHERE latest.connection_id OPERATOR(pg_catalog.=) OLD.id ORDER BY latest.id DESC LIMIT 1
                ) OPERATOR(pg_catalog.+) 1),
                OLD.id, OLD.client_id, %4$s,
                coalesce(pg_catalog.jsonb_extract_path_text(caller, 'door'), 'EXTERNAL'),
                pg_catalog.jsonb_extract_path_text(caller, 'clientId')::pg_catalog.uuid,
                pg_catalog.jsonb_extract_path_text(caller, 'clientType'),
                pg_catalog.jsonb_extract_path_text(caller, 'userId'),
                pg_catalog.jsonb_extract_path_text(caller, 'brokerClientId')::pg_catalog.uuid,
                pg_catalog.jsonb_extract_path_text(caller, 'requestId'),
                pg_catalog.clock_timestamp()
            );
            RETURN NULL;
        END
        $function$
    $template$;
BEGIN
    EXECUTE format(recorded, place, numbers, 'record_redirect_uri_change', $values$
        CASE WHEN pg_catalog.jsonb_exists(caller, 'revertedChangeId') THEN 'REVERTED' ELSE 'UPDATED' END,
        OLD.redirect_uri, NEW.redirect_uri, pg_catalog.jsonb_extract_path_text(caller, 'revertedChangeId')::pg_catalog.int8
    $values$);
    EXECUTE format(recorded, place, numbers, 'record_secret_change', $values$
        'SECRET_REFRESHED', NEW.redirect_uri, NEW.redirect_uri, NULL
    $values$);
    EXECUTE format(recorded, place, numbers, 'record_connection_delete', $values$
        'DELETED', OLD.redirect_uri, NULL, NULL
    $values$);
END
$$;
