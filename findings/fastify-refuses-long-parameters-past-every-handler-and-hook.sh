#!/usr/bin/env bash
# Finding: Fastify answers 414 for a path parameter over 100 characters, and no handler or hook of the
#   application sees it.
# Versions: fastify 5.12.8.
# One would expect: a path that leads nowhere reaches the not-found handler; an error reaches the error handler;
#   hooks run for each request.
# What happens: a parameter of 101 characters is answered 414 `FST_ERR_MAX_PARAM_LENGTH` in Fastify's own shape,
#   with the path repeated in the body. Neither the not-found handler nor the error handler nor `onRequest` and
#   `onResponse` run.
# Why it matters: such answers have no request id, no metric and not the error format of the contract. The
#   option `frameworkErrors` is the one place that can shape this answer.
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

const app = Fastify()
let ran = []
app.addHook('onRequest', async () => void ran.push('onRequest'))
app.addHook('onResponse', async () => void ran.push('onResponse'))
app.setNotFoundHandler((_request, reply) => reply.code(404).send({ shape: 'ours' }))
app.setErrorHandler((error, _request, reply) => reply.code(error.statusCode).send({ shape: 'ours' }))
app.get('/connections/:id', async () => ({ shape: 'ours' }))

for (const [title, path] of [['100 characters', `/connections/${'a'.repeat(100)}`],
  ['101 characters', `/connections/${'a'.repeat(101)}`], ['no route', '/elsewhere']]) {
  ran = []
  const answer = await app.inject(path)
  const { shape, code } = answer.json()
  console.log(`${title}: ${answer.statusCode}, shape ${shape ?? "Fastify's"}, ${code ?? 'no code'}, ran ${ran.join()}`)
}
JS

cat >expected <<'TEXT'
100 characters: 200, shape ours, no code, ran onRequest,onResponse
101 characters: 414, shape Fastify's, FST_ERR_MAX_PARAM_LENGTH, ran 
no route: 404, shape ours, no code, ran onRequest,onResponse
TEXT

timeout 60 node main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
