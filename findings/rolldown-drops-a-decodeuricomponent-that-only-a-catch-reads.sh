#!/usr/bin/env bash
# Finding: Rolldown, the bundler of Vite 8, removes a call of decodeURIComponent whose result nobody reads. The
#   `catch` that waits for its error never runs again.
# Versions: rolldown 1.2.19; for comparison rollup 4.53.3 and esbuild 0.27.0.
# One would expect: the bundle of a function answers what its source answers. The other ways to test a text by an
#   exception (new URL, new RegExp, JSON.parse, BigInt) survive, and so does this one in Rollup and esbuild.
# What happens: `try { decodeURIComponent(text); return true } catch { return false }` becomes a function that
#   always answers true, also without minification.
# Why it matters: a rule that server and browser share refuses a text on the server and accepts it in the browser.
#   Its unit tests run the source and stay green. Use the result (`return decodeURIComponent(text) !== ''`), and
#   test what the bundle answers.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund rolldown@1.2.19 rollup@4.53.3 esbuild@0.27.0 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version)"

cat >rules.mjs <<'JS'
export const isDecodable = (text) => {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
export const isAddress = (text) => {
  try {
    new URL(text)
    return true
  } catch {
    return false
  }
}
export const isJson = (text) => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
export const isWhole = (text) => {
  try {
    BigInt(text)
    return true
  } catch {
    return false
  }
}
JS

cat >main.mjs <<'JS'
import { build } from 'esbuild'
import { rolldown } from 'rolldown'
import { rollup } from 'rollup'

const written = async (bundler, file) => {
  const bundle = await bundler({ input: 'rules.mjs' })
  await bundle.write({ file })
}
await written(rolldown, 'rolldown.mjs')
await written(rollup, 'rollup.mjs')
await build({ entryPoints: ['rules.mjs'], bundle: true, format: 'esm', outfile: 'esbuild.mjs', logLevel: 'silent' })

for (const name of ['rules', 'rollup', 'esbuild', 'rolldown']) {
  const rules = await import(`./${name}.mjs`)
  const answers = ['isDecodable', 'isAddress', 'isJson', 'isWhole'].map((rule) => `${rule} ${rules[rule]('50 %')}`)
  console.log(`${name}: ${answers.join(', ')}`)
}
JS

cat >expected <<'TEXT'
rules: isDecodable false, isAddress false, isJson false, isWhole false
rollup: isDecodable false, isAddress false, isJson false, isWhole false
esbuild: isDecodable false, isAddress false, isJson false, isWhole false
rolldown: isDecodable true, isAddress false, isJson false, isWhole false
TEXT

timeout 60 node main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
