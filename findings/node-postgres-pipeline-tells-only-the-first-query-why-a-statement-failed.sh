#!/usr/bin/env bash
# Finding: in the pipeline mode of node-postgres, queries that share a name lose the reason of their failure: only
#   the first one hears why PostgreSQL could not prepare the statement.
# Versions: pg (node-postgres) 8.23.1, Debian's postgresql (15.20 when this was written).
# One would expect: three equal queries fail with the same error, as they do one after the other.
# What happens: node-postgres sends the text of a named statement once, and sends the other queries behind it by the
#   name alone. If PostgreSQL refuses the text, the others fail with 26000, "prepared statement does not exist".
# Why it matters: 26000 is what a pooler causes that mixes sessions, and programs retry it or tell people to look at
#   PgBouncer. The cause, here a column that a migration still has to add, is in one of many errors only. A program
#   that pipelines named queries should give the first error to those that were sent with it.
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

const query = { name: 'clinics', text: 'SELECT no_column FROM (SELECT 1) AS clinics', values: [] }
const outcome = (promise) => promise.then(() => 'answered', (error) => error.code)

for (const pipeline of [false, true]) {
  const client = new pg.Client({ pipeline })
  await client.connect()
  const outcomes = []
  if (pipeline) outcomes.push(...(await Promise.all([1, 2, 3].map(() => outcome(client.query({ ...query }))))))
  else for (const _ of [1, 2, 3]) outcomes.push(await outcome(client.query({ ...query })))
  console.log(`${pipeline ? 'together' : 'one after the other'}: ${outcomes.join(', ')}`)
  console.log(`  the next query: ${await outcome(client.query('SELECT 1'))}`)
  await client.end()
}
JS

cat >"$work/expected" <<'TEXT'
one after the other: 42703, 42703, 42703
  the next query: answered
together: 42703, 26000, 26000
  the next query: answered
TEXT

timeout 60 node main.mjs 2>&1 | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
