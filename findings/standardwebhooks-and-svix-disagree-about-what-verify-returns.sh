#!/usr/bin/env bash
# Finding: two libraries of one webhook specification answer differently to the same valid signature, and both
#   miss the headers of a fetch request.
# Versions: standardwebhooks 1.1.1, svix 2.5.0.
# One would expect: `verify` says whether the signature fits, for each content and each usual form of headers,
#   and gives the same result in both libraries.
# What happens: standardwebhooks returns the parsed JSON and throws a SyntaxError for a correctly signed text
#   that is not JSON. svix returns nothing and accepts the text. Given a `Headers` object, as Request carries in
#   every fetch-style server, both say that the headers are missing.
# Why it matters: a receiver that moves from one to the other gets `undefined` for its event. A receiver that
#   maps each throw to 401 makes the sender retry a correct delivery for days, and the message about missing
#   headers points at the sender.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts standardwebhooks@1.1.1 svix@2.5.0 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version)"

cat >main.mjs <<'JS'
import { Webhook as Standard } from 'standardwebhooks'
import { Webhook as Svix } from 'svix'

const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
const now = new Date()
for (const [name, Webhook] of [['standardwebhooks', Standard], ['svix', Svix]]) {
  const webhook = new Webhook(secret)
  const headers = (body) => ({
    'webhook-id': 'message-1',
    'webhook-timestamp': String(Math.floor(now / 1000)),
    'webhook-signature': webhook.sign('message-1', now, body),
  })
  const verify = (title, body, given) => {
    try {
      console.log(`${name}, ${title}: returns ${JSON.stringify(webhook.verify(body, given))}`)
    } catch (error) {
      console.log(`${name}, ${title}: throws ${error.name}`)
    }
  }
  verify('JSON', '{"a":1}', headers('{"a":1}'))
  verify('plain text', 'hello', headers('hello'))
  verify('JSON with a Headers object', '{"a":1}', new Headers(headers('{"a":1}')))
}
JS

cat >expected <<'TEXT'
standardwebhooks, JSON: returns {"a":1}
standardwebhooks, plain text: throws SyntaxError
standardwebhooks, JSON with a Headers object: throws WebhookVerificationError
svix, JSON: returns undefined
svix, plain text: returns undefined
svix, JSON with a Headers object: throws WebhookVerificationError
TEXT

timeout 60 node main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
