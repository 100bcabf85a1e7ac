import { ConfigurationError, readConfig } from './config/parse.ts'
import type { Config } from './config/shape.ts'
import { explainStartFailure } from './config/start-failure.ts'
import { version } from './config/version.ts'
import { type Gateway, openGateway } from './gateway.ts'
import { openLogDestination } from './server/log-destination.ts'

/** The longest time for requests in flight after the gateway has stopped listening. */
const drainMs = 10_000

/** The longest time for the close of the gateway's parts after the last request. */
const closeMs = 3_000

/** Logs an uncaught error and ends the process, because its state is unknown. */
function endOnUncaught({ app }: Gateway): void {
  const end = (message: string) => (reason: unknown) => {
    app.log.fatal({ reason: reason instanceof Error ? reason.stack : String(reason) }, message)
    process.exit(1)
  }
  process.on('uncaughtException', end('uncaught exception'))
  process.on('unhandledRejection', end('unhandled rejection'))
}

/** Ends readiness, waits `DRAIN_SECONDS`, stops listening, waits for requests in flight, and exits with 0. */
async function end(gateway: Gateway, signal: string, { drainSeconds }: Config): Promise<never> {
  gateway.leave()
  gateway.app.log.info({ signal, drainSeconds }, 'draining')
  await new Promise((resolve) => setTimeout(resolve, drainSeconds * 1_000))
  setTimeout(() => {
    gateway.app.log.warn('requests in flight did not end in time')
    // After this the gateway closes its parts, too: an embedded PostgreSQL must not outlive the process.
    gateway.app.server.closeAllConnections()
    setTimeout(() => process.exit(0), closeMs)
  }, drainMs)
  await gateway.close()
  process.exit(0)
}

async function start(config: Config, ending: AbortSignal): Promise<void> {
  const gateway = await openGateway(
    config,
    openLogDestination({ fd: 1, waitingAtMost: 16 * 2 ** 20, lastWordsMs: 1_000 }),
  )
  endOnUncaught(gateway)
  // A signal may have arrived while the gateway was opening.
  if (ending.aborted) return end(gateway, ending.reason, { ...config, drainSeconds: 0 })
  ending.addEventListener('abort', () => void end(gateway, ending.reason, config))
  try {
    await gateway.listen()
  } catch (error) {
    await gateway.close()
    throw error
  }
  if (config.production) gateway.app.log.info({ version, url: gateway.app.publicUrl() }, 'listening')
  else {
    // Imported only here, because production has no banner and no demo data.
    const { welcome } = await import('./development/welcome.ts')
    process.stdout.write(await welcome(gateway, config))
  }
}

/**
 * Runs the gateway until `ending` is aborted by the name of a signal. If the gateway cannot start, the exit code is 78
 * for an invalid configuration and 1 for any other reason.
 */
export async function run(ending: AbortSignal): Promise<void> {
  if (ending.aborted) return process.exit(0)
  let config: Config | undefined
  try {
    config = readConfig()
    await start(config, ending)
  } catch (error) {
    process.stderr.write(`${explainStartFailure(error, config)}\n`)
    process.exit(error instanceof ConfigurationError ? error.exitCode : 1)
  }
}
