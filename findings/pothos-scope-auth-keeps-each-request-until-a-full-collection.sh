#!/usr/bin/env bash
# Finding: one field with `authScopes` makes each GraphQL request stay in memory until V8's next full garbage
#   collection, with everything that its context refers to.
# Versions: node 26.10.0, graphql 16.15.0, @pothos/core 4.15.1, @pothos/plugin-scope-auth 4.2.1.
# One would expect: the plugin keeps its answers in a WeakMap by the context, so they go together with the context.
# What happens: they do, but only in a full collection. A minor one takes the values of a WeakMap that is old for
#   alive. The plugin's value refers to the context, which is its own key, so each request becomes old.
#   `RequestCache.clearForContext(context)`, which the plugin exports, frees it when the answer is there.
# Why it matters: the memory of a busy server grows by the size of all requests since the last full collection, and
#   the collector copies each of them twice. It looks like a leak that mends itself. A WeakMap of one's own does the
#   same, if its values refer to their keys.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@26.10.0 graphql@16.15.0 \
  @pothos/core@4.15.1 @pothos/plugin-scope-auth@4.2.1 ||
  { echo 'npm could not install the packages.'; exit 2; }
node=node_modules/node/bin/node
echo "Node $($node --version)"

cat >main.mjs <<'JS'
import SchemaBuilder from '@pothos/core'
import ScopeAuthPlugin, { RequestCache } from '@pothos/plugin-scope-auth'
import { execute, parse } from 'graphql'

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

function schemaWith(guard) {
  const builder = new SchemaBuilder({
    plugins: [ScopeAuthPlugin],
    scopeAuth: { authScopes: () => ({ signedIn: true }) },
  })
  builder.queryType({ fields: (t) => ({ hello: t.string({ ...guard, resolve: () => 'hello' }) }) })
  return builder.toSchema()
}
const document = parse('{ hello }')
const open = schemaWith({})
const guarded = schemaWith({ authScopes: { signedIn: true } })

await show('a field without authScopes', (request) => execute({ schema: open, document, contextValue: { request } }))
await show('a field with authScopes', (request) => execute({ schema: guarded, document, contextValue: { request } }))
await show('the same, then clearForContext', async (request) => {
  const contextValue = { request }
  await execute({ schema: guarded, document, contextValue })
  RequestCache.clearForContext(contextValue)
})
JS

cat >expected <<'TEXT'
a field without authScopes: nothing stays, after a full collection nothing
a field with authScopes: all stays, after a full collection nothing
the same, then clearForContext: nothing stays, after a full collection nothing
TEXT

timeout 100 $node --expose-gc main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
