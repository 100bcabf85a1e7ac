#!/usr/bin/env bash
# Finding: two validators of URLs hand back another text than the one they were given.
# Versions: graphql-scalars 2.0.0 with graphql 16.15.0; zod 4.6.7.
# One would expect: a validator accepts a value or refuses it. OAuth servers compare redirect URIs character by
#   character (RFC 6749 section 3.1.2.3).
# What happens: the `URL` scalar of graphql-scalars parses into a URL object, whose text has an added slash, a
#   lower-case host, no default port and no dot segments. `z.url()` cuts blanks and line breaks off the ends of
#   the value and then accepts it. Neither says so.
# Why it matters: a registry behind such a scalar stores `https://clinic.example/` for `https://clinic.example`.
#   The client keeps sending its own spelling, and every sign-in fails. Take the text as a string and let a
#   check answer yes or no.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts graphql@16.15.0 graphql-scalars@2.0.0 zod@4.6.7 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version)"

cat >main.mjs <<'JS'
import { resolvers } from 'graphql-scalars'
import { z } from 'zod'

const values = [
  'https://clinic.example',
  'https://Clinic.example/cb',
  'https://clinic.example:443/cb',
  'https://clinic.example/a/../cb',
  ' https://clinic.example/cb\n',
]
for (const value of values) {
  console.log(JSON.stringify(value))
  console.log(`  graphql-scalars: ${JSON.stringify(resolvers.URL.serialize(resolvers.URL.parseValue(value)))}`)
  console.log(`  zod:             ${JSON.stringify(z.url().parse(value))}`)
}
JS

cat >expected <<'TEXT'
"https://clinic.example"
  graphql-scalars: "https://clinic.example/"
  zod:             "https://clinic.example"
"https://Clinic.example/cb"
  graphql-scalars: "https://clinic.example/cb"
  zod:             "https://Clinic.example/cb"
"https://clinic.example:443/cb"
  graphql-scalars: "https://clinic.example/cb"
  zod:             "https://clinic.example:443/cb"
"https://clinic.example/a/../cb"
  graphql-scalars: "https://clinic.example/cb"
  zod:             "https://clinic.example/a/../cb"
" https://clinic.example/cb\n"
  graphql-scalars: "https://clinic.example/cb"
  zod:             "https://clinic.example/cb"
TEXT

timeout 60 node main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
