#!/usr/bin/env bash
# Finding: node-postgres gives `null` for dates and timestamps that are there, when the DateStyle of the
#   database is not ISO.
# Versions: pg (node-postgres) 8.23.1, Debian's postgresql (15.20 when this was written).
# One would expect: the driver asks for the format that it can read, as JDBC does, or it fails on one that it
#   cannot.
# What happens: with `ALTER DATABASE … SET DateStyle = 'German'` (also `SQL`) each timestamp, timestamptz and
#   date of a query is `null`. There is no error and no warning.
# Why it matters: operators in Europe set the style for their people at psql. A service on node-postgres then
#   sees no expiry, no block time and no deletion time: rules of the form "blocked until" read NULL as never.
#   Send `options: '-c DateStyle=ISO'` with each connection.
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

sql -c 'CREATE DATABASE german' -c "ALTER DATABASE german SET DateStyle = 'German'"

cat >main.mjs <<'JS'
import pg from 'pg'

for (const options of [undefined, '-c DateStyle=ISO']) {
  const client = new pg.Client({ database: 'german', options })
  await client.connect()
  const { rows: [row] } = await client.query(`SELECT current_setting('DateStyle') AS style,
    timestamptz '2026-11-27 10:00:00+00' AS at, date '2026-11-27' AS day`)
  console.log(`options ${options ?? 'none'}: DateStyle ${row.style}`)
  console.log(`  timestamptz: ${row.at?.toISOString() ?? row.at}, date is null: ${row.day === null}`)
  await client.end()
}
JS

cat >"$work/expected" <<'TEXT'
options none: DateStyle German, DMY
  timestamptz: null, date is null: true
options -c DateStyle=ISO: DateStyle ISO, MDY
  timestamptz: 2026-11-27T10:00:00.000Z, date is null: false
TEXT

timeout 60 node main.mjs 2>&1 | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
