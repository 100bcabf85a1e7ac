-- The audit log of connections. Additive: nothing that Mithril reads or writes changes.

CREATE TABLE "connection_changes" (
    "id" BIGSERIAL NOT NULL,
    "connection_id" UUID NOT NULL,
    "client_id" UUID NOT NULL,
    "kind" VARCHAR(32) NOT NULL,
    "redirect_uri_before" VARCHAR(255) NOT NULL,
    "redirect_uri_after" VARCHAR(255) NOT NULL,
    "door" VARCHAR(16) NOT NULL,
    "caller_client_id" UUID,
    "caller_client_type" VARCHAR(255),
    "caller_user_id" VARCHAR(255),
    "request_id" VARCHAR(255),
    "changed_at" TIMESTAMPTZ(6) NOT NULL,
    CONSTRAINT "connection_changes_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "connection_changes_door_is_known" CHECK ("door" IN ('GRAPHQL', 'REST', 'EXTERNAL')),
    CONSTRAINT "connection_changes_caller_is_known" CHECK ("door" = 'EXTERNAL' OR ("caller_client_id" IS NOT NULL AND "request_id" IS NOT NULL)),
    -- The last lock behind the validator: whatever goes wrong above, no update of ours stores a value that does not begin with
    -- https://. It stands here and not on "connections", where it would refuse Mithril's own writes to old http: rows.
    CONSTRAINT "connection_changes_redirect_uri_is_https" CHECK ("door" = 'EXTERNAL' OR "redirect_uri_after" LIKE 'https://_%')
);
CREATE INDEX "connection_changes_connection_id_id_idx" ON "connection_changes"("connection_id", "id");

-- Who it was comes from the transaction-local setting gateway.caller, a JSON object set by the gateway's own statement
-- (src/persistence/connection-store.ts); any other writer has none and is recorded as EXTERNAL.
-- SECURITY DEFINER: Mithril's database role needs no right on our table to go on updating its own.
CREATE FUNCTION "record_redirect_uri_change"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    caller jsonb := nullif(current_setting('gateway.caller', true), '')::jsonb;
BEGIN
    INSERT INTO "connection_changes" (
        "connection_id", "client_id", "kind", "redirect_uri_before", "redirect_uri_after", "door",
        "caller_client_id", "caller_client_type", "caller_user_id", "request_id", "changed_at"
    ) VALUES (
        NEW."id", NEW."client_id", 'UPDATED', OLD."redirect_uri", NEW."redirect_uri", coalesce(caller ->> 'door', 'EXTERNAL'),
        (caller ->> 'clientId')::uuid, caller ->> 'clientType', caller ->> 'userId', caller ->> 'requestId', clock_timestamp()
    );
    RETURN NULL;
END
$$;

-- Only the schema of this migration, and temporary tables last: they come first otherwise, and anybody's temporary "connection_changes"
-- would swallow the record and run its own triggers with the rights of this function's owner.
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION "record_redirect_uri_change"() SET search_path = %I, pg_temp', current_schema());
END
$$;

-- AFTER, so that it sees what was really stored; of any column, so that no other trigger can change the value unseen.
CREATE TRIGGER "connections_record_redirect_uri_change"
AFTER UPDATE ON "connections" FOR EACH ROW
WHEN (OLD."redirect_uri" IS DISTINCT FROM NEW."redirect_uri")
EXECUTE FUNCTION "record_redirect_uri_change"();

CREATE FUNCTION "refuse_to_rewrite_history"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'connection_changes is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER "connection_changes_append_only"
BEFORE UPDATE OR DELETE OR TRUNCATE ON "connection_changes" FOR EACH STATEMENT
EXECUTE FUNCTION "refuse_to_rewrite_history"();
