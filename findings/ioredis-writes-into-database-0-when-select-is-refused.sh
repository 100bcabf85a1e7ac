#!/usr/bin/env bash
# Finding: ioredis goes on in database 0 when the server refuses the database of the address.
# Versions: ioredis 6.0.0, redis (node-redis) 6.3.1, Debian's Redis (7.0.15 when this was written).
# One would expect: a connection whose database does not exist fails, as node-redis fails.
# What happens: ioredis emits one `error`, then `ready`. Commands succeed in database 0.
# Why it matters: two services that were kept apart by their database number share one key space: counters of a
#   rate limiter mix, and a FLUSHDB empties the other's. The single error line scrolls by at the start. Check
#   `SELECT` oneself before the first use.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
started=()
clean() {
  [ ${#started[@]} = 0 ] || kill "${started[@]}" 2>/dev/null
  wait 2>/dev/null
  rm -rf "$work"
}
trap clean EXIT
cd "$work" || exit 2
command -v redis-server >/dev/null || { echo 'This needs the Debian package redis-server.'; exit 2; }
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts ioredis@6.0.0 redis@6.3.1 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version); $(redis-server --version | cut -d' ' -f1-3)"
redis_of() { # name, further options
  local name=$1 port
  shift
  for _ in 1 2 3; do
    port=$((20000 + RANDOM % 12000))
    redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$work" "$@" >"$name.log" 2>&1 &
    started+=("$!")
    for _ in $(seq 50); do
      redis-cli -p "$port" ping >/dev/null 2>&1 && grep -q 'Ready to accept' "$name.log" &&
        { echo "$port" >"$name"; return; }
      kill -0 "${started[-1]}" 2>/dev/null || break
      sleep 0.1
    done
  done
  echo 'Redis did not start.'
  exit 2
}

redis_of plain

cat >main.mjs <<'JS'
import { readFileSync } from 'node:fs'
import Redis from 'ioredis'
import { createClient } from 'redis'

const url = `redis://127.0.0.1:${readFileSync('plain', 'utf8').trim()}`
const redis = new Redis(`${url}/99`)
const events = []
for (const name of ['error', 'ready', 'close']) redis.on(name, (error) => events.push(error?.message ?? name))
await redis.set('key', 'written for database 99')
redis.disconnect()
const zero = new Redis(`${url}/0`)
console.log(`ioredis: ${events.slice(0, 2).join(', then ')}`)
console.log(`  in database 0: ${await zero.get('key')}`)
zero.disconnect()
const client = createClient({ url: `${url}/99`, socket: { reconnectStrategy: false } })
client.on('error', () => undefined)
const outcome = await client.connect().then(() => 'connects', (error) => error.message)
console.log(`node-redis: ${outcome}`)
process.exit()
JS

cat >expected <<'TEXT'
ioredis: ERR DB index is out of range, then ready
  in database 0: written for database 99
node-redis: ERR DB index is out of range
TEXT

timeout 60 node main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
