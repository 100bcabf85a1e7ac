-- Two roles beside Mithril's own: one that migrates, one that serves. Once for a cluster, on the database that Mithril uses, by a
-- superuser. `mithril` stands for the role that owns Mithril's tables: put its name in its place if yours has another.
-- Neither role can log in before it has a password or a certificate.

CREATE ROLE gateway_migrator LOGIN;
CREATE ROLE gateway LOGIN;

-- Migrations add a column, indexes and triggers to Mithril's tables, which only their owner may do. What they make of their own, the
-- audit table and the functions that write to it, belongs to gateway_migrator, so Mithril cannot rewrite the audit.
GRANT mithril TO gateway_migrator;
GRANT USAGE, CREATE ON SCHEMA public TO gateway_migrator;
-- For the extension pg_trgm.
DO $$
BEGIN
    EXECUTE format('GRANT CREATE ON DATABASE %I TO gateway_migrator', current_database());
END
$$;

-- The gateway asks for these limits itself when it opens a session. Behind PgBouncer it cannot, and finds them here; keep them at or below
-- DATABASE_STATEMENT_TIMEOUT_MS and DATABASE_LOCK_TIMEOUT_MS. Sessions that are open keep what they had.
ALTER ROLE gateway SET statement_timeout = '5s';
ALTER ROLE gateway SET lock_timeout = '3s';
ALTER ROLE gateway SET idle_in_transaction_session_timeout = '5s';

-- Whoever waits for a lock on `connections` makes everybody behind him wait, sign-in included: a migration gives up soon, leaves nothing
-- behind, and is run again.
ALTER ROLE gateway_migrator SET lock_timeout = '5s';
