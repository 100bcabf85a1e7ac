#!/usr/bin/env bash
# Finding: Prisma's adapter for pg reads names out of PostgreSQL's English sentences: with `lc_messages` in
#   Ukrainian, P2022 names no column.
# Versions: prisma 7.10.1, @prisma/client 7.10.0, @prisma/adapter-pg 7.10.1, pg 8.23.1, Debian's postgresql
#   (15.20 when this was written).
# One would expect: an error with a code of its own has its details whatever the language of the server's
#   messages is, since SQLSTATE and the fields of the error do not change with it.
# What happens: for a missing column the adapter matches the English text of the message. In another language
#   the code is right and the name is "(not available)"; `meta` has no column. A missing table keeps its name
#   only because the word order happens to fit.
# Why it matters: servers set up by a national installer speak the national language. After a migration that is
#   half done, the one word that tells what is missing is gone from the log. Code that decides by these texts
#   decides wrongly. Set `lc_messages = C` for the role.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
localedef -i uk_UA -f UTF-8 --no-archive "$work/uk_UA.UTF-8" 2>/dev/null ||
  { echo 'This needs the Debian package locales.'; exit 2; }
export LOCPATH=$work
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

sql -c 'CREATE TABLE clients (id int PRIMARY KEY)'
[ "$(PGOPTIONS='-c lc_messages=uk_UA.UTF-8' sql -c 'SELECT missing' 2>&1 | grep -c '^ERROR')" = 0 ] ||
  { echo 'This PostgreSQL has no Ukrainian messages.'; exit 2; }

cat >main.mjs <<'JS'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '@prisma/client'

const base = `postgres://postgres@127.0.0.1:${process.env.PGPORT}/postgres`
for (const language of ['C', 'uk_UA.UTF-8']) {
  const options = `-c lc_messages=${language}`
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: base, options }) })
  const error = await prisma.client.findMany().catch((thrown) => thrown)
  console.log(`${language}: ${error.code} ${error.message.split('\n').pop()}`)
  console.log(`  column in meta: ${error.meta.driverAdapterError.cause.column}`)
  await prisma.$disconnect()
}
JS

cat >"$work/expected" <<'TEXT'
C: P2022 The column `clients.name` does not exist in the current database.
  column in meta: clients.name
uk_UA.UTF-8: P2022 The column `(not available)` does not exist in the current database.
  column in meta: undefined
TEXT

timeout 60 node main.mjs 2>&1 | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
