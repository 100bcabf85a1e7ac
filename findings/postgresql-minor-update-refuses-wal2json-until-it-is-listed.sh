#!/usr/bin/env bash
# Finding: since a minor update PostgreSQL refuses logical decoding by wal2json, an extension that is installed
#   and worked before.
# Versions: Debian's postgresql (15.20 when this was written) and postgresql-15-wal2json (2.5).
# One would expect: a minor update needs a restart and no change of the configuration.
# What happens: a new setting `output_plugin_libraries` lists what may decode, and holds `pgoutput,
#   test_decoding`. A slot with wal2json can neither be made nor read until the library is added. Native
#   subscriptions go on.
# Why it matters: change data capture on the audit table stops at the night of the security update, its slot
#   keeps the write-ahead log, and the disk fills. Set the list before the update wherever wal2json or another
#   plugin reads.
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
    -c shared_buffers=16MB -c wal_level=logical" start >/dev/null && break
done
export PGHOST=127.0.0.1 PGUSER=postgres PGPORT PGDATABASE=postgres
unset PGOPTIONS PGTZ PGPASSWORD PGSSLMODE
sql() { psql --no-psqlrc --quiet --no-align --tuples-only "$@"; }
sql -c "SELECT 'PostgreSQL ' || current_setting('server_version')" || { echo 'PostgreSQL did not start.'; exit 2; }

[ -e "$bin/../lib/wal2json.so" ] || { echo "This needs Debian's wal2json for this PostgreSQL."; exit 2; }
attempt() {
  if sql -c "SELECT pg_create_logical_replication_slot('$1', '$1')" >reply 2>&1; then echo "$1: works"; else
    echo "$1: $(sed -n 's/^ERROR: *//p' reply)"
  fi
}
cat >"$work/expected" <<'TEXT'
output_plugin_libraries: pgoutput, test_decoding
test_decoding: works
wal2json: library "wal2json" may not be used as an output plugin
wal2json added to the list
wal2json: works
and removed from it, the slot being there
library "wal2json" may not be used as an output plugin
TEXT
{
  echo "output_plugin_libraries: $(sql -c 'SHOW output_plugin_libraries' 2>&1)"
  attempt test_decoding
  attempt wal2json
  sql -c "ALTER SYSTEM SET output_plugin_libraries = 'pgoutput', 'test_decoding', 'wal2json'" 2>&1
  sql -c 'SELECT pg_reload_conf()' >/dev/null
  sleep 2
  echo 'wal2json added to the list'
  attempt wal2json
  sql -c 'ALTER SYSTEM RESET output_plugin_libraries' -c 'SELECT pg_reload_conf()' >/dev/null
  sleep 2
  echo 'and removed from it, the slot being there'
  sql -c "SELECT FROM pg_logical_slot_peek_changes('wal2json', NULL, NULL)" 2>&1 | sed -n 's/^ERROR: *//p'
} | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
