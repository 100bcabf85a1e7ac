import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { buildGateway } from '../support/built-gateway.ts'

/**
 * A time during which callers may find nobody. Milliseconds of `performance.now()`; it ends when somebody listens
 * again.
 */
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
  /** Sends it a signal that does not end it. */
  signal(signal: NodeJS.Signals): void
  /** The most memory that it had so far, in MB, of all its lives. */
  peakMemory(): Promise<number>
  memory(): Promise<number>
  /** Its process number. */
  pid(): number
  /** Lines that it wrote beside its log: a warning of Node's, a stack. */
  complaints(): readonly string[]
  /** What it has logged since it was started last. */
  log(): Promise<string>
  /** The address of its debugger, where it was started with one. */
  inspector(): string | null
}

export interface GatewayOptions {
  /** Where its log goes. A pipe to us would make it wait for us whenever we are busy. */
  readonly logFile: string
  readonly environment: Readonly<Record<string, string>>
  readonly nodeOptions?: readonly string[]
}

export function createGatewayProcess({ logFile, environment, nodeOptions = [] }: GatewayOptions): GatewayProcess {
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
      const program = await buildGateway()
      const log = await open(logFile, 'w')
      const started = spawn(process.execPath, [...nodeOptions, ...program], {
        stdio: ['ignore', log.fd, 'pipe'],
        env: { ...environment, PORT: String(port), NODE_ENV: 'production', HOST: '127.0.0.1' },
      })
      await log.close()
      child = started
      started.once('exit', (code, signal) => {
        if (!asked.has(started)) unexpectedExits.push(String(code ?? signal))
      })
      started.stderr?.setEncoding('utf8').on('data', (text: string) => {
        inspector = /ws:\S+/.exec(text)?.[0] ?? inspector
        complaints.push(text)
      })
      const deadline = performance.now() + 30_000
      for (;;) {
        const address = /"url":"http:\/\/127\.0\.0\.1:(\d+)","msg":"listening"/.exec(await readFile(logFile, 'utf8'))
        if (address !== null) {
          port = Number(address[1])
          break
        }
        if (started.exitCode !== null || performance.now() > deadline)
          throw new Error(`the gateway did not start: ${complaints.join('')}`)
        await delay(20)
      }
      const absence = absences.at(-1)
      if (absence?.to === Number.POSITIVE_INFINITY) absence.to = performance.now()
    },
    async end(signal) {
      const ending = child
      if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null)
        throw new Error('the gateway does not run')
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
    signal: (signal) => void child?.kill(signal),
    peakMemory,
    memory: () => status('VmRSS'),
    pid: () => child?.pid ?? 0,
    complaints: () =>
      complaints.filter((text) => !/Debugger listening|inspector|Debugger ended|Debugger attached/.test(text)),
    log: () => readFile(logFile, 'utf8'),
    inspector: () => inspector,
  }
}
