#!/usr/bin/env bash
# Finding: urql sends a query by GET while its address stays short, and by POST from a certain length on.
# Versions: @urql/core 6.0.3 with graphql 16.15.0.
# One would expect: GraphQL clients POST unless they are told otherwise; Apollo Client and graphql-request do.
# What happens: without any setting a small query goes out as `GET /graphql?query=…`, with its variables in the
#   address. The same client POSTs a longer query and every mutation. `preferGetMethod: false` makes all of them
#   POST.
# Why it matters: an endpoint that serves POST only answers 405 to some queries of one program and 200 to
#   others. Variables reach access logs, and a cache in front may store answers that depend on the token.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts graphql@16.15.0 @urql/core@6.0.3 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version)"

cat >main.mjs <<'JS'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Client, fetchExchange } from '@urql/core'

const server = createServer((request, response) => {
  console.log(`    ${request.method}, variables in the address: ${request.url.includes('variables=')}`)
  request.resume().on('end', () => response.setHeader('content-type', 'application/json').end('{"data":{"a":1}}'))
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `http://127.0.0.1:${server.address().port}/graphql`

for (const setting of [{}, { preferGetMethod: false }]) {
  const client = new Client({ url, exchanges: [fetchExchange], ...setting })
  console.log(`settings ${JSON.stringify(setting)}`)
  for (const aliases of [1, 300]) {
    const fields = Array.from({ length: aliases }, (_, index) => `a${index}: a(id: $id)`).join(' ')
    console.log(`  query of ${aliases} field(s)`)
    await client.query(`query Q($id: ID) { ${fields} }`, { id: '1' }, { requestPolicy: 'network-only' }).toPromise()
  }
  console.log('  mutation')
  await client.mutation('mutation M($id: ID) { a(id: $id) }', { id: '1' }).toPromise()
}
server.close()
server.closeAllConnections()
JS

cat >expected <<'TEXT'
settings {}
  query of 1 field(s)
    GET, variables in the address: true
  query of 300 field(s)
    POST, variables in the address: false
  mutation
    POST, variables in the address: false
settings {"preferGetMethod":false}
  query of 1 field(s)
    POST, variables in the address: false
  query of 300 field(s)
    POST, variables in the address: false
  mutation
    POST, variables in the address: false
TEXT

timeout 60 node main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
