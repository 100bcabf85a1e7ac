-- A change is queued from the first subscription on (docs/decisions/0041-audit-row-is-the-event.md). Until then an
-- update costs nothing more, also while events are on. Events are on while the trigger below is enabled. It enables the
-- trigger of "connection_changes" in the transaction that inserts the first subscription. So it covers every writer of
-- subscriptions, and no subscription is committed without the queue.
DO $migration$
DECLARE
    place CONSTANT text := (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = 'connection_changes'::regclass);
BEGIN
    -- The first lock waits for other subscriptions and for VACUUM, and lets writers of the audit pass. PostgreSQL ends
    -- an autovacuum only after "deadlock_timeout", one second. Writers wait while ALTER TABLE waits, so it waits
    -- briefly. The gateway tries again.
    EXECUTE format($template$
        CREATE FUNCTION %1$s.enable_event_queue() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $function$
        BEGIN
            IF EXISTS (
                SELECT FROM pg_trigger
                 WHERE tgrelid = %2$L::regclass AND tgname = 'connection_changes_queue_event'
                   AND tgenabled NOT IN ('O', 'A')
            ) THEN
                LOCK TABLE %1$s.connection_changes IN SHARE UPDATE EXCLUSIVE MODE;
                PERFORM set_config('lock_timeout', '300ms', true);
                ALTER TABLE %1$s.connection_changes ENABLE TRIGGER connection_changes_queue_event;
            END IF;
            RETURN NULL;
        END
        $function$
    $template$, place, place || '.connection_changes');
END
$migration$;
REVOKE EXECUTE ON FUNCTION "enable_event_queue"() FROM PUBLIC;

CREATE TRIGGER "event_subscriptions_enable_queue"
AFTER INSERT ON "event_subscriptions" FOR EACH ROW
EXECUTE FUNCTION "enable_event_queue"();

-- Events stay on or off. CREATE TRIGGER keeps others from inserting a subscription until this migration is committed.
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_trigger
         WHERE tgrelid = 'connection_changes'::regclass AND tgname = 'connection_changes_queue_event'
           AND tgenabled IN ('O', 'A')
    ) THEN
        IF NOT EXISTS (SELECT FROM "event_subscriptions") THEN
            ALTER TABLE "connection_changes" DISABLE TRIGGER "connection_changes_queue_event";
        END IF;
    ELSE
        ALTER TABLE "event_subscriptions" DISABLE TRIGGER "event_subscriptions_enable_queue";
    END IF;
END
$$;
