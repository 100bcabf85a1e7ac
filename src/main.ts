import './require-node.cjs'
import { setFlagsFromString } from 'node:v8'

// Requests would stay until a full garbage collection: docs/decisions/0044-requests-are-garbage-at-once.md.
setFlagsFromString('--no-allocation-site-pretenuring')
// A full garbage collection comes when the heap has grown by this much. V8's own rule lets a small heap double.
setFlagsFromString('--heap-growing-percent=30')

// This file adds the signal handlers before it imports the rest, because that takes up to half a second. In a container
// Node is process 1, and Linux drops a signal to process 1 that has no handler.
const ending = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, (received) => ending.abort(received))

void import('./run.ts').then(({ run }) => run(ending.signal))
