#!/usr/bin/env bash
# Finding: after a move by logical replication all rows are there, and the sequence of their ids still stands at
#   1.
# Versions: Debian's postgresql (15.20 when this was written).
# One would expect: a subscription for all tables brings what the tables need to go on, or the first INSERT
#   fails loudly.
# What happens: sequences are not replicated. Where the id alone is the key, the first INSERT is refused. Where
#   the key is (connection_id, id), as in a partitioned or per-parent history, INSERTs succeed with ids below
#   the old ones until one happens to meet its own number.
# Why it matters: the newest change of a connection sorts last, "last change" shows an old one, and much later
#   single writes fail as duplicates. Each check of health is green meanwhile. Call setval for each sequence
#   before the first write, and compare in the migration.
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

for database in old new; do
  sql -c "CREATE DATABASE $database"
  sql "$database" <<'SQL'
CREATE TABLE by_id (id serial PRIMARY KEY, note text);
CREATE TABLE by_parent (connection_id int, id serial, note text, PRIMARY KEY (connection_id, id));
SQL
done
sql old <<'SQL'
INSERT INTO by_id (note) SELECT 'before the move' FROM generate_series(1, 5);
INSERT INTO by_parent (connection_id, note) SELECT 1 + n % 2, 'before the move' FROM generate_series(1, 5) AS n;
CREATE PUBLICATION everything FOR ALL TABLES;
SELECT pg_create_logical_replication_slot('move', 'pgoutput');
SQL
sql new -c "CREATE SUBSCRIPTION move CONNECTION 'host=127.0.0.1 port=$PGPORT user=postgres dbname=old'
  PUBLICATION everything WITH (slot_name = move, create_slot = false)"
for _ in $(seq 150); do
  [ "$(sql new -c "SELECT count(*) FROM pg_subscription_rel WHERE srsubstate = 'r'")" = 2 ] && break
  sleep 0.2
done
insert() { sql new -c "INSERT INTO $1 VALUES ($2) RETURNING id" 2>&1 | head -1; }
cat >"$work/expected" <<'TEXT'
rows that came: 10
key id, new id: ERROR:  duplicate key value violates unique constraint "by_id_pkey"
key (connection_id, id), new id: 1
newest first, by id: 4 before the move, 2 before the move, 1 after
once more: ERROR:  duplicate key value violates unique constraint "by_parent_pkey"
TEXT
{
  echo "rows that came: $(sql new -c 'SELECT (SELECT count(*) FROM by_id) + (SELECT count(*) FROM by_parent)')"
  echo "key id, new id: $(insert by_id "DEFAULT, 'after'")"
  echo "key (connection_id, id), new id: $(insert by_parent "1, DEFAULT, 'after'")"
  sql new -c "SELECT 'newest first, by id: ' || string_agg(id || ' ' || note, ', ' ORDER BY id DESC)
    FROM by_parent WHERE connection_id = 1"
  echo "once more: $(insert by_parent "1, DEFAULT, 'after'")"
} | tee seen
sql new -c 'ALTER SUBSCRIPTION move DISABLE'

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
