#!/usr/bin/env bash
# Finding: Caddy answers 200 with an empty body to a request whose host no site serves.
# Versions: Debian 12: Caddy 2.6.2; the version in use is printed.
# One would expect: an error: 404, 421 (RFC 9110 section 15.5.20) or a closed connection, as other proxies
#   answer from a default site.
# What happens: the request for another host never reaches the upstream, and the answer is `200` with
#   `Content-Length: 0` for each path and each method, PATCH too.
# Why it matters: a client with an old or mistyped host name takes its PATCH for done, since many programs look
#   at the status alone. A health check by address is green though no site serves it. Add a last site for all
#   hosts of the port, with `respond 421`.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
for package in caddy node:nodejs curl; do
  PATH="$PATH:/usr/sbin" command -v "${package%:*}" >/dev/null ||
    { echo "This needs the Debian package ${package#*:}."; exit 2; }
done
PATH="$PATH:/usr/sbin"
started=()
clean() {
  [ ${#started[@]} = 0 ] || kill "${started[@]}" 2>/dev/null
  for _ in $(seq 30); do kill -0 "${started[@]}" 2>/dev/null || break; sleep 0.1; done
  [ ${#started[@]} = 0 ] || kill -9 "${started[@]}" 2>/dev/null
  rm -rf "$work"
}
trap clean EXIT
cd "$work" || exit 2
run() { "$@" >>"$1.log" 2>&1 & started+=("$!"); }
free() { node -e "const s = require('net').createServer().listen(0, '127.0.0.1', () => {
  console.log(s.address().port); s.close() })"; }
ready() { # name, port, path
  for _ in $(seq 150); do
    curl --silent --output /dev/null --max-time 2 "http://127.0.0.1:$2$3" && return
    sleep 0.1
  done
  echo "$1 did not start."
  tail -3 "$1.log" 2>/dev/null
  exit 2
}
echo "Caddy $(caddy version)"

cat >upstream.mjs <<'JS'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'

const server = createServer((_request, response) => {
  response.end('ok')
}).listen(0, '127.0.0.1', () => writeFileSync('port', String(server.address().port)))
setTimeout(() => process.exit(), 110_000)
JS
run node upstream.mjs
for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
upstream=$(cat port) || exit 2
caddy=$(free)
configure() { # a further site
  cat >Caddyfile <<CADDY
{
  admin off
  auto_https off
}
http://gateway.example:$caddy {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:$upstream
}
$1
CADDY
}
configure ''
HOME="$work" run caddy run --config Caddyfile --adapter caddyfile
ready caddy "$caddy" /ok
ask() { # host, method
  curl --silent --request "$2" --header "Host: $1" --write-out " $1 $2: %{http_code}, %{size_download} bytes\n" \
    "http://127.0.0.1:$caddy/api/connections/1" | sed 's/^ok / /; s/^ //'
}
cat >"$work/expected" <<'TEXT'
gateway.example GET: 200, 2 bytes
gatevay.example GET: 200, 0 bytes
gatevay.example PATCH: 200, 0 bytes
with a last site
gateway.example GET: 200, 2 bytes
gatevay.example PATCH: 421, 0 bytes
TEXT
{
  ask gateway.example GET
  ask gatevay.example GET
  ask gatevay.example PATCH
  kill "${started[-1]}"
  wait "${started[-1]}" 2>/dev/null
  echo 'with a last site'
  configure "http://:$caddy {
  bind 127.0.0.1
  respond 421
}"
  HOME="$work" run caddy run --config Caddyfile --adapter caddyfile
  ready caddy "$caddy" /ok
  ask gateway.example GET
  ask gatevay.example PATCH
} >seen
cat seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
