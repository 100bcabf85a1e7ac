#!/usr/bin/env bash
# Finding: GraphQL Yoga says 200 to a health check at any path whose end is `/health`, by any method.
# Versions: graphql-yoga 5.24.1 with graphql 16.15.0.
# One would expect: `/health` is the health check; another path is the GraphQL endpoint or 404.
# What happens: the path is compared by its end: `/graphql/health`, `/any/typing/error/health` are healthy too,
#   for GET, POST and DELETE. `/health?x=1` is not healthy.
# Why it matters: a probe with a wrong path stays green for ever, and a route of one's own below Yoga that ends
#   so never gets its requests. A balancer that adds a query to its probe sees 404. Set `healthCheckEndpoint`,
#   or route health checks before Yoga.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts graphql@16.15.0 graphql-yoga@5.24.1 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version)"

cat >main.mjs <<'JS'
import { createSchema, createYoga } from 'graphql-yoga'

const yoga = createYoga({ schema: createSchema({ typeDefs: 'type Query { a: Int }' }), logging: false })
const ask = async (method, path) => {
  const { status } = await yoga.fetch(`http://gateway.example${path}`, { method })
  console.log(`${method} ${path}: ${status}`)
}
for (const path of ['/health', '/graphql/health', '/any/typing/error/health', '/healthz', '/health?x=1']) {
  await ask('GET', path)
}
for (const method of ['POST', 'DELETE']) await ask(method, '/any/typing/error/health')
JS

cat >expected <<'TEXT'
GET /health: 200
GET /graphql/health: 200
GET /any/typing/error/health: 200
GET /healthz: 404
GET /health?x=1: 404
POST /any/typing/error/health: 200
DELETE /any/typing/error/health: 200
TEXT

timeout 60 node main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
