-- The gateway's roles beside Mithril's own: gateway_migrator changes the schema, gateway serves, gateway_archivist
-- moves old history into files. A superuser runs this on Mithril's database. It is one transaction, and running it
-- again does no harm. `mithril` is the role that owns Mithril's tables. If yours has another name: psql --set
-- mithril=NAME. No role can log in before it has a password or a certificate.
\set ON_ERROR_STOP on
\if :{?mithril}
\else
    \set mithril mithril
\endif

BEGIN;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['gateway_migrator', 'gateway', 'gateway_archivist'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', name);
        END IF;
    END LOOP;
END
$$;

-- Migrations add a column, indexes and triggers to Mithril's tables, which only their owner may do. Our own table and
-- functions belong to gateway_migrator, so Mithril cannot rewrite the record of changes.
GRANT :"mithril" TO gateway_migrator;

-- CREATE on the database is for the extension pg_trgm. The schema is the one that Mithril's tables are in, or will be.
DO $$
BEGIN
    EXECUTE format('GRANT CREATE ON DATABASE %I TO gateway_migrator', current_database());
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %s TO gateway_migrator', coalesce(
        (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass('connections')),
        quote_ident(current_schema())
    ));
END
$$;

-- The gateway asks for these limits itself when it opens a session. Behind PgBouncer it cannot, and finds them here;
-- keep them at or below DATABASE_STATEMENT_TIMEOUT_MS and DATABASE_LOCK_TIMEOUT_MS. Open sessions keep what they had.
ALTER ROLE gateway SET statement_timeout = '5s';
ALTER ROLE gateway SET lock_timeout = '3s';
ALTER ROLE gateway SET idle_in_transaction_session_timeout = '5s';

-- Secrets, API keys and opaque tokens are parameters of statements. PostgreSQL's own log must not show them, whatever
-- statements it logs. Only a superuser may set this.
DO $$
BEGIN
    ALTER ROLE gateway SET log_parameter_max_length = 0;
    ALTER ROLE gateway SET log_parameter_max_length_on_error = 0;
    -- A plan of auto_explain shows the values in its conditions, whatever its settings for parameters are.
    ALTER ROLE gateway SET auto_explain.log_min_duration = -1;
    -- pgaudit has a setting of its own.
    ALTER ROLE gateway SET pgaudit.log_parameter = off;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'log_parameter_max_length of the role gateway is not set: PostgreSQL can log secrets (ops/README.md)';
END
$$;

-- A session that waits for a lock on `connections` makes every later session wait behind it, sign-in included. A
-- migration therefore gives up soon, leaves nothing behind, and is run again.
ALTER ROLE gateway_migrator SET lock_timeout = '5s';

COMMIT;
