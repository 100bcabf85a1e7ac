#!/usr/bin/env bash
# Finding: after `query_timeout` a released client of node-postgres goes back to the pool while its statement
#   still runs, and the next caller waits for that statement.
# Versions: pg (node-postgres) 8.23.1, Debian's postgresql (15.20 when this was written).
# One would expect: a query that timed out is cancelled, or its connection is not given to anybody else.
# What happens: the promise rejects in time, but nothing is cancelled at the server. A client that is released
#   as usual carries the old statement along: the next query stands behind it and times out too, without having
#   been sent. `pool.query`, which throws the client away, does not have this.
# Why it matters: in a transaction the usual `finally { client.release() }` spreads one slow statement over the
#   callers after it, who did nothing slow. Release with `client.release(true)` after such an error, and set
#   `statement_timeout` below `query_timeout`.
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

cat >main.mjs <<'JS'
import pg from 'pg'

const settings = { query_timeout: 1000 }
const observer = new pg.Client()
await observer.connect()
const sleeping = async () => {
  const { rows } = await observer.query(`SELECT FROM pg_stat_activity
    WHERE query = 'SELECT pg_sleep(8)' AND state = 'active'`)
  return rows.length > 0
}
const outcome = (promise) => promise.then(() => 'answered', (error) => error.message)

for (const release of ['as usual', 'as broken', 'by pool.query']) {
  const pool = new pg.Pool({ ...settings, max: 1 })
  pool.on('error', () => undefined)
  if (release === 'by pool.query') {
    console.log(`released ${release}: ${await outcome(pool.query('SELECT pg_sleep(8)'))}`)
  } else {
    const client = await pool.connect()
    console.log(`released ${release}: ${await outcome(client.query('SELECT pg_sleep(8)'))}`)
    client.release(release === 'as broken')
  }
  console.log(`  still running at the server: ${await sleeping()}`)
  console.log(`  the next caller: ${await outcome(pool.query('SELECT 1'))}`)
  await observer.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(8)'`)
}
process.exit()
JS

cat >"$work/expected" <<'TEXT'
released as usual: Query read timeout
  still running at the server: true
  the next caller: Query read timeout
released as broken: Query read timeout
  still running at the server: true
  the next caller: answered
released by pool.query: Query read timeout
  still running at the server: true
  the next caller: answered
TEXT

timeout 60 node main.mjs 2>&1 | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
