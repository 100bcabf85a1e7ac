#!/usr/bin/env bash
# Finding: HAProxy's `unique-id-header` adds a header beside the caller's own, and HAProxy passes the upstream's
#   `Keep-Alive` on to the client.
# Versions: Debian 12: HAProxy 2.6.12, nginx 1.22.1; versions in use are printed.
# One would expect: the header is set or kept, so that the upstream finds one id; a hop-by-hop header ends at
#   the proxy (RFC 9110 section 7.6.1).
# What happens: the upstream gets two `X-Request-ID`. Node joins them to one text with a comma, other servers
#   take the first or the last. `Keep-Alive: timeout=5` of Node reaches the client, as if HAProxy kept its
#   connections for five seconds. nginx drops it.
# Why it matters: ids of log lines at the two sides no longer meet, just for those callers who sent one. Clients
#   that obey `Keep-Alive` reconnect by the upstream's clock. Write `http-request set-header X-Request-ID
#   %[unique-id]` and `http-response del-header Keep-Alive`.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
for package in haproxy nginx node:nodejs curl; do
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
nginx -v 2>&1

cat >upstream.mjs <<'JS'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'

const server = createServer((request, response) => {
  const ids = request.rawHeaders.filter((_value, index, all) => index % 2 && /^x-request-id$/i.test(all[index - 1]))
  response.setHeader('x-seen', ids.map((id) => (id === 'from-the-caller' ? id : 'own')).join('+') || 'none').end('ok')
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
haproxy=$(free)
cat >haproxy.cfg <<HAPROXY
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend door
  bind 127.0.0.1:$haproxy
  unique-id-format %{+X}o%ci%cp%ts%rt
  unique-id-header X-Request-ID
  default_backend gateway
backend gateway
  server one 127.0.0.1:$upstream
HAPROXY
run haproxy -f haproxy.cfg
ready haproxy "$haproxy" /ok

ask() { # name, port, further options of curl
  local title=$1 url=http://127.0.0.1:$2 headers
  shift 2
  headers=$(curl --silent --output /dev/null --dump-header - "$@" "$url/ok" | tr -d '\r')
  echo "$title: upstream saw $(sed -n 's/^x-seen: //p' <<<"$headers"), $(grep -i '^keep-alive:' <<<"$headers" ||
    echo 'no Keep-Alive')"
}
cat >"$work/expected" <<'TEXT'
HAProxy, caller without id: upstream saw own, keep-alive: timeout=5
HAProxy, caller with id: upstream saw from-the-caller+own, keep-alive: timeout=5
nginx, caller with id: upstream saw from-the-caller, no Keep-Alive
TEXT
{
  ask 'HAProxy, caller without id' "$haproxy"
  ask 'HAProxy, caller with id' "$haproxy" -H 'X-Request-ID: from-the-caller'
  ask 'nginx, caller with id' "$nginx" -H 'X-Request-ID: from-the-caller'
} | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
