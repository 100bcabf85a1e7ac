import { type Config, ConfigurationError, readConfig } from './config.ts'
import { type Gateway, openGateway } from './gateway.ts'
import { welcome } from './welcome.ts'

/** How long requests in flight may take to end after SIGTERM. */
const drainMs = 10_000

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(error instanceof ConfigurationError ? error.exitCode : 1)
}

/** SIGTERM and Ctrl-C: readiness off, no new connections, requests in flight end, exit 0. */
function closeOnSignals(gateway: Gateway): void {
  let closing = false
  const close = async (signal: NodeJS.Signals) => {
    if (closing) return
    closing = true
    gateway.app.log.info({ signal }, 'draining')
    const deadline = setTimeout(() => {
      gateway.app.log.warn('requests in flight did not end in time')
      process.exit(0)
    }, drainMs)
    await gateway.close()
    clearTimeout(deadline)
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, (received) => void close(received))
}

async function start(config: Config): Promise<void> {
  const gateway = await openGateway(config)
  process.on('unhandledRejection', (reason) => {
    gateway.app.log.fatal({ reason: reason instanceof Error ? reason.stack : String(reason) }, 'unhandled rejection')
    process.exit(1)
  })
  closeOnSignals(gateway)
  try {
    await gateway.app.listen({ host: config.host, port: config.port })
  } catch (error) {
    await gateway.close()
    throw error
  }
  if (config.production) gateway.app.log.info({ url: gateway.app.publicUrl() }, 'listening')
  else process.stdout.write(await welcome(gateway, config))
}

try {
  await start(readConfig())
} catch (error) {
  fail(error)
}
