#!/usr/bin/env bash
# Finding: @fastify/compress sends plain, gzip and Brotli bytes under one strong ETag, and compresses what says
#   `no-transform`.
# Versions: @fastify/compress 9.2.0, fastify 5.12.8.
# One would expect: different bytes have different strong tags (RFC 9110 section 8.8.1), so the plugin weakens
#   or changes the tag as nginx and Apache do. `Cache-Control: no-transform` leaves an answer alone.
# What happens: the tag stays as it is in all three forms, and the directive is ignored.
# Why it matters: the two ways to compress an API differ in the tag that a client sends back in `If-Match`. With
#   this plugin the tag survives; behind a compressing nginx it does not. In exchange a shared cache may join
#   ranges or revalidate across encodings. Neither is cured by `no-transform`.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts fastify@5.12.8 @fastify/compress@9.2.0 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version)"

cat >main.mjs <<'JS'
import compress from '@fastify/compress'
import Fastify from 'fastify'

const app = Fastify()
await app.register(compress)
app.get('/', (_request, reply) =>
  reply.headers({ etag: '"3"', 'cache-control': 'no-transform' }).send({ text: 'x'.repeat(5000) }))

for (const accepted of ['identity', 'gzip', 'br']) {
  const { headers, rawPayload } = await app.inject({ url: '/', headers: { 'accept-encoding': accepted } })
  const size = rawPayload.length > 1000 ? 'whole' : 'compressed'
  console.log(`${accepted}: ${size}, ${headers['content-encoding'] ?? 'no encoding'}, ETag ${headers.etag}`)
}
JS

cat >expected <<'TEXT'
identity: whole, no encoding, ETag "3"
gzip: compressed, gzip, ETag "3"
br: compressed, br, ETag "3"
TEXT

timeout 60 node main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
