-- The same record of changes, made in fewer steps: it is most of what an update costs the database. And a column for the broker that a
-- client acted through. Only our own table and functions change.

ALTER TABLE "connection_changes" ADD COLUMN "broker_client_id" UUID;

-- One index in the place of two: changes are looked up by their connection, and an id alone is never looked for.
ALTER TABLE "connection_changes"
    DROP CONSTRAINT "connection_changes_pkey",
    ADD CONSTRAINT "connection_changes_pkey" PRIMARY KEY ("connection_id", "id");
DROP INDEX "connection_changes_connection_id_id_idx";

DROP TRIGGER "connections_record_update" ON "connections";
DROP TRIGGER "connections_record_delete" ON "connections";
DROP FUNCTION "record_connection_change"();

-- One function for each thing that can happen, so that none has to ask. Who it was comes from the transaction-local setting
-- gateway.caller, a JSON object set by the gateway's own statement (src/persistence/connection-writes.ts); any other writer has none and is
-- recorded as EXTERNAL.
--
-- SECURITY DEFINER: Mithril's database role needs no right on our table to go on updating its own. So nothing in these functions may be
-- looked up by the search path of whoever writes, where a temporary table or an operator of the same name could stand in front: every
-- table, type and function is named with its schema, and there is no operator. (SET search_path would do the same, at a fifth of the cost of
-- the whole statement.)
DO $$
DECLARE
    recorded CONSTANT text := $template$
        CREATE FUNCTION %1$I.%2$I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $function$
        DECLARE
            setting pg_catalog.text := pg_catalog.current_setting('gateway.caller', true);
            -- After a transaction that had the setting it is empty and no longer null.
            caller pg_catalog.jsonb := CASE WHEN pg_catalog.starts_with(setting, '{') THEN setting::pg_catalog.jsonb END;
        BEGIN
            INSERT INTO %1$I.connection_changes (
                connection_id, client_id, kind, redirect_uri_before, redirect_uri_after, reverted_change_id, door,
                caller_client_id, caller_client_type, caller_user_id, broker_client_id, request_id, changed_at
            ) VALUES (
                OLD.id, OLD.client_id, %3$s,
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
    EXECUTE format(recorded, current_schema(), 'record_redirect_uri_change', $values$
        CASE WHEN pg_catalog.jsonb_exists(caller, 'revertedChangeId') THEN 'REVERTED' ELSE 'UPDATED' END,
        OLD.redirect_uri, NEW.redirect_uri, pg_catalog.jsonb_extract_path_text(caller, 'revertedChangeId')::pg_catalog.int8
    $values$);
    -- A write of both is two records, and the second begins where the first one ended.
    EXECUTE format(recorded, current_schema(), 'record_secret_change', $values$
        'SECRET_REFRESHED', NEW.redirect_uri, NEW.redirect_uri, NULL
    $values$);
    EXECUTE format(recorded, current_schema(), 'record_connection_delete', $values$
        'DELETED', OLD.redirect_uri, NULL, NULL
    $values$);
END
$$;

-- AFTER, so that they see what was really stored; of any column, so that no other trigger can change a value unseen. In the order of
-- their names.
CREATE TRIGGER "connections_record_redirect_uri"
AFTER UPDATE ON "connections" FOR EACH ROW
WHEN (OLD."redirect_uri" IS DISTINCT FROM NEW."redirect_uri")
EXECUTE FUNCTION "record_redirect_uri_change"();

CREATE TRIGGER "connections_record_secret"
AFTER UPDATE ON "connections" FOR EACH ROW
WHEN (OLD."secret" IS DISTINCT FROM NEW."secret")
EXECUTE FUNCTION "record_secret_change"();

CREATE TRIGGER "connections_record_delete"
AFTER DELETE ON "connections" FOR EACH ROW
EXECUTE FUNCTION "record_connection_delete"();
