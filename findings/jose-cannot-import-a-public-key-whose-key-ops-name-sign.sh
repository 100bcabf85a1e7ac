#!/usr/bin/env bash
# Finding: jose refuses a public JWK whose `key_ops` lists both uses of its key pair.
# Versions: jose 6.2.18.
# One would expect: a verifier takes the public members of a key and can check signatures with them.
# What happens: `importJWK` hands `key_ops` to WebCrypto. WebCrypto refuses a public key for `sign`, with a
#   SyntaxError that has no jose code. The same key without `key_ops`, or with `verify` alone, works. A key set
#   with such a key fails in the middle of `jwtVerify`.
# Why it matters: some key vaults publish `["sign","verify"]` for the whole pair. A gateway that maps jose codes
#   to 401 answers 500 or 503 to every token of that key, while the fetch of the key set looks healthy.
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
import { createLocalJWKSet, errors, exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT } from 'jose'

const { publicKey, privateKey } = await generateKeyPair('ES256')
const jwk = { ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'a' }
const token = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: 'a' }).sign(privateKey)

for (const operations of [undefined, ['verify'], ['sign', 'verify']]) {
  const key = operations ? { ...jwk, key_ops: operations } : jwk
  const outcome = (attempt) => attempt.then(
    () => 'accepted',
    (error) => `${error.name}, a jose error: ${error instanceof errors.JOSEError}`,
  )
  console.log(`key_ops ${JSON.stringify(operations)}`)
  console.log(`  importJWK: ${await outcome(importJWK(key))}`)
  console.log(`  jwtVerify: ${await outcome(jwtVerify(token, createLocalJWKSet({ keys: [key] })))}`)
}
JS

cat >expected <<'TEXT'
key_ops undefined
  importJWK: accepted
  jwtVerify: accepted
key_ops ["verify"]
  importJWK: accepted
  jwtVerify: accepted
key_ops ["sign","verify"]
  importJWK: SyntaxError, a jose error: false
  jwtVerify: SyntaxError, a jose error: false
TEXT

timeout 60 node main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
