#!/usr/bin/env bash
# Finding: a client id that is a UUID leaves oauth4webapi with `%2D` for each hyphen when it uses HTTP Basic.
# Versions: oauth4webapi 3.8.8, openid-client 6.9.0, basic-auth 3.1.0 on the server side.
# One would expect: letters, digits and hyphens travel as they are in `Authorization: Basic`; curl and most
#   clients send them so.
# What happens: oauth4webapi form-encodes id and secret first, as RFC 6749 section 2.3.1 asks, and encodes more
#   characters than URLSearchParams does: `- _ . ~` too. A server that only decodes Base64, as basic-auth and
#   most middleware do, sees an unknown client. openid-client, by the same author and on top of it, sends id and
#   secret in the body by default.
# Why it matters: client registries name clients by UUID. A token endpoint that compares the Basic user with the
#   stored id refuses a correct client, and only clients of some libraries. Decode the form encoding before the
#   comparison; a UUID without `%` is unchanged by it.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts oauth4webapi@3.8.8 openid-client@6.9.0 basic-auth@3.1.0 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version)"

cat >main.mjs <<'JS'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { parse } from 'basic-auth'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'

const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  const { authorization } = request.headers
  console.log(`  Basic user: ${authorization ? parse(authorization).name : 'none'}`)
  console.log(`  Basic password: ${authorization ? parse(authorization).pass : 'none'}`)
  console.log(`  client_id in the body: ${new URLSearchParams(body).get('client_id') ?? 'none'}`)
  response.setHeader('content-type', 'application/json').end('{"access_token":"x","token_type":"bearer"}')
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const issuer = `http://127.0.0.1:${server.address().port}`
const metadata = { issuer, token_endpoint: `${issuer}/token` }
const client = { client_id: '0b8f0c3a-6a4e-4b3e-9d2f-3f0c7a2b1d5e' }

console.log('oauth4webapi, ClientSecretBasic')
await oauth.clientCredentialsGrantRequest(metadata, client, oauth.ClientSecretBasic('a-b_c'), {}, {
  [oauth.allowInsecureRequests]: true,
})
console.log('openid-client, its default')
const configuration = new openid.Configuration(metadata, client.client_id, 'a-b_c')
openid.allowInsecureRequests(configuration)
await openid.clientCredentialsGrant(configuration)
server.close()
server.closeAllConnections()
JS

cat >expected <<'TEXT'
oauth4webapi, ClientSecretBasic
  Basic user: 0b8f0c3a%2D6a4e%2D4b3e%2D9d2f%2D3f0c7a2b1d5e
  Basic password: a%2Db%5Fc
  client_id in the body: none
openid-client, its default
  Basic user: none
  Basic password: none
  client_id in the body: 0b8f0c3a-6a4e-4b3e-9d2f-3f0c7a2b1d5e
TEXT

timeout 60 node main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
