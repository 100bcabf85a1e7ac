#!/usr/bin/env bash
# Finding: where the upstream ends a connection without an answer, HAProxy and Apache answer 502 to the first
#   request of a client connection, and nothing to a later one.
# Versions: Debian 12: HAProxy 2.6.12, apache2 2.4.71, nginx 1.22.1, Caddy 2.6.2; versions in use are printed.
# One would expect: a gateway that got no valid answer says 502 (RFC 9110 section 15.6.3), as nginx and Caddy do
#   on each connection.
# What happens: for a request on a kept client connection HAProxy and Apache close that connection without a
#   byte, as if they had timed it out themselves.
# Why it matters: by HTTP a client may send a request again on such an end, and curl, PHP and Chromium do so
#   with PATCH. The failure of one instance is invisible as a status in the client's log, and turns into a
#   second write.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
for package in haproxy apache2 nginx caddy node:nodejs curl; do
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
haproxy -v | head -1 | cut -d' ' -f1-3
apache2 -v | head -1
nginx -v 2>&1
echo "Caddy $(caddy version)"

cat >upstream.mjs <<'JS'
// Answers /ok, and ends the connection of /broken without an answer when it has read the request.
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'

const server = createServer((request, response) => {
  request.resume().on('end', () => (request.url === '/broken' ? request.socket.destroy() : response.end('ok')))
}).listen(0, '127.0.0.1', () => writeFileSync('port', String(server.address().port)))
setTimeout(() => process.exit(), 110_000)
JS
run node upstream.mjs
for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
upstream=$(cat port) || exit 2
nginx=$(free)
cat >nginx.conf <<NGINX
daemon off;
$([ "$(id -u)" = 0 ] && echo 'user root;')
pid $work/nginx.pid;
error_log $work/nginx.error;
events { }
http {
  access_log off;
  client_body_temp_path $work/nginx-body;
  proxy_temp_path $work/nginx-proxy;
  fastcgi_temp_path $work/nginx-1;
  uwsgi_temp_path $work/nginx-2;
  scgi_temp_path $work/nginx-3;
  upstream gateway { server 127.0.0.1:$upstream; keepalive 4; }
  server {
    listen 127.0.0.1:$nginx;
    location / {
      proxy_pass http://gateway;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
NGINX
run nginx -p "$work" -e "$work/nginx.error" -c "$work/nginx.conf"
ready nginx "$nginx" /ok
apache=$(free)
cat >apache.conf <<APACHE
ServerRoot $work
ServerName localhost
Listen 127.0.0.1:$apache
PidFile $work/apache.pid
ErrorLog $work/apache.error
DefaultRuntimeDir $work
Mutex pthread
$([ "$(id -u)" = 0 ] && printf 'User www-data\nGroup www-data')
$(for module in mpm_event authz_core proxy proxy_http; do
  echo "LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so"
done)
ProxyPass / http://127.0.0.1:$upstream/
APACHE
run apache2 -f "$work/apache.conf" -DFOREGROUND
ready apache2 "$apache" /ok
haproxy=$(free)
cat >haproxy.cfg <<HAPROXY
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend door
  bind 127.0.0.1:$haproxy
  default_backend gateway
backend gateway
  server one 127.0.0.1:$upstream
HAPROXY
run haproxy -f haproxy.cfg
ready haproxy "$haproxy" /ok
caddy=$(free)
cat >Caddyfile <<CADDY
{
  admin off
  auto_https off
}
http://127.0.0.1:$caddy {
  reverse_proxy 127.0.0.1:$upstream
}
CADDY
HOME="$work" run caddy run --config Caddyfile --adapter caddyfile
ready caddy "$caddy" /ok

cat >client.mjs <<'JS'
import { Agent, request } from 'node:http'

const [name, port] = process.argv.slice(2)
const send = (agent, method, path) => new Promise((resolve) => {
  const headers = { 'content-length': method === 'PATCH' ? 2 : 0 }
  const call = request({ agent, port, host: '127.0.0.1', method, path, headers })
  call.on('response', (answer) => answer.resume().on('end', () => resolve(answer.statusCode)))
  call.on('error', () => resolve('no answer'))
  call.end(method === 'PATCH' ? '{}' : undefined)
})
const fresh = await send(new Agent({ keepAlive: true, maxSockets: 1 }), 'PATCH', '/broken')
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
await send(agent, 'GET', '/ok')
await new Promise((resolve) => setTimeout(resolve, 100))
console.log(`${name}: first request ${fresh}, later request ${await send(agent, 'PATCH', '/broken')}`)
process.exit()
JS
cat >"$work/expected" <<'TEXT'
nginx: first request 502, later request 502
Caddy: first request 502, later request 502
HAProxy: first request 502, later request no answer
Apache: first request 502, later request no answer
TEXT
{
  timeout 30 node client.mjs nginx "$nginx"
  timeout 30 node client.mjs Caddy "$caddy"
  timeout 30 node client.mjs HAProxy "$haproxy"
  timeout 30 node client.mjs Apache "$apache"
} | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
