#!/usr/bin/env bash
# Finding: in a vitest test, graphql refuses a schema that a library has just made with the only installed copy
#   of graphql.
# Versions: vitest 5.1.1, graphql 16.15.0, @graphql-tools/schema 11.0.6.
# One would expect: one package in one version in node_modules is one module, as it is when Node runs the same
#   lines.
# What happens: vitest resolves the test's own import by the field `module` of graphql (ES modules). The library
#   is loaded by Node, which follows `main` (CommonJS). The test then holds two graphql, and `graphqlSync` says
#   "another module or realm". The usual advice, looking for a second version, finds none. An alias of `graphql`
#   to `graphql/index.js` cures it.
# Why it matters: a test of a GraphQL server fails as soon as it imports something from graphql itself, while
#   production runs. The message sends one to look for a second version that is not there.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts vitest@5.1.1 graphql@16.15.0 \
  @graphql-tools/schema@11.0.6 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version)"

cat >main.mjs <<'JS'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { graphqlSync } from 'graphql'

export const answer = () => graphqlSync({
  schema: makeExecutableSchema({ typeDefs: 'type Query { a: Int }' }),
  source: '{ a }',
})
JS

cat >realm.test.mjs <<'JS'
import { expect, it } from 'vitest'
import { answer } from './main.mjs'

it('answers', () => expect(answer().data).toEqual({ a: null }))
JS
cat >alias.config.mjs <<'JS'
export default { resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] } }
JS
echo 'export default {}' >plain.config.mjs
run() {
  timeout 60 npx vitest run --config "$1" --reporter=json --outputFile="$1.json" >"$1.log" 2>&1
  grep -q '"numPassedTests":1' "$1.json" && printf passed || printf failed
  echo ", another realm: $(grep -q 'another module or realm' "$1.json" && echo true || echo false)"
}

cat >expected <<'TEXT'
Node alone: {"a":null}
vitest: failed, another realm: true
vitest with the alias: passed, another realm: false
TEXT

{
  echo "Node alone: $(node -e "import('./main.mjs').then(({ answer }) => console.log(JSON.stringify(answer().data)))")"
  echo "vitest: $(run plain.config.mjs)"
  echo "vitest with the alias: $(run alias.config.mjs)"
} | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
