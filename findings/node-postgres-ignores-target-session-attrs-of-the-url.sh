#!/usr/bin/env bash
# Finding: node-postgres takes a connection URL of libpq without a word and ignores what keeps writers off a
#   standby.
# Versions: pg (node-postgres) 8.23.1, Debian's postgresql (15.20 when this was written).
# One would expect: an unknown parameter is refused, as psql refuses it, or a known one has its effect.
# What happens: `target_session_attrs=read-write` connects to a read-only server, where psql answers "session is
#   read-only". A parameter with a typing error passes as well. psql refuses that one.
# Why it matters: a DATABASE_URL that the operators tested with psql fails over with psql and not with the
#   service: after a switch the gateway writes to the standby, each write fails, and each connection looks
#   healthy. Check `transaction_read_only` in readiness.
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
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts pg@8.23.1 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version)"

sql -c "ALTER DATABASE postgres SET default_transaction_read_only = on"

cat >main.mjs <<'JS'
import pg from 'pg'

const client = new pg.Client(process.argv[2])
await client.connect()
const { rows: [{ transaction_read_only: setting }] } = await client.query('SHOW transaction_read_only')
console.log(`node-postgres: connected, transaction_read_only is ${setting}`)
await client.end()
JS

cat >"$work/expected" <<'TEXT'
target_session_attrs=read-write
  psql: session is read-only
  node-postgres: connected, transaction_read_only is on
tagret_session_attrs=read-write
  psql: invalid URI query parameter: "tagret_session_attrs"
  node-postgres: connected, transaction_read_only is on
TEXT

for parameter in target_session_attrs tagret_session_attrs; do
  echo "$parameter=read-write"
  url="postgres://postgres@127.0.0.1:$PGPORT/postgres?$parameter=read-write"
  sql "$url" -c 'SELECT 1' 2>&1 | grep -oE 'session is read-only|invalid URI query parameter: .*' | sed 's/^/  psql: /'
  timeout 30 node main.mjs "$url" 2>&1 | sed 's/^/  /'
done | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
