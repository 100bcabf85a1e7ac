#!/usr/bin/env bash
# Finding: PgBouncer refuses every connection of node-postgres with `statement_timeout`, and the setting that
#   people use against it removes the timeout without a word.
# Versions: Debian's pgbouncer (1.18.0) and postgresql (15.20), pg (node-postgres) 8.23.1; versions in use are
#   printed.
# One would expect: a time limit that the driver sends is in force at the server, or the connection fails.
# What happens: node-postgres sends `statement_timeout` (also `lock_timeout`) as a startup parameter. PgBouncer
#   answers 08P01 "unsupported startup parameter". With `ignore_startup_parameters = statement_timeout` it
#   connects, and the server's limit is 0: none. `query_timeout` of the driver still works, without ending the
#   statement.
# Why it matters: the service was tested with its limits without the pooler. Behind it a blocked statement holds
#   a server connection for ever, and a few of them stop the pool for all. Set the limits at the role: `ALTER
#   ROLE … SET statement_timeout`.
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

const client = new pg.Client({ port: process.argv[2], statement_timeout: 1000 })
try {
  await client.connect()
  const { rows: [row] } = await client.query('SHOW statement_timeout')
  console.log(`connected, statement_timeout is ${row.statement_timeout}`)
  await client.end()
} catch (error) {
  console.log(`refused: ${error.code} ${error.message}`)
}
process.exit()
JS

cat >"$work/expected" <<'TEXT'
PostgreSQL itself: connected, statement_timeout is 1s
PgBouncer: refused: 08P01 unsupported startup parameter: statement_timeout
PgBouncer, ignore_startup_parameters: connected, statement_timeout is 0
PgBouncer, ALTER ROLE SET: connected, statement_timeout is 1s
TEXT

{
  echo "PostgreSQL itself: $(timeout 20 node main.mjs "$PGPORT" 2>&1)"
  bounce ''
  echo "PgBouncer: $(timeout 20 node main.mjs "$bouncer" 2>&1)"
  bounce 'ignore_startup_parameters = statement_timeout'
  echo "PgBouncer, ignore_startup_parameters: $(timeout 20 node main.mjs "$bouncer" 2>&1)"
  sql -c "ALTER ROLE postgres SET statement_timeout = '1s'"
  bounce 'ignore_startup_parameters = statement_timeout'
  echo "PgBouncer, ALTER ROLE SET: $(timeout 20 node main.mjs "$bouncer" 2>&1)"
} >seen
cat seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
