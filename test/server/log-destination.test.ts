import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { openLogDestination } from '../../src/server/log-destination.ts'
import { findFreePort } from '../support/free-port.ts'

const cleanUps: (() => void)[] = []
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp()
})

/**
 * A named pipe that only we read, and when we want to; a process's own standard output is read by Node all the time.
 */
function openPipe(): { fd: number; read(): string } {
  const directory = mkdtempSync(join(tmpdir(), 'mithril-connection-gateway-log-'))
  const path = join(directory, 'pipe')
  execFileSync('mkfifo', [path])
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  cleanUps.push(() => {
    closeSync(fd)
    rmSync(directory, { recursive: true })
  })
  const buffer = Buffer.alloc(2 ** 20)
  return {
    fd,
    read() {
      try {
        return buffer.toString('utf8', 0, readSync(fd, buffer))
      } catch {
        return '' // EAGAIN: empty
      }
    },
  }
}

test('a bounded part of unread lines is kept, and the next line says how many were lost', async () => {
  const pipe = openPipe()
  const destination = openLogDestination({ fd: pipe.fd, waitingAtMost: 100_000, lastWordsMs: 100 })
  const line = (number: number) => `${JSON.stringify({ number, filling: 'x'.repeat(980) })}\n`
  for (let number = 0; number < 1_000; number++) destination.write(line(number))
  let text = ''
  await vi.waitFor(
    () => {
      text += pipe.read()
      expect(text).toContain('"lost"')
    },
    { timeout: 30_000 },
  )
  destination.write(line(1_000))
  await vi.waitFor(() => {
    text += pipe.read()
    expect(text).toContain('"number":1000,')
  })
  const lines = text
    .trimEnd()
    .split('\n')
    .map((one) => JSON.parse(one) as { number?: number; lost?: number }) // what we have written
  const kept = lines.length - 2
  // What was waiting, and no more than a pipe holds beside it.
  expect(kept).toBeGreaterThan(90)
  expect(kept).toBeLessThan(300)
  expect(lines.slice(0, kept).map(({ number }) => number)).toEqual(Array.from({ length: kept }, (_, number) => number))
  expect(lines.slice(kept)).toEqual([
    {
      level: 40,
      time: expect.any(Number),
      lost: 1_000 - kept,
      msg: 'lines of the log were lost: nobody read them in time',
    },
    expect.objectContaining({ number: 1_000 }),
  ])
})

test('the last words do not wait for a pipe that blocks', { timeout: 120_000 }, async () => {
  const module = new URL('../../src/server/log-destination.ts', import.meta.url).href
  const program = `
    const { openLogDestination } = await import('${module}')
    const destination = openLogDestination({ fd: 1, waitingAtMost: 1_000_000, lastWordsMs: 300 })
    for (let line = 0; line < 500; line++) destination.write('x'.repeat(1_000) + '\\n')
    process.exit(0)`
  // Pipes between the commands of a shell block, and this reader reads nothing.
  const from = performance.now()
  const shell = spawn(
    'sh',
    ['-c', `{ "$NODE" --input-type=module --eval "$PROGRAM"; echo "ended with $?" >&2; } | sleep 20`],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'], NODE: process.execPath, PROGRAM: program },
    },
  )
  cleanUps.push(() => shell.kill())
  const [said] = (await once(shell.stderr, 'data')) as [Buffer] // what the event brings
  expect(said.toString()).toBe('ended with 0\n')
  expect(performance.now() - from).toBeLessThan(15_000)
})

/** The program in production, with nothing that it needs, and its standard output where it is given. */
async function startProgram(stdout: number): Promise<{ url: string; child: ChildProcess; errors: () => string }> {
  const port = await findFreePort()
  const child = spawn(
    process.execPath,
    ['--import', rejectOnSignal, new URL('../../src/main.ts', import.meta.url).pathname],
    {
      stdio: ['ignore', stdout, 'pipe'],
      env: {
        NODE_ENV: 'production',
        DATABASE_URL: 'postgresql://127.0.0.1:1/mithril',
        TOKEN_ISSUER: 'https://issuer.example.ua/',
        TOKEN_AUDIENCE: 'gateway',
        AUTH_FAILURE_LIMIT_PER_MINUTE: '0',
        TOKEN_JWKS_URL: 'http://127.0.0.1:1/jwks',
        PORT: String(port),
      },
    },
  )
  cleanUps.push(() => child.kill('SIGKILL'))
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const url = `http://127.0.0.1:${port}/api/clients`
  await vi.waitFor(() => fetch(url, { signal: AbortSignal.timeout(5_000) }), { timeout: 45_000, interval: 50 })
  return { url, child, errors: () => errors }
}

const unread = () => openPipe().fd
function onFullDisk(): number {
  const fd = openSync('/dev/full', 'w')
  cleanUps.push(() => closeSync(fd))
  return fd
}

/** Makes the program reject where nobody handles it: no request can. */
const rejectOnSignal = `data:text/javascript,process.on('SIGUSR2', () => Promise.reject(new Error('nobody handles it')))`

test.each([
  ['a log that nobody reads', 'SIGTERM', 0, unread],
  ['a log on a full disk', 'SIGTERM', 0, onFullDisk],
  // It is logged, and waits for that no longer.
  ['a log that nobody reads, after an unhandled rejection,', 'SIGUSR2', 1, unread],
] as const)(
  '%s keeps nobody waiting, and does not keep the program from ending',
  { timeout: 90_000 },
  async (_name, signal, code, open) => {
    const { url, child, errors } = await startProgram(open())
    // Several times what a pipe holds.
    for (let round = 0; round < 40; round++) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => fetch(url, { signal: AbortSignal.timeout(5_000) })),
      )
      for (const answer of answers) {
        expect(answer.status).toBe(401)
        await answer.arrayBuffer()
      }
    }
    const exit = once(child, 'exit')
    child.kill(signal)
    expect(await exit).toEqual([code, null])
    expect(errors()).toBe('')
  },
)
