#!/usr/bin/env bash
# Finding: the same 401 with the same GraphQL errors is two different errors in Apollo Client, by the media type
#   of the answer.
# Versions: @apollo/client 4.3.8, graphql-request 7.4.0, @urql/core 6.0.3, graphql 16.15.0.
# One would expect: a client that finds `errors` with a code in the body shows the code, whichever of the two
#   JSON types the server names.
# What happens: as `application/graphql-response+json` Apollo Client throws CombinedGraphQLErrors with the code
#   and without the status. As `application/json` it throws ServerError with the status, and the body is a text
#   to parse oneself. graphql-request and urql show the code both times.
# Why it matters: servers often answer what fails before execution (no token, too large) with the plain type and
#   the rest with the new one. A program that looks for UNAUTHENTICATED in one place then misses half of its
#   401s. Answer every refusal with the negotiated type.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts graphql@16.15.0 @apollo/client@4.3.8 rxjs@7.8.2 \
  graphql-request@7.4.0 @urql/core@6.0.3 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version)"

cat >main.mjs <<'JS'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { Client, fetchExchange } from '@urql/core'
import { GraphQLClient } from 'graphql-request'

let type
const server = createServer((request, response) => {
  const errors = [{ message: 'No token', extensions: { code: 'UNAUTHENTICATED' } }]
  request.resume().on('end', () => response.writeHead(401, { 'content-type': type }).end(JSON.stringify({ errors })))
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const uri = `http://127.0.0.1:${server.address().port}/graphql`
const code = (errors) => errors?.[0]?.extensions?.code ?? 'none'

for (type of ['application/json', 'application/graphql-response+json']) {
  console.log(type)
  const apollo = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri }) })
  await apollo.query({ query: gql`{ a }` }).catch((error) =>
    console.log(`  Apollo Client: ${error.name}, code ${code(error.errors)}, status ${error.statusCode ?? 'none'}`))
  await new GraphQLClient(uri).request('{ a }').catch(({ response }) =>
    console.log(`  graphql-request: code ${code(response.errors)}, status ${response.status}`))
  const urql = new Client({ url: uri, exchanges: [fetchExchange], preferGetMethod: false })
  const { error } = await urql.query('{ a }', {}).toPromise()
  console.log(`  urql: code ${code(error.graphQLErrors)}, status ${error.response.status}`)
}
server.close()
server.closeAllConnections()
JS

cat >expected <<'TEXT'
application/json
  Apollo Client: ServerError, code none, status 401
  graphql-request: code UNAUTHENTICATED, status 401
  urql: code UNAUTHENTICATED, status 401
application/graphql-response+json
  Apollo Client: CombinedGraphQLErrors, code UNAUTHENTICATED, status none
  graphql-request: code UNAUTHENTICATED, status 401
  urql: code UNAUTHENTICATED, status 401
TEXT

timeout 60 node main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
