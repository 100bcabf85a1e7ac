#!/usr/bin/env bash
# Finding: with the adapter for pg, Prisma's error P2002 has no `meta.target`; the constraint is four levels
#   deep, by its name in the database.
# Versions: prisma 7.10.1, @prisma/client 7.10.0, @prisma/adapter-pg 7.10.1, pg 8.23.1, Debian's postgresql
#   (15.20 when this was written).
# One would expect: `meta.target` lists the fields of the unique constraint, as Prisma's reference of errors
#   says and as most code on P2002 reads it.
# What happens: `meta` has `modelName` and `driverAdapterError`. The name of the index is at
#   `meta.driverAdapterError.cause.constraint.index`. The fields of the model are nowhere.
# Why it matters: code of the form `error.meta.target.includes("secret")` throws a TypeError in its own error
#   handling, or takes each duplicate for another one. A door that answers "name is taken" has to compare index
#   names.
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

sql -c 'CREATE TABLE clients (id int PRIMARY KEY, name text UNIQUE)' -c "INSERT INTO clients VALUES (1, 'taken')"

cat >main.mjs <<'JS'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '@prisma/client'

const base = `postgres://postgres@127.0.0.1:${process.env.PGPORT}/postgres`
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: base }) })
for (const data of [{ id: 2, name: 'taken' }, { id: 1, name: 'free' }]) {
  const error = await prisma.client.create({ data }).catch((thrown) => thrown)
  console.log(`${JSON.stringify(data)}: ${error.code}, target ${error.meta.target ?? 'missing'}`)
  console.log(`  meta has ${Object.keys(error.meta).sort().join(', ')}`)
  console.log(`  constraint ${JSON.stringify(error.meta.driverAdapterError.cause.constraint)}`)
}
await prisma.$disconnect()
JS

cat >"$work/expected" <<'TEXT'
{"id":2,"name":"taken"}: P2002, target missing
  meta has driverAdapterError, modelName
  constraint {"index":"clients_name_key"}
{"id":1,"name":"free"}: P2002, target missing
  meta has driverAdapterError, modelName
  constraint {"index":"clients_pkey"}
TEXT

timeout 60 node main.mjs 2>&1 | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
