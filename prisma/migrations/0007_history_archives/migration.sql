-- Retention of the history: old rows of connection_changes go into a file (`npm run history:archive`) and are then
-- removed. Until now nobody could remove one without a superuser, who had to switch the triggers off. Now the owner of
-- the table keeps a guarded way, and a role that may only take this way (gateway_archivist, ops/postgres/roles.sql)
-- needs no right to delete. The alternatives: a disabled trigger locks the table until COMMIT, and
-- `session_replication_role = replica` switches all triggers of a session off and wants a superuser, or from PostgreSQL
-- 15 on a right that has the same power.

-- One row for each file, written before its first row is removed. It says why the history begins where it begins, and
-- its digest shows whether a file is the one that was written then.
CREATE TABLE "connection_change_archives" (
    "sha256" CHAR(64) NOT NULL,
    "before" TIMESTAMPTZ(6) NOT NULL,
    "row_count" BIGINT NOT NULL,
    "archived_by" VARCHAR(255) NOT NULL,
    "archived_at" TIMESTAMPTZ(6) NOT NULL,
    CONSTRAINT "connection_change_archives_pkey" PRIMARY KEY ("sha256"),
    CONSTRAINT "connection_change_archives_sha256_is_hexadecimal" CHECK ("sha256" ~ '^[0-9a-f]{64}$')
);

CREATE TRIGGER "connection_change_archives_append_only"
BEFORE UPDATE OR DELETE OR TRUNCATE ON "connection_change_archives" FOR EACH STATEMENT
EXECUTE FUNCTION "refuse_to_rewrite_history"();

-- Registers a file. The last 30 days are never archived: a stolen password of the archivist must not hide what was done
-- with it.
CREATE FUNCTION "register_history_archive"("digest" text, "cutoff" timestamptz, "rows_in_file" bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF cutoff > now() - interval '30 days' THEN
        RAISE EXCEPTION 'changes of the last 30 days are not archived' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO connection_change_archives (sha256, before, row_count, archived_by, archived_at)
    VALUES (digest, cutoff, rows_in_file, session_user, clock_timestamp())
    ON CONFLICT DO NOTHING;
END
$$;

-- Removes the rows that these lines of a registered file show, and answers how many it removed. A row has to be older
-- than the file's date and exactly as its line. The newest row of a living connection stays, by its number and by its
-- time, so that `lastChange` and the chain of changes stay right.
CREATE FUNCTION "remove_archived_changes"("digest" text, "lines" text[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    cutoff timestamptz;
    removed bigint;
BEGIN
    SELECT before INTO cutoff FROM connection_change_archives WHERE sha256 = digest;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no archive with the digest % is registered', digest USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('gateway.archive', digest, true);
    DELETE FROM connection_changes AS change
     USING (SELECT line::jsonb AS content FROM unnest(lines) AS line) AS archived
     WHERE change.connection_id = (content ->> 'connection_id')::uuid
       AND change.id = (content ->> 'id')::bigint
       AND to_jsonb(change) = content
       AND change.changed_at < cutoff
       AND (
           NOT EXISTS (SELECT FROM connections WHERE connections.id = change.connection_id)
           OR (
               SELECT true FROM connection_changes AS newer
                WHERE newer.connection_id = change.connection_id AND newer.id > change.id
                  AND newer.client_id::text = change.client_id::text AND newer.changed_at >= change.changed_at
                ORDER BY newer.id LIMIT 1
           )
       );
    GET DIAGNOSTICS removed = ROW_COUNT;
    PERFORM set_config('gateway.archive', '', true);
    RETURN removed;
END
$$;

-- As before, but for the function above. A caller who sets gateway.archive still needs the right to delete, which only
-- the owner has.
CREATE OR REPLACE FUNCTION "refuse_to_rewrite_history"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'connection_changes' THEN
        IF EXISTS (SELECT FROM connection_change_archives WHERE sha256 = current_setting('gateway.archive', true)) THEN
            RETURN NULL;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

-- Only the schema of this migration, and temporary tables last: see 0001_connection_changes. The time zone is that of the
-- lines.
DO $$
DECLARE
    called text;
BEGIN
    FOREACH called IN ARRAY ARRAY[
        'register_history_archive(text, timestamptz, bigint)', 'remove_archived_changes(text, text[])',
        'refuse_to_rewrite_history()'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', called, current_schema());
    END LOOP;
END
$$;
ALTER FUNCTION "remove_archived_changes"(text, text[]) SET timezone = 'UTC';
-- The next row is one step away in the primary key. Without statistics PostgreSQL would collect all rows of the
-- connection for each row instead.
ALTER FUNCTION "remove_archived_changes"(text, text[]) SET enable_bitmapscan = off;

REVOKE EXECUTE ON FUNCTION "register_history_archive"(text, timestamptz, bigint),
    "remove_archived_changes"(text, text[]) FROM PUBLIC;
