#!/usr/bin/env bash
# Finding: Fastify turns `null` into an empty string, zero or `false`, in requests and in answers, without an
#   error.
# Versions: fastify 5.12.8.
# One would expect: a schema that says `type: string` refuses `null` in a body, and an answer with `null` fails
#   or shows `null`.
# What happens: Ajv coerces the body: the handler gets `""`, `0`, `false`, and a list of one member as that
#   member. fast-json-stringify does likewise on the way out: a column that is NULL in the database reads `""`,
#   `0`, `[]` or `{}`.
# Why it matters: a PATCH of `{"redirect_uri": null}` looks like an empty address, so the rule that refuses it
#   names the wrong fault. In answers a client cannot tell "never set" from "empty". Write `type: [string,
#   null]`, and turn the coercion off for bodies.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts fastify@5.12.8 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version)"

cat >main.mjs <<'JS'
import Fastify from 'fastify'

const types = ['string', 'integer', 'boolean', 'array', 'object']
const object = (names) => ({ type: 'object', properties: Object.fromEntries(names.map((type) => [type, { type }])) })
const nulls = (names) => Object.fromEntries(names.map((type) => [type, null]))

const app = Fastify()
app.patch('/in', { schema: { body: object(['string', 'integer', 'boolean']) } }, async (request) => request.body)
app.get('/out', { schema: { response: { 200: object(types) } } }, async () => nulls(types))

const patch = (payload) => app.inject({ method: 'PATCH', url: '/in', payload })
for (const body of [nulls(['string', 'integer', 'boolean']), { string: ['one'] }]) {
  const answer = await patch(body)
  console.log(`request ${JSON.stringify(body)}: ${answer.statusCode} ${answer.body}`)
}
const answer = await app.inject('/out')
console.log(`answer, null of each type: ${answer.statusCode} ${answer.body}`)
JS

cat >expected <<'TEXT'
request {"string":null,"integer":null,"boolean":null}: 200 {"string":"","integer":0,"boolean":false}
request {"string":["one"]}: 200 {"string":"one"}
answer, null of each type: 200 {"string":"","integer":0,"boolean":false,"array":[],"object":{}}
TEXT

timeout 60 node main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
