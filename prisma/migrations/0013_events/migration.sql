-- Events of changes (docs/decisions/0041-audit-row-is-the-event.md). The row of the audit is the event. A trigger puts
-- its number into event_inbox, in the same transaction, whoever writes. A gateway makes a delivery of it for each
-- subscription. The trigger is made disabled: `npm run events:on` enables it. Until then no change costs more.

CREATE TABLE "event_subscriptions" (
    "id" UUID NOT NULL,
    "owner_client_id" UUID NOT NULL,
    "reach" TEXT NOT NULL,
    -- The client that a change has to name: the owner, or with the reach ALL the nil UUID.
    "subject_client_id" UUID NOT NULL,
    "method" TEXT NOT NULL,
    "url" TEXT,
    "kinds" TEXT[] NOT NULL,
    "state" TEXT NOT NULL,
    "key_generation" INTEGER NOT NULL DEFAULT 1,
    "key_rotated_at" TIMESTAMPTZ(6),
    -- How the endpoint answered lately: src/domain/event-endpoint.ts.
    "failures" INTEGER NOT NULL DEFAULT 0,
    "probes" INTEGER NOT NULL DEFAULT 0,
    "failing_since" TIMESTAMPTZ(6),
    "closed_until" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL,
    CONSTRAINT "event_subscriptions_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "event_subscriptions_reach_is_known" CHECK (
        CASE "reach"
            WHEN 'ALL' THEN "subject_client_id" = '00000000-0000-0000-0000-000000000000'
            WHEN 'CLIENT' THEN "subject_client_id" = "owner_client_id"
            WHEN 'CONSUMER' THEN "subject_client_id" = "owner_client_id"
            ELSE false
        END
    ),
    CONSTRAINT "event_subscriptions_url_is_of_push" CHECK (
        CASE "method" WHEN 'PUSH' THEN "url" IS NOT NULL WHEN 'POLL' THEN "url" IS NULL ELSE false END
    ),
    CONSTRAINT "event_subscriptions_state_is_known" CHECK ("state" IN ('UNVERIFIED', 'ACTIVE', 'PAUSED', 'OFF')),
    CONSTRAINT "event_subscriptions_kinds_are_known" CHECK (
        cardinality("kinds") > 0
        AND "kinds" <@ ARRAY['CREATED', 'UPDATED', 'REVERTED', 'SECRET_REFRESHED', 'MOVED', 'DELETED']
    )
);
CREATE INDEX "event_subscriptions_subject_client_id_idx" ON "event_subscriptions"("subject_client_id");
CREATE INDEX "event_subscriptions_owner_client_id_created_at_id_idx"
    ON "event_subscriptions"("owner_client_id", "created_at", "id");

-- No index and no constraint: each of them is work for every change. A gateway empties the table several times a second.
-- The trigger does not look for subscriptions: each way to look for one costs about as much as the row.
CREATE TABLE "event_inbox" (
    "connection_id" UUID NOT NULL,
    -- The id of the row of connection_changes.
    "number" BIGINT NOT NULL
);
ALTER TABLE "event_inbox" SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE "event_deliveries" (
    "subscription_id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "number" BIGINT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'PENDING',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(6) NOT NULL DEFAULT now(),
    "leased_until" TIMESTAMPTZ(6),
    "last_status" INTEGER,
    "last_failure" TEXT,
    "ended_at" TIMESTAMPTZ(6),
    CONSTRAINT "event_deliveries_pkey" PRIMARY KEY ("subscription_id", "connection_id", "number")
);
CREATE INDEX "event_deliveries_due_idx" ON "event_deliveries"("subscription_id", "next_attempt_at", "number")
    WHERE "state" = 'PENDING';
CREATE INDEX "event_deliveries_ended_idx" ON "event_deliveries"("ended_at") WHERE "ended_at" IS NOT NULL;
-- Each delivery leaves an old entry at the beginning of the index of due ones.
ALTER TABLE "event_deliveries" SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);

-- Who made, rotated, paused or removed a subscription.
CREATE TABLE "event_subscription_changes" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "subscription_id" UUID NOT NULL,
    "owner_client_id" UUID NOT NULL,
    "act" TEXT NOT NULL,
    -- EXTERNAL: the gateway itself, for example after five days of failures.
    "door" TEXT NOT NULL,
    "caller_client_id" UUID,
    "caller_client_type" TEXT,
    "caller_user_id" TEXT,
    "request_id" TEXT,
    "changed_at" TIMESTAMPTZ(6) NOT NULL,
    CONSTRAINT "event_subscription_changes_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "event_subscription_changes_caller_is_known" CHECK (
        "door" = 'EXTERNAL' OR ("caller_client_id" IS NOT NULL AND "request_id" IS NOT NULL)
    )
);
CREATE INDEX "event_subscription_changes_subscription_id_idx"
    ON "event_subscription_changes"("subscription_id", "changed_at");
CREATE TRIGGER "event_subscription_changes_append_only"
BEFORE UPDATE OR DELETE OR TRUNCATE ON "event_subscription_changes" FOR EACH STATEMENT
EXECUTE FUNCTION "refuse_to_rewrite_history"();

-- It runs in the session of whoever writes, with the rights of its owner, as the functions of 0004_faster_record do.
DO $migration$
DECLARE
    place CONSTANT text := (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = 'connection_changes'::regclass);
BEGIN
    EXECUTE format($template$
        CREATE FUNCTION %1$s.queue_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $function$
        BEGIN
            INSERT INTO %1$s.event_inbox (connection_id, number) VALUES (NEW.connection_id, NEW.id);
            RETURN NULL;
        END
        $function$
    $template$, place);
END
$migration$;
REVOKE EXECUTE ON FUNCTION "queue_event"() FROM PUBLIC;

CREATE TRIGGER "connection_changes_queue_event"
AFTER INSERT ON "connection_changes" FOR EACH ROW
EXECUTE FUNCTION "queue_event"();
ALTER TABLE "connection_changes" DISABLE TRIGGER "connection_changes_queue_event";
