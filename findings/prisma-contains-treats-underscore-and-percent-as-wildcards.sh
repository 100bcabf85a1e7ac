#!/usr/bin/env bash
# Finding: Prisma's `contains`, and its `equals` without regard to case, take `_` and `%` of the searched text
#   for wildcards of LIKE.
# Versions: prisma 7.10.1, @prisma/client 7.10.0, @prisma/adapter-pg 7.10.1, pg 8.23.1, Debian's postgresql
#   (15.20 when this was written).
# One would expect: an ORM that builds the pattern itself escapes what is special in it. `equals` is equality.
# What happens: `contains: "a_b"` finds `axb` as well. `equals` with `mode: insensitive` becomes ILIKE without
#   escaping: it finds `axb` for `A_B`, and for `100%` all that begins so. `equals` without the mode is exact.
# Why it matters: a search of clients by a name with an underscore, as technical client names have, finds
#   strangers. A check "does this name exist, in any case" answers yes for a name that does not. Escape `_`, `%`
#   and the backslash before.
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

sql -c 'CREATE TABLE clients (id int PRIMARY KEY, name text UNIQUE)' \
  -c "INSERT INTO clients VALUES (1, 'a_b'), (2, 'axb'), (3, '100%'), (4, '1000')"

cat >main.mjs <<'JS'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '@prisma/client'

const base = `postgres://postgres@127.0.0.1:${process.env.PGPORT}/postgres`
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: base }) })
const cases = [
  { contains: 'a_b' },
  { contains: '0%' },
  { contains: 'a\\_b' },
  { equals: 'a_b' },
  { equals: 'A_B', mode: 'insensitive' },
  { equals: '100%', mode: 'insensitive' },
]
for (const name of cases) {
  const found = await prisma.client.findMany({ where: { name }, orderBy: { id: 'asc' } })
  console.log(`${JSON.stringify(name)}: ${found.map((client) => client.name).join(', ')}`)
}
await prisma.$disconnect()
JS

cat >"$work/expected" <<'TEXT'
{"contains":"a_b"}: a_b, axb
{"contains":"0%"}: 100%, 1000
{"contains":"a\\_b"}: a_b
{"equals":"a_b"}: a_b
{"equals":"A_B","mode":"insensitive"}: a_b, axb
{"equals":"100%","mode":"insensitive"}: 100%, 1000
TEXT

timeout 60 node main.mjs 2>&1 | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
