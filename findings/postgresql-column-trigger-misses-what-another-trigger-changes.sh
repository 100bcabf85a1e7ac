#!/usr/bin/env bash
# Finding: a trigger AFTER UPDATE OF a column does not fire when a BEFORE trigger changes that column.
# Versions: Debian's postgresql (15.20 when this was written).
# One would expect: `AFTER UPDATE OF redirect_uri` fires whenever the stored `redirect_uri` changes.
# What happens: PostgreSQL looks at the columns that the statement names in SET. A BEFORE trigger that rewrites
#   the column of a statement on another column leaves no trace. The trigger without the column list, with WHEN
#   (OLD IS DISTINCT FROM NEW), sees the change.
# Why it matters: an audit of redirect URIs by a column trigger has a gap as soon as the owner of the table adds
#   a trigger that normalises addresses. The list of columns looks like a cheaper form of WHEN, and is not.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -x "$bin/initdb" ] || { echo 'This needs the Debian package postgresql.'; exit 2; }
as() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
stop() {
  [ -d "$work/data" ] && as "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1
  rm -rf "$work"
}
trap stop EXIT
cd "$work" || exit 2
mkdir data && chmod 755 . && { [ "$(id -u)" != 0 ] || chown postgres data; }
as "$bin/initdb" -D data --no-sync --auth=trust --username=postgres --encoding=UTF8 --locale=C.UTF-8 >/dev/null ||
  exit 2
for _ in 1 2 3; do
  PGPORT=$((20000 + RANDOM % 12000))
  as "$bin/pg_ctl" -D data -l data/log -w -t 60 -o "-p $PGPORT -k '' -c listen_addresses=127.0.0.1 -c fsync=off \
    -c shared_buffers=16MB" start >/dev/null && break
done
export PGHOST=127.0.0.1 PGUSER=postgres PGPORT PGDATABASE=postgres
unset PGOPTIONS PGTZ PGPASSWORD PGSSLMODE
sql() { psql --no-psqlrc --quiet --no-align --tuples-only "$@"; }
sql -c "SELECT 'PostgreSQL ' || current_setting('server_version')" || { echo 'PostgreSQL did not start.'; exit 2; }

sql <<'SQL'
CREATE TABLE connections (id int, redirect_uri text, note text);
CREATE TABLE audit (seen_by text, before text, after text);
CREATE FUNCTION normalise() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN NEW.redirect_uri := lower(NEW.redirect_uri); RETURN NEW; END $$;
CREATE FUNCTION record() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO audit VALUES (TG_NAME, OLD.redirect_uri, NEW.redirect_uri); RETURN NULL; END $$;
INSERT INTO connections VALUES (1, 'https://Clinic.example/', 'old');
CREATE TRIGGER normalise BEFORE UPDATE ON connections FOR EACH ROW EXECUTE FUNCTION normalise();
CREATE TRIGGER with_column_list AFTER UPDATE OF redirect_uri ON connections
  FOR EACH ROW EXECUTE FUNCTION record();
CREATE TRIGGER without_column_list AFTER UPDATE ON connections
  FOR EACH ROW WHEN (OLD.redirect_uri IS DISTINCT FROM NEW.redirect_uri) EXECUTE FUNCTION record();
SQL
cat >"$work/expected" <<'TEXT'
https://clinic.example/
without_column_list|https://Clinic.example/|https://clinic.example/
TEXT
{
  sql -c "UPDATE connections SET note = 'new' RETURNING redirect_uri"
  sql -c 'SELECT seen_by, before, after FROM audit ORDER BY seen_by'
} | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
