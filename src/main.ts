// This file adds the signal handlers before its import, because the import takes half a second. In a container Node is
// process 1, and Linux drops a signal to process 1 that has no handler.
const ending = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, (received) => ending.abort(received))

const { run } = await import('./run.ts')
await run(ending.signal)
