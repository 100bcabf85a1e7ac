#!/usr/bin/env bash
# Finding: PostgreSQL refuses to change the type of a column that a trigger watches, but renames it, and then
#   each write fails.
# Versions: Debian's postgresql (15.20 when this was written).
# One would expect: a change of a column that a trigger depends on is either refused or carried through.
# What happens: ALTER TYPE is refused because the trigger definition names the column. RENAME COLUMN succeeds
#   and rewrites the definition (UPDATE OF, WHEN). The body of the PL/pgSQL function is text and keeps the old
#   name, so the next UPDATE is "record has no field". The same UPDATE from before the rename worked.
# Why it matters: an audit by triggers on a table of another team turns their harmless rename into an outage of
#   all writers, after a migration that said it succeeded. Their runbook has to drop and make the triggers in
#   the same transaction.
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
CREATE TABLE connections (id int, redirect_uri text);
CREATE TABLE audit (before text, after text);
CREATE FUNCTION record() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO audit VALUES (OLD.redirect_uri, NEW.redirect_uri); RETURN NULL; END $$;
CREATE TRIGGER record AFTER UPDATE OF redirect_uri ON connections FOR EACH ROW EXECUTE FUNCTION record();
INSERT INTO connections VALUES (1, 'https://a.example/');
SQL
attempt() {
  echo "$1"
  if sql -c "$1" >reply 2>&1; then echo '  done'; else grep -E '^(ERROR|DETAIL)' reply; fi
}
cat >"$work/expected" <<'TEXT'
UPDATE connections SET redirect_uri = 'https://b.example/'
  done
ALTER TABLE connections ALTER COLUMN redirect_uri TYPE varchar(2048)
ERROR:  cannot alter type of a column used in a trigger definition
DETAIL:  trigger record on table connections depends on column "redirect_uri"
ALTER TABLE connections RENAME COLUMN redirect_uri TO redirect_url
  done
UPDATE OF redirect_url
UPDATE connections SET redirect_url = 'https://c.example/'
ERROR:  record "old" has no field "redirect_uri"
TEXT
{
  attempt "UPDATE connections SET redirect_uri = 'https://b.example/'"
  attempt 'ALTER TABLE connections ALTER COLUMN redirect_uri TYPE varchar(2048)'
  attempt 'ALTER TABLE connections RENAME COLUMN redirect_uri TO redirect_url'
  sql -c "SELECT substring(pg_get_triggerdef(oid) from 'UPDATE OF \w+') FROM pg_trigger WHERE tgname = 'record'"
  attempt "UPDATE connections SET redirect_url = 'https://c.example/'"
} | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
