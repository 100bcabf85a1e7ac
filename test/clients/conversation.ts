import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { type ClientProgram, environmentOf } from './programs.ts'
import type { ClientRequest, Seen } from './steps.ts'

/** A program of ours that runs. It is told a request a line, and answers each with a line of JSON. */
export interface Conversation {
  /** Of the client, and of its language where that is another. */
  readonly version: string
  send(origin: string, request: ClientRequest): Promise<Seen>
  end(): Promise<void>
}

/** Makes the program, starts it and waits for its first line: its version. */
export async function startConversation(program: ClientProgram): Promise<Conversation> {
  const folder = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-client-'))
  const source = join(import.meta.dirname, 'programs', program.file)
  const env = environmentOf(folder)
  let child: ChildProcess | undefined
  const end = async () => {
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    }
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const [compiler, ...words] = program.build?.(source, folder) ?? []
    if (compiler !== undefined) await promisify(execFile)(compiler, words, { env, cwd: folder, timeout: 600_000 })
    const [command = '', ...parameters] = program.run(source, folder)
    const running = spawn(command, parameters, { env, cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] })
    child = running
    let complaints = ''
    running.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text))
    running.stdin.on('error', () => {}) // a program that has ended says why on its standard error
    const lines = createInterface({ input: running.stdout })[Symbol.asyncIterator]()
    const nextLine = async (): Promise<Record<string, unknown>> => {
      const timer = setTimeout(() => running.kill('SIGKILL'), 180_000)
      const { value, done } = await lines.next()
      clearTimeout(timer)
      if (done) throw new Error(`${program.file} ended: ${complaints}`)
      try {
        return JSON.parse(value)
      } catch (cause) {
        throw new Error(`${program.file} wrote no JSON: ${value}`, { cause })
      }
    }
    const { version } = await nextLine()
    return {
      version: String(version),
      send(origin, { method, path, body = '-', headers }) {
        const words = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
        running.stdin.write(`${[method, `${origin}${path}`, body, ...words].join('\t')}\n`)
        return nextLine()
      },
      end,
    }
  } catch (error) {
    await end()
    throw error
  }
}
