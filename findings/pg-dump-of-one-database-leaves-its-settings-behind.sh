#!/usr/bin/env bash
# Finding: pg_dump without `--create` leaves out what ALTER DATABASE … SET and ALTER ROLE … IN DATABASE set,
#   without a notice.
# Versions: Debian's postgresql (15.20 when this was written), its pg_dump and psql.
# One would expect: a dump of a database holds the settings of that database; roles belong to the cluster and
#   are left to pg_dumpall.
# What happens: search path, time zone and timeouts of the database are not in the plain dump, nor in one of the
#   custom format that is restored into a database made by hand. `pg_dump --create` has the settings of the
#   database and those of roles in it.
# Why it matters: the restored copy works and is another one: statements without a time limit, another search
#   path, another zone. A rehearsal of a restore that counts rows is green. Compare pg_db_role_setting of both.
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

sql -c 'CREATE ROLE gateway' -c 'CREATE DATABASE original' -c 'CREATE DATABASE restored' \
  -c "ALTER DATABASE original SET statement_timeout = '5s'" \
  -c "ALTER ROLE gateway IN DATABASE original SET search_path = mithril"
settings="SELECT coalesce(string_agg(s, ', ' ORDER BY s), 'none') FROM pg_db_role_setting
  JOIN pg_database d ON d.oid = setdatabase, unnest(setconfig) s WHERE datname = "
pg_dump --format=custom --file=dump original && pg_restore --dbname=restored dump
cat >"$work/expected" <<'TEXT'
original: search_path=mithril, statement_timeout=5s
restored: none
lines of settings in the dump: 0
with --create: 2
TEXT
{
  for database in original restored; do echo "$database: $(sql -c "$settings '$database'")"; done
  echo "lines of settings in the dump: $(pg_restore --file=- dump | grep -cE '^ALTER (DATABASE|ROLE)')"
  echo "with --create: $(pg_dump --create original | grep -cE '^ALTER (DATABASE|ROLE) .* SET ')"
} | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
