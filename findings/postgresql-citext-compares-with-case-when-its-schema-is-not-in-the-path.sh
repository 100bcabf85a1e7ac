#!/usr/bin/env bash
# Finding: a citext column compares letter by letter, without an error, in a session whose search path lacks the
#   schema of the extension.
# Versions: Debian's postgresql (15.20 when this was written) with its extension citext.
# One would expect: the column's type decides: citext ignores case, or the statement fails because the operator
#   is not found.
# What happens: the operator `=` of citext is looked up in the search path. Where it is missing, PostgreSQL
#   takes the operator of text, and `A` is no longer `a`. The unique index goes on to ignore case.
# Why it matters: extensions in a schema of their own are a usual hardening, and so is a function with `SET
#   search_path = pg_catalog`. There a lookup by name finds nothing, and the INSERT that follows is refused as a
#   duplicate. Qualify the operator, or compare lower() of both sides.
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
CREATE SCHEMA extensions;
CREATE EXTENSION citext SCHEMA extensions;
CREATE TABLE clients (name extensions.citext UNIQUE);
INSERT INTO clients VALUES ('Clinic');
SQL
cat >"$work/expected" <<'TEXT'
search_path = public, extensions
  found: 1
  insert: ERROR:  duplicate key value violates unique constraint "clients_name_key"
search_path = public
  found: 0
  insert: ERROR:  duplicate key value violates unique constraint "clients_name_key"
TEXT
for path in 'public, extensions' public; do
  export PGOPTIONS="-c search_path=${path// /}"
  echo "search_path = $path"
  echo "  found: $(sql -c "SELECT count(*) FROM clients WHERE name = 'CLINIC'")"
  echo "  insert: $(sql -c "INSERT INTO clients VALUES ('CLINIC')" 2>&1 | head -1)"
done | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
