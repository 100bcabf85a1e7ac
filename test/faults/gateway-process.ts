import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** A time during which callers may find nobody. Milliseconds of `performance.now()`; it ends when somebody listens again. */
export interface Absence {
  readonly from: number
  to: number
}

/** The gateway as it runs in production: a process of its own on a real port. */
export interface GatewayProcess {
  /** Scheme, host and port. The same after a restart. */
  readonly origin: string
  readonly absences: readonly Absence[]
  /** How it has ended where nobody had asked it to: code or signal. */
  readonly unexpectedExits: readonly string[]
  /** Starts it, after it has been ended, too, and waits until it listens. */
  start(): Promise<void>
  /** Ends it, and says how it ended. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<{ code: number | null; signal: string | null; tookMs: number }>
  /** The most memory that it had so far, in MB, of all its lives. */
  peakMemory(): Promise<number>
  memory(): Promise<number>
  /** Lines that it wrote beside its log: a warning of Node's, a stack. */
  complaints(): readonly string[]
  /** The address of its debugger, where it was started with one. */
  inspector(): string | null
}

export function createGatewayProcess(environment: Readonly<Record<string, string>>, nodeOptions: readonly string[] = []): GatewayProcess {
  let child: ChildProcess | undefined
  let port = 0
  let peak = 0
  let inspector: string | null = null
  const absences: Absence[] = []
  const unexpectedExits: string[] = []
  const complaints: string[] = []
  const asked = new WeakSet<ChildProcess>()

  const status = async (name: string) => {
    const text = await readFile(`/proc/${child?.pid}/status`, 'utf8').catch(() => '')
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1_024
  }
  const peakMemory = async () => {
    peak = Math.max(peak, await status('VmHWM'))
    return peak
  }

  return {
    get origin() {
      return `http://127.0.0.1:${port}`
    },
    absences,
    unexpectedExits,
    async start() {
      const started = spawn(process.execPath, [...nodeOptions, main], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...environment, PORT: String(port), NODE_ENV: 'production', HOST: '127.0.0.1' },
      })
      child = started
      started.once('exit', (code, signal) => {
        if (!asked.has(started)) unexpectedExits.push(String(code ?? signal))
      })
      started.stderr.setEncoding('utf8').on('data', (text: string) => {
        inspector = /ws:\S+/.exec(text)?.[0] ?? inspector
        complaints.push(text)
      })
      port = await new Promise<number>((resolve, reject) => {
        let text = ''
        started.stdout.setEncoding('utf8').on('data', (chunk: string) => {
          // Read on, or the log would block; but remember nothing of it.
          if (text === 'listening') return
          text += chunk
          const url = /"url":"http:\/\/127\.0\.0\.1:(\d+)","msg":"listening"/.exec(text)?.[1]
          if (url === undefined) return
          text = 'listening'
          resolve(Number(url))
        })
        started.once('exit', (code) => reject(new Error(`the gateway ended with ${code} at its start: ${complaints.join('')}`)))
      })
      const absence = absences.at(-1)
      if (absence?.to === Number.POSITIVE_INFINITY) absence.to = performance.now()
    },
    async end(signal) {
      const ending = child
      if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) throw new Error('the gateway does not run')
      await peakMemory()
      asked.add(ending)
      const from = performance.now()
      absences.push({ from, to: Number.POSITIVE_INFINITY })
      const ended = once(ending, 'exit') as Promise<[number | null, string | null]> // what `exit` brings
      ending.kill(signal)
      const timer = setTimeout(() => ending.kill('SIGKILL'), 20_000)
      const [code, endedBy] = await ended
      clearTimeout(timer)
      return { code, signal: endedBy, tookMs: performance.now() - from }
    },
    peakMemory,
    memory: () => status('VmRSS'),
    complaints: () => complaints.filter((text) => !/Debugger listening|inspector|Debugger ended|Debugger attached/.test(text)),
    inspector: () => inspector,
  }
}
