-- Versions of connections, and a history of all that happens to them. Additive: Mithril inserts, updates and reads by column, and
-- none of its columns changes.

-- A constant default: no row is rewritten.
ALTER TABLE "connections" ADD COLUMN "version" INTEGER NOT NULL DEFAULT 1;

CREATE FUNCTION "advance_connection_version"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW."version" := OLD."version" + 1;
    RETURN NEW;
END
$$;

-- Every write by everybody who has not moved it: the gateway's own statements do, which spares them the call.
CREATE TRIGGER "connections_advance_version"
BEFORE UPDATE ON "connections" FOR EACH ROW
WHEN (NEW."version" <> OLD."version" + 1)
EXECUTE FUNCTION "advance_connection_version"();

ALTER TABLE "connection_changes"
    ALTER COLUMN "redirect_uri_after" DROP NOT NULL,
    ADD COLUMN "reverted_change_id" BIGINT,
    ADD CONSTRAINT "connection_changes_kind_is_known" CHECK ("kind" IN ('UPDATED', 'REVERTED', 'SECRET_REFRESHED', 'DELETED')),
    DROP CONSTRAINT "connection_changes_redirect_uri_is_https",
    -- As before, but an old http: row may get a new secret, and may be deleted.
    ADD CONSTRAINT "connection_changes_redirect_uri_is_https" CHECK (
        "door" = 'EXTERNAL' OR "kind" NOT IN ('UPDATED', 'REVERTED') OR "redirect_uri_after" LIKE 'https://_%'
    );

DROP TRIGGER "connections_record_redirect_uri_change" ON "connections";
DROP FUNCTION "record_redirect_uri_change"();

-- One row for each thing that happened. Who it was comes from the transaction-local setting gateway.caller, as before.
-- SECURITY DEFINER: Mithril's database role needs no right on our table to go on updating its own.
CREATE FUNCTION "record_connection_change"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    caller jsonb := nullif(current_setting('gateway.caller', true), '')::jsonb;
    kinds text[] := '{}';
    kind text;
    uri_before text := OLD."redirect_uri";
    uri_after text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        kinds := '{DELETED}';
    ELSE
        IF OLD."redirect_uri" IS DISTINCT FROM NEW."redirect_uri" THEN
            kinds := kinds || CASE WHEN caller ? 'revertedChangeId' THEN 'REVERTED' ELSE 'UPDATED' END;
        END IF;
        IF OLD."secret" IS DISTINCT FROM NEW."secret" THEN
            kinds := kinds || 'SECRET_REFRESHED'::text;
        END IF;
        uri_after := NEW."redirect_uri";
    END IF;
    FOREACH kind IN ARRAY kinds LOOP
        INSERT INTO "connection_changes" (
            "connection_id", "client_id", "kind", "redirect_uri_before", "redirect_uri_after", "reverted_change_id", "door",
            "caller_client_id", "caller_client_type", "caller_user_id", "request_id", "changed_at"
        ) VALUES (
            OLD."id", OLD."client_id", kind, uri_before, uri_after,
            CASE WHEN kind = 'REVERTED' THEN (caller ->> 'revertedChangeId')::bigint END,
            coalesce(caller ->> 'door', 'EXTERNAL'), (caller ->> 'clientId')::uuid, caller ->> 'clientType', caller ->> 'userId',
            caller ->> 'requestId', clock_timestamp()
        );
        -- A second row of the same write begins where the first one ended.
        uri_before := uri_after;
    END LOOP;
    RETURN NULL;
END
$$;

-- Only the schema of this migration, and temporary tables last: see 1_connection_changes.
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION "record_connection_change"() SET search_path = %I, pg_temp', current_schema());
END
$$;

CREATE TRIGGER "connections_record_update"
AFTER UPDATE ON "connections" FOR EACH ROW
WHEN (OLD."redirect_uri" IS DISTINCT FROM NEW."redirect_uri" OR OLD."secret" IS DISTINCT FROM NEW."secret")
EXECUTE FUNCTION "record_connection_change"();

CREATE TRIGGER "connections_record_delete"
AFTER DELETE ON "connections" FOR EACH ROW
EXECUTE FUNCTION "record_connection_change"();
