#!/usr/bin/env bash
# Finding: typed queries of Prisma's adapter for pg read the schema `public` while raw queries of the same
#   client follow the search path.
# Versions: prisma 7.10.1, @prisma/client 7.10.0, @prisma/adapter-pg 7.10.1, pg 8.23.1, Debian's postgresql
#   (15.20 when this was written).
# One would expect: both kinds of query see the same table, and `?schema=` of the connection URL chooses it, as
#   it does without the adapter.
# What happens: typed queries write the schema name into each statement: `public`, unless the adapter's option
#   `schema` says otherwise. A search path of the role, the database or the URL moves only raw queries. The
#   option moves only typed ones. `?schema=` has no effect and no warning.
# Why it matters: a service that mixes both kinds checks a row in one table and changes it in another, or fails
#   with P2021 in a part of its operations while readiness, a raw query, is green. Set the option and the search
#   path to the same schema.
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
npm install --silent --no-audit --no-fund --ignore-scripts prisma@7.10.1 @prisma/client@7.10.0 \
  @prisma/adapter-pg@7.10.1 pg@8.23.1 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version)"

cat >schema.prisma <<'PRISMA'
generator client {
  provider = "prisma-client-js"
}

datasource db {
  provider = "postgresql"
}

model Client {
  id   Int    @id
  name String @unique

  @@map("clients")
}
PRISMA
cat >prisma.config.js <<'JS'
// Prisma looks for an engine that generating does not use: any executable file will do.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath
module.exports = { schema: 'schema.prisma' }
JS
CHECKPOINT_DISABLE=1 timeout 60 npx prisma generate >generate.log 2>&1 ||
  { tail -5 generate.log; echo 'Prisma could not generate its client.'; exit 2; }

sql <<'SQL'
CREATE TABLE clients (id int PRIMARY KEY, name text UNIQUE);
INSERT INTO clients VALUES (1, 'public');
CREATE SCHEMA mithril;
CREATE TABLE mithril.clients (LIKE public.clients INCLUDING ALL);
INSERT INTO mithril.clients VALUES (1, 'mithril');
SQL

cat >main.mjs <<'JS'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '@prisma/client'

const base = `postgres://postgres@127.0.0.1:${process.env.PGPORT}/postgres`
const cases = [
  ['nothing said', '', {}],
  ['search_path=mithril', '?options=-c%20search_path%3Dmithril', {}],
  ['?schema=mithril', '?schema=mithril', {}],
  ['option schema: mithril', '', { schema: 'mithril' }],
]
for (const [title, query, options] of cases) {
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: base + query }, options) })
  const typed = await prisma.client.findUnique({ where: { id: 1 } })
  const [raw] = await prisma.$queryRaw`SELECT name FROM clients WHERE id = 1`
  console.log(`${title}: typed reads ${typed.name}, raw reads ${raw.name}`)
  await prisma.$disconnect()
}
JS

cat >"$work/expected" <<'TEXT'
nothing said: typed reads public, raw reads public
search_path=mithril: typed reads public, raw reads mithril
?schema=mithril: typed reads public, raw reads public
option schema: mithril: typed reads mithril, raw reads public
TEXT

timeout 60 node main.mjs 2>&1 | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
