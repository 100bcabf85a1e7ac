#!/usr/bin/env bash
# Finding: if the context of a GraphQL request is a literal with a getter, V8's minor garbage collections never free
#   the request. The same context with a function, or as a class with the same getter, is free at once.
# Versions: node 26.10.0, graphql 16.15.0. Node 20 does the same.
# One would expect: nothing refers to a finished request, so the next cheap collection finds it. How a member is
#   written would not matter.
# What happens: the getter is another function for each request. V8 keeps it in a hidden class, one for each object,
#   and hidden classes are old from the start. Old objects count as alive until a full collection.
# Why it matters: servers often make loaders on demand in this way. Each request is then copied twice and stays for
#   seconds or minutes: the memory has large teeth of a saw, and a tenth of the processor goes to the collector. No
#   snapshot of the heap shows it, because a snapshot begins with a full collection.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@26.10.0 graphql@16.15.0 ||
  { echo 'npm could not install the packages.'; exit 2; }
node=node_modules/node/bin/node
echo "Node $($node --version)"

cat >main.mjs <<'JS'
import { execute, GraphQLObjectType, GraphQLSchema, GraphQLString, parse } from 'graphql'

const minor = () => {
  for (let run = 0; run < 3; run++) globalThis.gc({ type: 'minor' })
}
const used = () => process.memoryUsage().heapUsed

/** Kilobytes of each request that stay: after minor collections, and after a full one. */
async function kept(serve) {
  const run = async (count) => {
    for (let number = 0; number < count; number++) {
      await serve({ headers: new Array(1_250).fill(0.5) })
      if (number % 50 === 0) minor()
    }
    minor()
  }
  await run(500)
  globalThis.gc()
  const before = used()
  await run(2_000)
  const afterMinor = (used() - before) / 2_000 / 1_000
  globalThis.gc()
  return [afterMinor, (used() - before) / 2_000 / 1_000]
}
const amount = (kilobytes) => (kilobytes > 8 ? 'all' : kilobytes < 2 ? 'nothing' : `${kilobytes.toFixed(1)} kB`)
async function show(name, serve) {
  const [afterMinor, afterFull] = await kept(serve)
  console.log(`${name}: ${amount(afterMinor)} stays, after a full collection ${amount(afterFull)}`)
}

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: { hello: { type: GraphQLString, resolve: () => 'hello' } } }),
})
const document = parse('{ hello }')
const withFunction = (request) => ({ size: () => request.headers.length })
const withGetter = (request) => ({
  get size() {
    return request.headers.length
  },
})
class Context {
  constructor(request) {
    this.request = request
  }
  get size() {
    return this.request.headers.length
  }
}

await show('a literal with a function', (request) => execute({ schema, document, contextValue: withFunction(request) }))
await show('a literal with a getter', (request) => execute({ schema, document, contextValue: withGetter(request) }))
await show('a class with a getter', (request) => execute({ schema, document, contextValue: new Context(request) }))
JS

cat >expected <<'TEXT'
a literal with a function: nothing stays, after a full collection nothing
a literal with a getter: all stays, after a full collection nothing
a class with a getter: nothing stays, after a full collection nothing
TEXT

timeout 100 $node --expose-gc main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
