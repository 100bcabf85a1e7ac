#!/usr/bin/env bash
# Finding: on a first visit of GraphiQL with several tabs, the mouse cannot choose a tab: the tab moves away
#   under the pointer and the old one stays.
# Versions: @graphql-yoga/render-graphiql 5.24.1, graphql-yoga 5.24.1, graphql 16.15.0, Debian's chromium (156.0
#   when this was written), playwright-core 1.65.1.
# One would expect: a click on the second tab shows the second operation, and Run executes it.
# What happens: with three tabs of `defaultTabs` an animation of the tab bar stands still half way: the tabs
#   keep a horizontal shift. The press ends the shift, so the tab is elsewhere when the button is released, and
#   no click happens. Run executes the first tab again. With two tabs it works. One line of CSS, `.graphiql-tab
#   { transform: none !important }`, cures it.
# Why it matters: a newcomer sees the query tab "clicked" and presses Run. If the first tab is a mutation, it is
#   executed once more. Open a query first, and add that line to the page.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
command -v chromium >/dev/null || { echo 'This needs the Debian package chromium.'; exit 2; }
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts graphql@16.15.0 graphql-yoga@5.24.1 \
  @graphql-yoga/render-graphiql@5.24.1 \
  playwright-core@1.65.1 ||
  { echo 'npm could not install the packages.'; exit 2; }
CHROMIUM=$(command -v chromium)
export CHROMIUM
"$CHROMIUM" --version 2>/dev/null

cat >main.mjs <<'JS'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { renderGraphiQL } from '@graphql-yoga/render-graphiql'
import { createSchema, createYoga } from 'graphql-yoga'
import { chromium } from 'playwright-core'

let executed = []
const names = ['one', 'two', 'three']
const resolvers = { Query: Object.fromEntries(names.map((name) => [name, () => void executed.push(name)])) }
const yoga = createYoga({
  schema: createSchema({ typeDefs: 'type Query { one: Int two: Int three: Int }', resolvers }),
  graphiql: { defaultTabs: names.map((name) => ({ query: `query ${name} { ${name} }` })) },
  renderGraphiQL,
  logging: false,
})
const server = createServer(yoga).listen(0, '127.0.0.1')
await once(server, 'listening')

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: process.getuid() === 0 ? ['--no-sandbox'] : [],
})
for (const style of ['', '.graphiql-tab { transform: none !important }']) {
  executed = []
  const context = await browser.newContext() // A first visit: nothing is stored.
  const page = await context.newPage()
  await page.goto(`http://127.0.0.1:${server.address().port}/graphql`, { waitUntil: 'commit' })
  await page.waitForSelector('.graphiql-tab', { timeout: 40_000 })
  if (style) await page.addStyleTag({ content: style })
  await page.waitForTimeout(2000)
  const box = await page.locator('.graphiql-tab').nth(1).boundingBox()
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 5 })
  await page.waitForTimeout(300)
  await page.mouse.down()
  await page.waitForTimeout(80)
  await page.mouse.up()
  await page.waitForTimeout(1000)
  await page.locator('.graphiql-execute-button').click()
  for (let turn = 0; turn < 50 && executed.length === 0; turn += 1) await page.waitForTimeout(100)
  const title = style ? 'with the line of CSS' : 'as it is'
  console.log(`${title}: click on tab "two", then Run: executes ${executed.join()}`)
  await context.close()
}
await browser.close()
server.close()
server.closeAllConnections()
JS

cat >expected <<'TEXT'
as it is: click on tab "two", then Run: executes one
with the line of CSS: click on tab "two", then Run: executes two
TEXT

timeout 110 node main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
