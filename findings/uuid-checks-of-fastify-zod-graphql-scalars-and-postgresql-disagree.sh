#!/usr/bin/env bash
# Finding: four usual checks of a UUID accept four different sets of texts.
# Versions: fastify 5.12.8, zod 4.6.7, graphql-scalars 2.0.0 with graphql 16.15.0, pg 8.23.1, Debian's
#   postgresql (15.20 when this was written).
# One would expect: what one layer calls a UUID is one for the next layer as well.
# What happens: Fastify's `format: uuid` takes the form `urn:uuid:…`, which PostgreSQL refuses. graphql-scalars
#   takes braces and hands them on; PostgreSQL takes them too. `z.uuid()` refuses ids whose version or variant
#   digit is not of RFC 9562, which the other three accept. PostgreSQL alone reads 32 digits without hyphens.
# Why it matters: ids of old registries have any digits: with zod they are "not a UUID" in one door and an
#   existing row in the other. A form that passes the first check fails in the database as 22P02, which is 500
#   where nobody expects it; the other forms make two texts of one id in caches and logs.
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
npm install --silent --no-audit --no-fund --ignore-scripts fastify@5.12.8 zod@4.6.7 graphql@16.15.0 \
  graphql-scalars@2.0.0 pg@8.23.1 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version)"

cat >main.mjs <<'JS'
import Fastify from 'fastify'
import { resolvers } from 'graphql-scalars'
import pg from 'pg'
import { z } from 'zod'

const app = Fastify()
const querystring = { type: 'object', properties: { id: { type: 'string', format: 'uuid' } } }
app.get('/', { schema: { querystring } }, async () => 'ok')
const client = new pg.Client()
await client.connect()

const checks = {
  fastify: async (id) => (await app.inject({ url: '/', query: { id } })).statusCode === 200,
  zod: async (id) => z.uuid().safeParse(id).success,
  'graphql-scalars': async (id) => Boolean(resolvers.UUID.parseValue(id)),
  postgresql: async (id) => Boolean(await client.query('SELECT $1::uuid', [id])),
}
const ids = {
  'of RFC 9562': '0b8f0c3a-6a4e-4b3e-9d2f-3f0c7a2b1d5e',
  'with other digits': '0b8f0c3a-6a4e-0b3e-1d2f-3f0c7a2b1d5e',
  'with urn:uuid:': 'urn:uuid:0b8f0c3a-6a4e-4b3e-9d2f-3f0c7a2b1d5e',
  'in braces': '{0b8f0c3a-6a4e-4b3e-9d2f-3f0c7a2b1d5e}',
  'without hyphens': '0b8f0c3a6a4e4b3e9d2f3f0c7a2b1d5e',
}
for (const [title, id] of Object.entries(ids)) {
  const accepting = []
  for (const [name, check] of Object.entries(checks)) if (await check(id).catch(() => false)) accepting.push(name)
  console.log(`${title}: ${accepting.join(', ')}`)
}
await client.end()
JS

cat >"$work/expected" <<'TEXT'
of RFC 9562: fastify, zod, graphql-scalars, postgresql
with other digits: fastify, graphql-scalars, postgresql
with urn:uuid:: fastify
in braces: graphql-scalars, postgresql
without hyphens: postgresql
TEXT

timeout 60 node main.mjs 2>&1 | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
