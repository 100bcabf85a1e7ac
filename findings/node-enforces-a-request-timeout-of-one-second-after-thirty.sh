#!/usr/bin/env bash
# Finding: Node's HTTP server with a `requestTimeout` of one second answers 408 after up to thirty seconds.
# Versions: Node of the PATH (20.20 when this was written); the version in use is printed.
# One would expect: a request that is not complete after one second is answered 408 about then.
# What happens: Node looks at its connections every thirty seconds (`connectionsCheckingInterval`, an option of
#   createServer only, not a property of the server). Until then `requestTimeout` and `headersTimeout` have no
#   effect. With an interval of 500 ms the answer comes in time.
# Why it matters: a balancer with a shorter limit gives up first and answers 504, so the 408 is never seen. A
#   test of the limit passes or fails by the moment at which the server was started. Frameworks that set the two
#   properties after creating the server leave the interval at thirty seconds.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
command -v node >/dev/null || { echo 'This needs Node.'; exit 2; }
cd "$work" || exit 2
echo "Node $(node --version)"

cat >main.mjs <<'JS'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'

/** The seconds until a request that lacks a part of its body is answered. */
const measure = async (options) => {
  const limits = { requestTimeout: 1000, headersTimeout: 1000, ...options }
  const server = createServer(limits, (request) => request.resume())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const started = Date.now()
  const socket = connect(server.address().port, '127.0.0.1')
  socket.write('PATCH / HTTP/1.1\r\nHost: gateway.example\r\nContent-Length: 10\r\n\r\nabc')
  const [bytes] = await once(socket, 'data')
  const seconds = (Date.now() - started) / 1000
  server.close()
  return `${bytes.toString().split(' ')[1]} ${seconds < 10 ? 'within ten seconds' : 'after ten seconds or more'}`
}
const [plain, often] = await Promise.all([measure({}), measure({ connectionsCheckingInterval: 500 })])
console.log(`requestTimeout 1000: ${plain}`)
console.log(`and connectionsCheckingInterval 500: ${often}`)
process.exit()
JS
cat >"$work/expected" <<'TEXT'
requestTimeout 1000: 408 after ten seconds or more
and connectionsCheckingInterval 500: 408 within ten seconds
TEXT
timeout 60 node main.mjs 2>&1 | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
