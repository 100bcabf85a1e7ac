#!/usr/bin/env bash
# Finding: in a database with LC_CTYPE C, ICU as its locale provider repairs ILIKE for Cyrillic, but not pg_trgm
#   and not text search.
# Versions: Debian's postgresql (15.20 when this was written) with its extension pg_trgm.
# One would expect: a database made with `LOCALE_PROVIDER icu` treats Ukrainian letters as letters everywhere.
# What happens: without ICU, ILIKE and lower() leave Cyrillic alone. With ICU both are right, yet pg_trgm still
#   asks LC_CTYPE: it sees no letter, makes no trigram, and two equal words have the similarity 0. Text search
#   does not lower-case. No error, no warning.
# Why it matters: a search for clinics by name passes its tests on ILIKE, while its trigram index cannot help
#   one query and each search reads the whole table. Some installers make databases with C by default. Look at
#   LC_CTYPE, whatever the provider.
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

sql -c "CREATE DATABASE c_libc TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'" \
  -c "CREATE DATABASE c_icu TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'uk' LC_COLLATE 'C' LC_CTYPE 'C'"
cat >"$work/expected" <<'TEXT'
database|ILIKE|lower|trigrams|similarity to itself|text search
postgres|t|їжак|8|1|'їжак':1
c_libc|f|ЇЖАК|0|0|'ЇЖАК':1
c_icu|t|їжак|0|0|'ЇЖАК':1
TEXT
{
  echo "database|ILIKE|lower|trigrams|similarity to itself|text search"
  for database in postgres c_libc c_icu; do
    sql "$database" -c 'CREATE EXTENSION pg_trgm'
    sql "$database" -c "SELECT current_database(), 'Поліклініка' ILIKE '%КЛІНІКА%', lower('ЇЖАК'),
      cardinality(show_trgm('клініка')), similarity('клініка', 'клініка'), to_tsvector('simple', 'ЇЖАК')"
  done
} | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
