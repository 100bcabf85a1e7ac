#!/usr/bin/env bash
# Finding: on a kept upstream connection that ends without an answer, nginx sends a DELETE a second time, and
#   Varnish even a PATCH that has no body.
# Versions: Debian 12: nginx 1.22.1, Varnish 7.1.1, HAProxy 2.6.12; versions in use are printed.
# One would expect: with one upstream server there is nobody else to try, and PATCH is not idempotent: the
#   client gets 502.
# What happens: nginx takes the broken connection for an old idle one and repeats what it calls idempotent.
#   Varnish repeats whatever it can, that is each request without a body. Both then answer 200. HAProxy repeats
#   neither.
# Why it matters: a DELETE that was carried out comes back as 404 to a client that sent it once. An action such
#   as "make a new secret" is often a PATCH or POST without body: behind Varnish it runs twice. In nginx
#   `proxy_next_upstream off` stops it; give such actions a body behind Varnish.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
for package in nginx varnishd:varnish haproxy node:nodejs curl; do
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
nginx -v 2>&1
varnishd -V 2>&1 | head -1 | cut -d' ' -f1-2
haproxy -v | head -1 | cut -d' ' -f1-3

cat >upstream.mjs <<'JS'
// Answers the first request of each connection; ends the connection at its second one when it has read it.
import { appendFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'

const server = createServer((request, response) => {
  request.socket.requests = (request.socket.requests ?? 0) + 1
  if (request.url === '/target') appendFileSync('requests', `${request.method}\n`)
  request.resume().on('end', () => {
    if (request.url === '/target' && request.socket.requests > 1) request.socket.destroy()
    else response.setHeader('cache-control', 'no-store').end('ok')
  })
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
  server {
    listen 127.0.0.1:$nginx;
    server_name off.example;
    location / {
      proxy_pass http://gateway;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_next_upstream off;
    }
  }
  upstream gateway { server 127.0.0.1:$upstream; keepalive 4; }
  server {
    listen 127.0.0.1:$nginx default_server;
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
varnish=$(free)
cat >gateway.vcl <<VCL
vcl 4.1;
backend gateway { .host = "127.0.0.1"; .port = "$upstream"; }
VCL
chmod 755 "$work"
run varnishd -F -n "$work/varnish" -a "127.0.0.1:$varnish" -f "$work/gateway.vcl" -s default,16m -T none
ready varnishd "$varnish" /ok
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
  http-reuse always
  server one 127.0.0.1:$upstream
HAPROXY
run haproxy -f haproxy.cfg
ready haproxy "$haproxy" /ok

attempt() { # name, port, further options of curl
  local title=$1 url=http://127.0.0.1:$2 status
  shift 2
  for _ in 1 2 3; do curl --silent --output /dev/null --max-time 5 "$url/ok"; done
  : >requests
  # A connection of its own: curl itself repeats nothing on it.
  status=$(curl --silent --output /dev/null --max-time 20 --write-out '%{http_code}' "$@" "$url/target")
  echo "$title: upstream saw $(wc -l <requests) request(s), client $status"
}
cat >"$work/expected" <<'TEXT'
nginx, DELETE: upstream saw 2 request(s), client 200
nginx, PATCH without body: upstream saw 1 request(s), client 502
nginx, PATCH with body: upstream saw 1 request(s), client 502
nginx with proxy_next_upstream off, DELETE: upstream saw 1 request(s), client 502
Varnish, DELETE: upstream saw 2 request(s), client 200
Varnish, PATCH without body: upstream saw 2 request(s), client 200
Varnish, PATCH with body: upstream saw 1 request(s), client 503
HAProxy, DELETE: upstream saw 1 request(s), client 502
TEXT
{
  attempt 'nginx, DELETE' "$nginx" -X DELETE
  attempt 'nginx, PATCH without body' "$nginx" -X PATCH
  attempt 'nginx, PATCH with body' "$nginx" -X PATCH -d '{}'
  attempt 'nginx with proxy_next_upstream off, DELETE' "$nginx" -X DELETE -H 'Host: off.example'
  attempt 'Varnish, DELETE' "$varnish" -X DELETE
  attempt 'Varnish, PATCH without body' "$varnish" -X PATCH
  attempt 'Varnish, PATCH with body' "$varnish" -X PATCH -d '{}'
  attempt 'HAProxy, DELETE' "$haproxy" -X DELETE
} | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
