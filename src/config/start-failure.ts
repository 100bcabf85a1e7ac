import { resolve } from 'node:path'
import type { Config } from './shape.ts'

/** The members that errors of Node's `net` and `fs` have. */
interface SystemError extends Error {
  readonly code: string
  readonly syscall?: string
  readonly path?: string
  readonly port?: number
}

const isSystemError = (error: unknown): error is SystemError =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'

function listenFailure({ code, port, message }: SystemError, { host, metricsPort }: Config): string {
  const name = port !== undefined && port === metricsPort ? 'METRICS_PORT' : 'PORT'
  if (code === 'EADDRINUSE')
    return `Port ${port} of ${host} is in use. Stop the program that listens there, or set ${name} to another port.`
  if (code === 'EACCES')
    return `This user may not listen on port ${port} of ${host}. Set ${name} to a port above 1023, or give the right.`
  if (code === 'EADDRNOTAVAIL') return `${host} is no address of this machine. Set HOST to one, or to 0.0.0.0 for all.`
  return message
}

/**
 * Explains to the operator why the gateway did not start. If the environment is the cause, the sentence names the
 * variable and says what to do. Otherwise it is the error's own message.
 * @param config undefined if the configuration is not valid
 */
export function explainStartFailure(error: unknown, config: Config | undefined): string {
  // A close after the failure has failed, too. The first error is the cause.
  if (error instanceof SuppressedError) return explainStartFailure(error.suppressed, config)
  if (!isSystemError(error) || config === undefined) return error instanceof Error ? error.message : String(error)
  if (error.syscall === 'listen') return listenFailure(error, config)
  if (error.syscall === 'getaddrinfo')
    return `HOST ${config.host} is no address and no name that resolves (${error.code}).`
  if (error.path?.startsWith(resolve(config.dataDir)) || error.path?.startsWith(config.dataDir))
    return (
      `The folder ${config.dataDir} cannot be used (${error.code} at ${error.path}). ` +
      'Set DATA_DIR to a folder that this user may write to.'
    )
  return error.message
}
