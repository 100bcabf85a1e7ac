#!/usr/bin/env bash
# Finding: a dump without privileges restores functions that everybody may execute, although the original had
#   that right revoked.
# Versions: Debian's postgresql (15.20 when this was written), its pg_dump and psql.
# One would expect: `--no-privileges` leaves rights out, so that a restored object has at most the rights of its
#   owner, as restored tables have.
# What happens: PostgreSQL grants EXECUTE on each new function to PUBLIC by default, and the REVOKE was a
#   privilege that the dump left out. Tables come back closed, functions open.
# Why it matters: operators use the option together with `--no-owner` to move a database between roles, and then
#   run their own script of rights. A script of GRANTs alone does not close what the restore opened: it needs
#   the REVOKE for functions and for the trigger functions of an audit.
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

sql -c 'CREATE ROLE somebody LOGIN' -c 'CREATE DATABASE original' -c 'CREATE DATABASE restored'
sql original <<'SQL'
CREATE TABLE audit (id int);
CREATE FUNCTION append_to_audit() RETURNS int LANGUAGE sql AS 'SELECT 1';
REVOKE EXECUTE ON FUNCTION append_to_audit() FROM PUBLIC;
SQL
pg_dump --no-privileges original | sql -o restore.log restored
rights="SELECT has_table_privilege('somebody', 'audit', 'INSERT'),
  has_function_privilege('somebody', 'append_to_audit()', 'EXECUTE')"
cat >"$work/expected" <<'TEXT'
database|may insert|may execute
original|f|f
restored|f|t
TEXT
{
  echo 'database|may insert|may execute'
  for database in original restored; do echo "$database|$(sql "$database" -c "$rights")"; done
} | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
