#!/usr/bin/env bash
# Finding: a query that waited too long for a server connection of PgBouncer fails with SQLSTATE 08P01,
#   "protocol violation", and its connection is closed.
# Versions: Debian's pgbouncer (1.18.0) and postgresql (15.20), pg (node-postgres) 8.23.1; versions in use are
#   printed.
# One would expect: an overload has a code of class 53 (insufficient resources) or 57 (operator intervention),
#   as PostgreSQL's own "too many clients" has 53300.
# What happens: PgBouncer gives 08P01 to all it says itself: the full pool (`query_wait_timeout`), an
#   unsupported startup parameter. Only the text tells them apart.
# Why it matters: a retry policy or an alert that goes by SQLSTATE takes an overload for a bug of the driver, or
#   retries a wrong configuration for ever. A gateway has to map 08P01 with the text `query_wait_timeout` to
#   503.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
PATH="$PATH:/usr/sbin" command -v pgbouncer >/dev/null || { echo 'This needs the Debian package pgbouncer.'; exit 2; }
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -x "$bin/initdb" ] || { echo 'This needs the Debian package postgresql.'; exit 2; }
as() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
stop() {
  [ -d "$work/data" ] && as "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1
  [ -n "${pid:-}" ] && kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
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

pgbouncer --version 2>/dev/null | head -1
bounce() { # lines of configuration
  bouncer=$((20000 + RANDOM % 12000))
  cat >pgbouncer.ini <<INI
[databases]
postgres = host=127.0.0.1 port=$PGPORT user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $bouncer
unix_socket_dir =
auth_type = any
pool_mode = transaction
$1
INI
  chmod 644 pgbouncer.ini
  if [ -n "${pid:-}" ]; then kill "$pid"; wait "$pid" 2>/dev/null; fi
  as "$(PATH="$PATH:/usr/sbin" command -v pgbouncer)" pgbouncer.ini >bouncer.log 2>&1 &
  pid=$!
  for _ in $(seq 50); do
    PGPORT=$bouncer sql -c 'SELECT 1' >/dev/null 2>&1 && return
    sleep 0.1
  done
  tail -3 bouncer.log
  echo 'PgBouncer did not start.'
  exit 2
}

cat >main.mjs <<'JS'
import pg from 'pg'

const connect = async (settings) => {
  const client = new pg.Client(settings)
  client.on('error', () => undefined)
  await client.connect()
  return client
}
const said = (promise) => promise.then(() => 'answered', (error) => `${error.code} ${error.message}`)

const port = Number(process.argv[2])
const [busy, waiting] = [await connect({ port }), await connect({ port })]
await busy.query('BEGIN')
console.log(`pool of one, in use: ${await said(waiting.query('SELECT 1'))}`)
await new Promise((resolve) => setTimeout(resolve, 300))
const open = (await said(waiting.query('SELECT 1'))) === 'answered'
console.log(`the same connection afterwards: ${open ? 'open' : 'closed'}`)
await busy.query('ROLLBACK')
await busy.end()
console.log(`startup parameter: ${await said(connect({ port, lock_timeout: 1000 }))}`)
process.exit()
JS

cat >"$work/expected" <<'TEXT'
pool of one, in use: 08P01 query_wait_timeout
the same connection afterwards: closed
startup parameter: 08P01 unsupported startup parameter: lock_timeout
TEXT

bounce 'default_pool_size = 1
query_wait_timeout = 2
max_client_conn = 20'
timeout 60 node main.mjs "$bouncer" >seen 2>&1
cat seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
