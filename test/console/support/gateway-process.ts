import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { recordLog } from '../../support/recordings.ts'

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))

export interface GatewayProcess {
  /** Scheme, host and port. */
  readonly url: string
  stop(): Promise<void>
}

/** Starts the gateway as a developer does: a process of its own with the development issuer, on a free port. */
export async function startGateway(environment: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env['PATH'], PORT: '0', HOST: '127.0.0.1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  let output = ''
  const url = await new Promise<string>((resolve, reject) => {
    const read = (text: string) => {
      output += text
      recordLog(text)
      const [, found] = /^Console\s+(\S+)\/console\/$/m.exec(output) ?? []
      if (found !== undefined) resolve(found)
    }
    child.stdout.setEncoding('utf8').on('data', read)
    child.stderr.setEncoding('utf8').on('data', read)
    void ended.then(() => reject(new Error(`The gateway did not start: ${output}`)))
  })
  return {
    url,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
