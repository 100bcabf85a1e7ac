#!/usr/bin/env bash
# Finding: nginx, Apache and Caddy compress answers that say `Cache-Control: no-transform`, and each treats
#   their ETag in another way.
# Versions: Debian 12: nginx 1.22.1, apache2 2.4.71, Caddy 2.6.2, HAProxy 2.6.12; versions in use are printed.
# One would expect: a proxy must not transform content under `no-transform` (RFC 9110 section 7.7), so an API
#   can protect its strong tags with it.
# What happens: only HAProxy obeys. nginx compresses and makes the tag weak, Apache compresses and writes
#   `-gzip` into it, Caddy compresses and keeps it.
# Why it matters: a client sends back the tag that it saw, in `If-Match`. An API that compares strongly answers
#   412 for ever behind nginx and Apache with compression, and the directive that should prevent it does not.
#   Either read the changed tags, or turn compression off for the API.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
for package in nginx apache2 haproxy caddy node:nodejs curl; do
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
apache2 -v | head -1
haproxy -v | head -1 | cut -d' ' -f1-3
echo "Caddy $(caddy version)"

cat >upstream.mjs <<'JS'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'

const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', etag: '"3"', 'cache-control': 'no-transform' })
  response.end(JSON.stringify({ text: 'x'.repeat(5000) }))
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
  gzip on;
  gzip_proxied any;
  gzip_types application/json;
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
$(for module in mpm_event authz_core proxy proxy_http filter deflate; do
  echo "LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so"
done)
AddOutputFilterByType DEFLATE application/json
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
  compression algo gzip
  compression type application/json
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
  encode gzip
  reverse_proxy 127.0.0.1:$upstream
}
CADDY
HOME="$work" run caddy run --config Caddyfile --adapter caddyfile
ready caddy "$caddy" /ok

ask() { # name, port
  local headers
  headers=$(curl --silent --output /dev/null --dump-header - -H 'Accept-Encoding: gzip' "http://127.0.0.1:$2/ok" |
    tr -d '\r')
  echo "$1: $(grep -i '^content-encoding:' <<<"$headers" || echo 'not compressed'), $(grep -i '^etag:' <<<"$headers")"
}
cat >"$work/expected" <<'TEXT'
no proxy: not compressed, etag: "3"
nginx: content-encoding: gzip, etag: w/"3"
apache: content-encoding: gzip, etag: "3-gzip"
caddy: content-encoding: gzip, etag: "3"
haproxy: not compressed, etag: "3"
TEXT
{
  ask 'no proxy' "$upstream"
  ask nginx "$nginx"
  ask Apache "$apache"
  ask Caddy "$caddy"
  ask HAProxy "$haproxy"
} | tr '[:upper:]' '[:lower:]' | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
