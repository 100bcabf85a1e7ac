#!/usr/bin/env bash
# Finding: CREATE OR REPLACE FUNCTION keeps the owner and the rights of a function, and drops its SECURITY
#   DEFINER and its SET search_path.
# Versions: Debian's postgresql (15.20 when this was written).
# One would expect: replacing the body of a function leaves the rest as it was, as it leaves GRANT and REVOKE.
# What happens: what the new statement does not repeat goes back to the default: the function runs with the
#   rights of its caller and with the search path of its caller. No notice is given.
# Why it matters: a migration that mends one line of an audit trigger's function makes the writer need rights on
#   the audit table. Its writes then fail, or they go to whatever table comes first in the path. ALTER FUNCTION
#   … SET is undone by it, too. Repeat each clause.
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

facts="SELECT prosecdef, proconfig, proacl IS NOT NULL FROM pg_proc WHERE proname = 'f'"
sql <<'SQL'
CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT 1';
REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC;
SQL
cat >"$work/expected" <<'TEXT'
definer|settings|rights kept
t|{"search_path=pg_catalog, pg_temp"}|t
f||t
TEXT
{
  echo 'definer|settings|rights kept'
  sql -c "$facts"
  sql -c "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'" 2>&1
  sql -c "$facts"
} | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
