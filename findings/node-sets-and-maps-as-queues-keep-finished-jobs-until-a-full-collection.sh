#!/usr/bin/env bash
# Finding: a Set or a Map as a queue, first in, first out, keeps half of the jobs that have left it until V8's next
#   full garbage collection. An array frees them at once.
# Versions: node 26.10.0. In Node 20 the Map does the same, and the Set does not.
# One would expect: `delete` lets go of the job, and the queue holds the waiting ones only.
# What happens: a Set or a Map with many deletions moves to a new table. The old table still has the jobs of that
#   moment and a pointer to the new table. When one old table has lived long enough to become old, minor collections
#   take it for alive, so all later tables become old, too, with their jobs.
# Why it matters: a Set is the usual queue where an item may leave from the middle, for example after a timeout. Each
#   job holds a request. The memory grows between full collections, and no snapshot of the heap shows the cause.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund node@26.10.0 ||
  { echo 'npm could not install the packages.'; exit 2; }
node=node_modules/node/bin/node
echo "Node $($node --version)"

cat >main.mjs <<'JS'
const minor = () => {
  for (let run = 0; run < 3; run++) globalThis.gc({ type: 'minor' })
}
const used = () => process.memoryUsage().heapUsed
const set = new Set()
const map = new Map()
const array = []
let number = 0
const queues = {
  Set: {
    push: (job) => set.add(job),
    shift: () => {
      const [first] = set
      set.delete(first)
    },
  },
  Map: {
    push: (job) => map.set(number++, job),
    shift: () => {
      const [first] = map.keys()
      map.delete(first)
    },
  },
  Array: { push: (job) => array.push(job), shift: () => array.shift() },
}

for (const [name, queue] of Object.entries(queues)) {
  const push = () => queue.push({ body: new Array(125).fill(0.5) })
  const run = (count) => {
    for (let job = 0; job < count; job++) {
      push()
      queue.shift()
      if (job % 400 === 0) minor()
    }
    minor()
  }
  // Twenty jobs wait at any time.
  for (let job = 0; job < 20; job++) push()
  run(500)
  globalThis.gc()
  const before = used()
  run(20_000)
  const share = (used() - before) / 20_000 / 1_000
  globalThis.gc()
  const afterFull = (used() - before) / 20_000 / 1_000
  const amount = (part) => (part > 0.4 ? 'half' : part < 0.15 ? 'nearly nothing' : part.toFixed(2))
  console.log(`${name}: ${amount(share)} stays, after a full collection ${amount(afterFull)}`)
}
JS

cat >expected <<'TEXT'
Set: half stays, after a full collection nearly nothing
Map: half stays, after a full collection nearly nothing
Array: nearly nothing stays, after a full collection nearly nothing
TEXT

timeout 100 $node --expose-gc main.mjs 2>&1 | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
