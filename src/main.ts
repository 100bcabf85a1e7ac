// Nothing is imported before the handlers are there: loading takes half a second, and where Node is process 1, as in a
// container, Linux drops a signal that has no handler.
const ending = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, (received) => ending.abort(received))

const { run } = await import('./run.ts')
await run(ending.signal)
