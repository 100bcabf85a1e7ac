#!/usr/bin/env bash
# Finding: Prisma's adapter for pg reads and writes a wrong instant in a `timestamptz` column when the session's
#   time zone is not UTC.
# Versions: prisma 7.10.1, @prisma/client 7.10.0, @prisma/adapter-pg 7.10.1, pg 8.23.1, Debian's postgresql
#   (15.20 when this was written).
# One would expect: timestamptz is an instant: what one program writes, every other reads, whatever the zone of
#   the session.
# What happens: the adapter drops the offset of the text that PostgreSQL sends, and sends no offset itself. With
#   Europe/Kyiv an instant of another program is read two or three hours late. Its own values are stored as
#   early as that, so that its own tests, write and read again, pass.
# Why it matters: `ALTER DATABASE … SET timezone` by an operator, or a server made with the zone of the country,
#   moves each expiry and each "blocked until" by hours, differently in summer and winter. Send `options: '-c
#   TimeZone=UTC'` with each connection.
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

model Block {
  id Int      @id
  at DateTime @db.Timestamptz(3)

  @@map("blocks")
}
PRISMA
cat >prisma.config.js <<'JS'
// Prisma looks for an engine that generating does not use: any executable file will do.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath
module.exports = { schema: 'schema.prisma' }
JS
CHECKPOINT_DISABLE=1 timeout 60 npx prisma generate >generate.log 2>&1 ||
  { tail -5 generate.log; echo 'Prisma could not generate its client.'; exit 2; }

sql -c 'CREATE TABLE blocks (id int PRIMARY KEY, at timestamptz(3))' \
  -c "INSERT INTO blocks VALUES (1, '2026-07-01T12:00:00Z')"

cat >main.mjs <<'JS'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '@prisma/client'

const base = `postgres://postgres@127.0.0.1:${process.env.PGPORT}/postgres`
for (const zone of ['UTC', 'Europe/Kyiv']) {
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: base, options: `-c TimeZone=${zone}` }) })
  const { at } = await prisma.block.findUniqueOrThrow({ where: { id: 1 } })
  const id = zone === 'UTC' ? 2 : 3
  const own = await prisma.block.create({ data: { id, at: new Date('2026-07-01T12:00:00Z') } })
  const [{ text }] = await prisma.$queryRaw`SELECT (at AT TIME ZONE 'UTC')::text AS text FROM blocks WHERE id = ${id}`
  console.log(zone)
  console.log(`  reads what SQL wrote as 12:00 UTC: ${at.toISOString()}`)
  console.log(`  writes 12:00 UTC: stored as ${text} UTC, read again as ${own.at.toISOString()}`)
  await prisma.$disconnect()
}
JS

cat >"$work/expected" <<'TEXT'
UTC
  reads what SQL wrote as 12:00 UTC: 2026-07-01T12:00:00.000Z
  writes 12:00 UTC: stored as 2026-07-01 12:00:00 UTC, read again as 2026-07-01T12:00:00.000Z
Europe/Kyiv
  reads what SQL wrote as 12:00 UTC: 2026-07-01T15:00:00.000Z
  writes 12:00 UTC: stored as 2026-07-01 09:00:00 UTC, read again as 2026-07-01T12:00:00.000Z
TEXT

timeout 60 node main.mjs 2>&1 | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
