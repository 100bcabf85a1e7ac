#!/usr/bin/env bash
# Finding: oidc-provider refuses a client that only uses client_credentials, because of the algorithm of ID
#   tokens that it never gets.
# Versions: oidc-provider 9.13.3 with keys from jose 6.2.18.
# One would expect: a machine client has no ID token, so the setting `id_token_signed_response_alg` does not
#   concern it.
# What happens: its default is RS256 for every client. Where the provider has an ES256 key only, looking the
#   client up is `invalid_client_metadata`; with an RS256 key it is found. Naming ES256 in the client's metadata
#   cures it.
# Why it matters: an issuer that moves from RSA to elliptic curves loses all its machine clients at once, with
#   an error about ID tokens. Tests of a gateway that start such an issuer meet it on their first token.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts oidc-provider@9.13.3 jose@6.2.18 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version)"

cat >main.mjs <<'JS'
import { exportJWK, generateKeyPair } from 'jose'
import Provider from 'oidc-provider'

for (const alg of ['RS256', 'ES256']) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  const key = { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: 'a' }
  for (const metadata of [{}, { id_token_signed_response_alg: alg }]) {
    const provider = new Provider('http://127.0.0.1:1', {
      jwks: { keys: [key] },
      cookies: { keys: ['not a secret'] },
      features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
      clients: [{
        client_id: 'machine', client_secret: 'not a secret',
        grant_types: ['client_credentials'], response_types: [], redirect_uris: [], ...metadata,
      }],
    })
    const outcome = await provider.Client.find('machine').then(
      () => 'found',
      (error) => `${error.error}: ${error.error_description}`,
    )
    console.log(`key ${alg}, client says ${metadata.id_token_signed_response_alg ?? 'nothing'}: ${outcome}`)
  }
}
JS

cat >expected <<'TEXT'
key RS256, client says nothing: found
key RS256, client says RS256: found
key ES256, client says nothing: invalid_client_metadata: id_token_signed_response_alg must be 'ES256'
key ES256, client says ES256: found
TEXT

timeout 60 node main.mjs 2>&1 | grep -v '^oidc-provider WARNING' | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
