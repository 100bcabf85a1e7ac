#!/usr/bin/env bash
# Finding: ioredis never gets past its ready check on a Redis whose INFO is renamed away, and connects again and
#   again.
# Versions: ioredis 6.0.0, redis (node-redis) 6.3.1, Debian's Redis (7.0.15 when this was written).
# One would expect: a client that only sets and gets keys works where an operator renamed commands that it does
#   not need.
# What happens: ioredis asks `INFO` before it lets commands through. The answer "unknown command" is an `error`
#   event. The waiting commands fail with the same text, ioredis connects anew and asks again, without an end.
#   node-redis works. So does ioredis with `enableReadyCheck: false`.
# Why it matters: hardened and some hosted servers rename INFO. A gateway that falls back to local counters
#   without Redis does so for ever, while other clients of the same server are well. The log speaks of an
#   unknown command that no code of one's own sends.
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

redis_of renamed --rename-command INFO ''

cat >main.mjs <<'JS'
import { readFileSync } from 'node:fs'
import Redis from 'ioredis'
import { createClient } from 'redis'

const port = Number(readFileSync('renamed', 'utf8'))
for (const settings of [{}, { enableReadyCheck: false }]) {
  const redis = new Redis({ port, host: '127.0.0.1', ...settings })
  let [attempts, ready] = [0, 0]
  redis.on('error', () => undefined).on('connect', () => { attempts += 1 }).on('ready', () => { ready += 1 })
  const outcome = await redis.set('key', 'value').catch((error) => error.message.split(',')[0])
  await new Promise((resolve) => setTimeout(resolve, 3000))
  console.log(`ioredis ${JSON.stringify(settings)}: ${outcome}`)
  console.log(`  after three seconds: ready ${ready} times, connected more than once: ${attempts > 1}`)
  redis.disconnect()
}
const client = createClient({ url: `redis://127.0.0.1:${port}` })
client.on('error', () => undefined)
await client.connect()
console.log(`node-redis: ${await client.set('key', 'value')}`)
process.exit()
JS

cat >expected <<'TEXT'
ioredis {}: ERR unknown command 'info'
  after three seconds: ready 0 times, connected more than once: true
ioredis {"enableReadyCheck":false}: OK
  after three seconds: ready 1 times, connected more than once: false
node-redis: OK
TEXT

timeout 60 node main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
