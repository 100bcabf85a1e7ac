#!/usr/bin/env bash
# Finding: PostgreSQL writes the bind values of a slow statement into its log, and the value of a refused
#   duplicate too.
# Versions: Debian's postgresql (15.20 when this was written) with its extension pg_stat_statements.
# One would expect: values that travel as parameters stay out of the log, as they stay out of
#   pg_stat_statements, which shows `$1`.
# What happens: `log_min_duration_statement` writes a DETAIL line with each parameter. A duplicate in a unique
#   column writes its value into the DETAIL of the error, at the default settings. `log_parameter_max_length =
#   0` stops the first one only; `log_error_verbosity = terse` stops the second.
# Why it matters: the limit for slow statements is set in an incident, and a lock makes any statement slow: from
#   then on client secrets and API keys lie in the log and in its archive. A secret should not be a unique
#   column in clear.
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
    -c shared_buffers=16MB -c shared_preload_libraries=pg_stat_statements" start >/dev/null && break
done
export PGHOST=127.0.0.1 PGUSER=postgres PGPORT PGDATABASE=postgres
unset PGOPTIONS PGTZ PGPASSWORD PGSSLMODE
sql() { psql --no-psqlrc --quiet --no-align --tuples-only "$@"; }
sql -c "SELECT 'PostgreSQL ' || current_setting('server_version')" || { echo 'PostgreSQL did not start.'; exit 2; }

sql -c 'CREATE EXTENSION pg_stat_statements' -c 'CREATE TABLE connections (id int PRIMARY KEY, secret text UNIQUE)'
echo 'INSERT INTO connections VALUES (:id, :secret);' >insert.sql
insert() { # id, secret, options
  PGOPTIONS="${3:-}" "$bin/pgbench" --no-vacuum --protocol=extended --transactions=1 --file=insert.sql \
    --define="id=$1" --define="secret=$2" >bench.log 2>&1
}
found() {
  echo "$1: log has the value: $(grep -q "$2" data/log && echo yes || echo no)"
}
cat >"$work/expected" <<'TEXT'
default settings: log has the value: no
log_min_duration_statement: log has the value: yes
and log_parameter_max_length=0: log has the value: no
a duplicate, default settings: log has the value: yes
a duplicate, log_error_verbosity=terse: log has the value: no
pg_stat_statements: INSERT INTO connections VALUES ($1, $2)
TEXT
{
  insert 1 value-first
  found 'default settings' value-first
  insert 2 value-second '-c log_min_duration_statement=0'
  found 'log_min_duration_statement' value-second
  insert 3 value-third '-c log_min_duration_statement=0 -c log_parameter_max_length=0'
  found 'and log_parameter_max_length=0' value-third
  insert 4 value-third '-c log_parameter_max_length=0'
  found 'a duplicate, default settings' value-third
  insert 5 value-fifth
  insert 6 value-fifth '-c log_error_verbosity=terse'
  found 'a duplicate, log_error_verbosity=terse' value-fifth
  echo "pg_stat_statements: $(sql -c "SELECT DISTINCT query FROM pg_stat_statements WHERE query LIKE 'INSERT%'")"
} | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
