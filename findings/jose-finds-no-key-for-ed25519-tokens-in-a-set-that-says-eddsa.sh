#!/usr/bin/env bash
# Finding: jose treats the algorithm names `EdDSA` and `Ed25519` as strangers, although key and signature are
#   the same.
# Versions: jose 6.2.18; names of RFC 8037 and RFC 9864.
# One would expect: a token signed as `Ed25519` verifies with the issuer's Ed25519 key, whichever of the two
#   names the key set carries.
# What happens: a key set whose key says `"alg":"EdDSA"` has "no applicable key" for a token with `alg:
#   Ed25519`, and the other way round. An allow-list with one name refuses the other. A key without `alg` serves
#   both names.
# Why it matters: an issuer that updates its library starts to write the new name in its tokens. A gateway with
#   a pinned allow-list, or a set that still says `EdDSA`, refuses every caller from that moment. List both
#   names, and publish the key without `alg` during the change.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts jose@6.2.18 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version)"

cat >main.mjs <<'JS'
import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose'

const { publicKey, privateKey } = await generateKeyPair('Ed25519')
const { alg: _, ...jwk } = await exportJWK(publicKey)

for (const signed of ['EdDSA', 'Ed25519']) {
  const token = await new SignJWT({}).setProtectedHeader({ alg: signed }).sign(privateKey)
  for (const published of [undefined, 'EdDSA', 'Ed25519']) {
    for (const allowed of [['EdDSA'], ['Ed25519'], ['EdDSA', 'Ed25519']]) {
      const keys = createLocalJWKSet({ keys: [published ? { ...jwk, alg: published } : jwk] })
      const verified = jwtVerify(token, keys, { algorithms: allowed })
      const outcome = await verified.then(() => 'accepted', (error) => error.code)
      console.log(`token ${signed}, key ${published ?? 'without alg'}, allowed ${allowed.join('+')}: ${outcome}`)
    }
  }
}
JS

cat >expected <<'TEXT'
token EdDSA, key without alg, allowed EdDSA: accepted
token EdDSA, key without alg, allowed Ed25519: ERR_JOSE_ALG_NOT_ALLOWED
token EdDSA, key without alg, allowed EdDSA+Ed25519: accepted
token EdDSA, key EdDSA, allowed EdDSA: accepted
token EdDSA, key EdDSA, allowed Ed25519: ERR_JOSE_ALG_NOT_ALLOWED
token EdDSA, key EdDSA, allowed EdDSA+Ed25519: accepted
token EdDSA, key Ed25519, allowed EdDSA: ERR_JWKS_NO_MATCHING_KEY
token EdDSA, key Ed25519, allowed Ed25519: ERR_JOSE_ALG_NOT_ALLOWED
token EdDSA, key Ed25519, allowed EdDSA+Ed25519: ERR_JWKS_NO_MATCHING_KEY
token Ed25519, key without alg, allowed EdDSA: ERR_JOSE_ALG_NOT_ALLOWED
token Ed25519, key without alg, allowed Ed25519: accepted
token Ed25519, key without alg, allowed EdDSA+Ed25519: accepted
token Ed25519, key EdDSA, allowed EdDSA: ERR_JOSE_ALG_NOT_ALLOWED
token Ed25519, key EdDSA, allowed Ed25519: ERR_JWKS_NO_MATCHING_KEY
token Ed25519, key EdDSA, allowed EdDSA+Ed25519: ERR_JWKS_NO_MATCHING_KEY
token Ed25519, key Ed25519, allowed EdDSA: ERR_JOSE_ALG_NOT_ALLOWED
token Ed25519, key Ed25519, allowed Ed25519: accepted
token Ed25519, key Ed25519, allowed EdDSA+Ed25519: accepted
TEXT

timeout 60 node main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
