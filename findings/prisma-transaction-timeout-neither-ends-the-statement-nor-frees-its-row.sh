#!/usr/bin/env bash
# Finding: the `timeout` of Prisma's interactive transactions does not end what runs in it: the error comes, and
#   the lock goes, when the statement is over.
# Versions: prisma 7.10.1, @prisma/client 7.10.0, @prisma/adapter-pg 7.10.1, pg 8.23.1, Debian's postgresql
#   (15.20 when this was written).
# One would expect: a transaction with `timeout: 1000` is rolled back and rejected after about one second.
# What happens: while a statement of six seconds runs, the promise stays open and the row stays locked for all
#   six seconds. Then the error says that the time was over long ago.
# Why it matters: the limit is read as an upper bound for locks and answers. Here a frozen statement holds a
#   connection's row and a caller for as long as it likes. Only `statement_timeout` of PostgreSQL and
#   `query_timeout` of the driver bound it.
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

sql -c 'CREATE TABLE clients (id int PRIMARY KEY, name text UNIQUE)' -c "INSERT INTO clients VALUES (1, 'a')"

cat >main.mjs <<'JS'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '@prisma/client'

const base = `postgres://postgres@127.0.0.1:${process.env.PGPORT}/postgres`
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: base }) })
const started = Date.now()
const seconds = () => ((Date.now() - started) / 1000 < 5 ? 'before' : 'after')
const transaction = prisma.$transaction(async (inner) => {
  await inner.client.update({ where: { id: 1 }, data: { name: 'b' } })
  await inner.$queryRaw`SELECT pg_sleep(6)::text`
}, { timeout: 1000 }).catch((error) => console.log(`rejected ${seconds()} the fifth second: ${error.code}`))
await new Promise((resolve) => setTimeout(resolve, 3000))
const [{ count }] = await prisma.$queryRaw`
  SELECT count(*)::int FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(6)%' AND state = 'active'`
console.log(`third second, the statement runs: ${count === 1}`)
const other = await prisma.$executeRaw`UPDATE clients SET name = 'c' WHERE id = 1`
console.log(`another writer got the row ${seconds()} the fifth second, rows ${other}`)
await transaction
await prisma.$disconnect()
JS

cat >"$work/expected" <<'TEXT'
another writer got the row after the fifth second, rows 1
rejected after the fifth second: P2028
third second, the statement runs: true
TEXT

timeout 60 node main.mjs 2>&1 | sort | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
