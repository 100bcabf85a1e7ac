import { ConfigurationError, readConfig } from './config/parse.ts'
import type { Config } from './config/shape.ts'
import { type Gateway, openGateway } from './gateway.ts'
import { openLogDestination } from './server/log-destination.ts'

/** How long requests in flight may take to end after SIGTERM. */
const drainMs = 10_000

/** How long everything below may take to close once no request is left. */
const closeMs = 3_000

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(error instanceof ConfigurationError ? error.exitCode : 1)
}

/**
 * SIGTERM and Ctrl-C: readiness off, no new connections, requests in flight end, exit 0. While the gateway is still
 * opening, what it has opened by then (an embedded PostgreSQL) must be closed too.
 * @returns whether such a signal has come
 */
function closeOnSignals(opening: Promise<Gateway>): () => boolean {
  let closing = false
  const close = async (signal: NodeJS.Signals) => {
    if (closing) return
    closing = true
    const gateway = await opening
    gateway.app.log.info({ signal }, 'draining')
    setTimeout(() => {
      gateway.app.log.warn('requests in flight did not end in time')
      // Now the rest closes too: an embedded PostgreSQL must not outlive us.
      gateway.app.server.closeAllConnections()
      setTimeout(() => process.exit(0), closeMs)
    }, drainMs)
    await gateway.close()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, (received) => void close(received))
  return () => closing
}

async function start(config: Config): Promise<void> {
  const opening = openGateway(config, openLogDestination({ fd: 1, waitingAtMost: 16 * 2 ** 20, lastWordsMs: 1_000 }))
  const isClosing = closeOnSignals(opening)
  const gateway = await opening
  process.on('unhandledRejection', (reason) => {
    gateway.app.log.fatal({ reason: reason instanceof Error ? reason.stack : String(reason) }, 'unhandled rejection')
    process.exit(1)
  })
  if (isClosing()) return
  try {
    await gateway.listen()
  } catch (error) {
    await gateway.close()
    throw error
  }
  if (config.production) gateway.app.log.info({ url: gateway.app.publicUrl() }, 'listening')
  else {
    // Loaded here: production greets nobody and has no demo data.
    const { welcome } = await import('./development/welcome.ts')
    process.stdout.write(await welcome(gateway, config))
  }
}

try {
  await start(readConfig())
} catch (error) {
  fail(error)
}
