#!/usr/bin/env bash
# Finding: the CloudEvents SDK shortens the time of an event to milliseconds, and writes a non-ASCII subject
#   into a header as it is.
# Versions: cloudevents 10.0.0 (SDK for JavaScript), Node's own fetch.
# One would expect: an attribute arrives as it was set. In binary mode the SDK percent-encodes what a header
#   cannot carry (CloudEvents HTTP binding 1.0, section 3.1.3.2).
# What happens: the event object shows the time with six digits, but both modes write three: the time goes
#   through a JavaScript Date. A Cyrillic subject stands unencoded in `ce-subject`, so fetch refuses the
#   headers. The structured mode carries it.
# Why it matters: PostgreSQL stores microseconds. A receiver that orders or joins events by their time no longer
#   finds the row, and two changes of one millisecond look simultaneous. Events about clinics with Ukrainian
#   names cannot be sent in binary mode at all.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts cloudevents@10.0.0 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version)"

cat >main.mjs <<'JS'
import { CloudEvent, HTTP } from 'cloudevents'

const event = new CloudEvent({
  id: '1', source: '/gateway', type: 'example.changed', data: {}, subject: 'Клініка',
  time: '2026-11-27T10:00:00.123456Z',
})
const binary = HTTP.binary(event)
const structured = HTTP.structured(event)
console.log(`set and read:    ${event.time}`)
console.log(`structured mode: ${JSON.parse(structured.body).time}, subject ${JSON.parse(structured.body).subject}`)
console.log(`binary mode:     ${binary.headers['ce-time']}, subject ${binary.headers['ce-subject']}`)
try {
  new Headers(binary.headers)
  console.log('fetch takes the headers')
} catch (error) {
  console.log(`fetch refuses the headers: ${error.name}`)
}
JS

cat >expected <<'TEXT'
set and read:    2026-11-27T10:00:00.123456Z
structured mode: 2026-11-27T10:00:00.123Z, subject Клініка
binary mode:     2026-11-27T10:00:00.123Z, subject Клініка
fetch refuses the headers: TypeError
TEXT

timeout 60 node main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
