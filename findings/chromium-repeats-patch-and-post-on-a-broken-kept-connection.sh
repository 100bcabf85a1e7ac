#!/usr/bin/env bash
# Finding: Chromium sends a request a second time when a kept connection ends without an answer, PATCH, POST and
#   DELETE included.
# Versions: Debian's chromium (156.0 when this was written), driven by playwright-core 1.65.1.
# One would expect: a browser repeats what is idempotent (RFC 9110 section 9.2.2); a page's fetch of PATCH or
#   POST fails with a network error and the page decides.
# What happens: the server reads the whole request on a connection that it answered before, and closes it
#   without an answer. Chromium opens another connection and sends the same request there. The page sees one
#   call with status 200.
# Why it matters: a gateway that dies, restarts or hits an idle limit between reading and answering may have
#   done the change already. The administrator's console then does it twice without a trace in its own code: a
#   second row in the history, a second new secret, or 412 with its own `If-Match`. A repeated request has to
#   find that its value is there already.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
command -v chromium >/dev/null || { echo 'This needs the Debian package chromium.'; exit 2; }
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts playwright-core@1.65.1 ||
  { echo 'npm could not install the packages.'; exit 2; }
CHROMIUM=$(command -v chromium)
export CHROMIUM
"$CHROMIUM" --version 2>/dev/null

cat >main.mjs <<'JS'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { chromium } from 'playwright-core'

/** Answers the first request of each connection, and ends the connection at its second one without an answer. */
const forgetful = (seen) => createServer((socket) => {
  let [text, requests] = ['', 0]
  socket.on('error', () => undefined).on('data', (bytes) => {
    text += bytes
    const end = text.indexOf('\r\n\r\n')
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
    if (end < 0 || text.length < end + 4 + length) return
    requests += 1
    if (text.includes(' /target ')) seen.push(requests > 1 ? 'kept connection' : 'new connection')
    text = ''
    if (requests > 1) socket.destroy()
    else socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok')
  })
})

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: process.getuid() === 0 ? ['--no-sandbox'] : [],
})
for (const method of ['PATCH', 'POST', 'DELETE']) {
  const seen = []
  const server = forgetful(seen).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const page = await browser.newPage()
  const origin = `http://127.0.0.1:${server.address().port}`
  await page.goto(origin)
  await page.waitForTimeout(500)
  const status = await page.evaluate(async ([url, verb]) => {
    const body = verb === 'DELETE' ? undefined : '{"a":1}'
    return fetch(url, { method: verb, body }).then((answer) => answer.status, (error) => error.message)
  }, [`${origin}/target`, method])
  console.log(`${method}: the page sees ${status}, the server saw ${seen.join(', then ')}`)
  await page.close()
  server.close()
}
await browser.close()
JS

cat >expected <<'TEXT'
PATCH: the page sees 200, the server saw kept connection, then new connection
POST: the page sees 200, the server saw kept connection, then new connection
DELETE: the page sees 200, the server saw kept connection, then new connection
TEXT

timeout 100 node main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
