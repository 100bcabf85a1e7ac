#!/usr/bin/env bash
# Finding: ioredis and node-redis stay connected and `ready` on a server that was demoted to a replica, and fail
#   each write for ever.
# Versions: ioredis 6.0.0, redis (node-redis) 6.3.1, Debian's Redis (7.0.15 when this was written).
# One would expect: after a failover that leaves connections open, a client notices READONLY and connects again
#   through its address.
# What happens: each write is an error, the status stays ready, and no reconnection happens. With
#   `reconnectOnError` ioredis makes a new connection at the first READONLY.
# Why it matters: behind a virtual address or a DNS name the new primary is one reconnection away, but the
#   client stays with the old one. Each gateway counts for itself meanwhile, and readiness that looks at the
#   status is green.
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

redis_of server

cat >main.mjs <<'JS'
import { readFileSync } from 'node:fs'
import Redis from 'ioredis'
import { createClient } from 'redis'

const port = Number(readFileSync('server', 'utf8'))
const operator = new Redis({ port, host: '127.0.0.1' })
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const failures = async (client) => {
  let count = 0
  for (let turn = 0; turn < 5; turn += 1) {
    await client.set('key', 'value').catch((error) => { count += error.message.startsWith('READONLY') ? 1 : 0 })
    await pause(200)
  }
  return count
}

const reconnectOnError = (error) => error.message.startsWith('READONLY')
for (const settings of [{}, { reconnectOnError }]) {
  const redis = new Redis({ port, host: '127.0.0.1', ...settings })
  let connections = 0
  redis.on('error', () => undefined).on('ready', () => { connections += 1 })
  await redis.set('key', 'value')
  await operator.call('replicaof', '127.0.0.1', '1')
  const failed = await failures(redis)
  const name = Object.keys(settings)[0] ?? 'as it is'
  console.log(`ioredis ${name}: ${failed} of 5 writes READONLY`)
  console.log(`  ${connections > 1 ? 'connected again' : `no new connection, status ${redis.status}`}`)
  await operator.call('replicaof', 'no', 'one')
  redis.disconnect()
}
const client = createClient({ url: `redis://127.0.0.1:${port}` })
client.on('error', () => undefined)
await client.connect()
await operator.call('replicaof', '127.0.0.1', '1')
console.log(`node-redis: ${await failures(client)} of 5 writes READONLY, ready: ${client.isReady}`)
process.exit()
JS

cat >expected <<'TEXT'
ioredis as it is: 5 of 5 writes READONLY
  no new connection, status ready
ioredis reconnectOnError: 5 of 5 writes READONLY
  connected again
node-redis: 5 of 5 writes READONLY, ready: true
TEXT

timeout 60 node main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
