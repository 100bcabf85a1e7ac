import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as streamText } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { demo } from '../../prisma/seed-data.ts'
import { findFreePort } from '../support/free-port.ts'
import { recordHidden, recordLog, recordRedirectUris } from '../support/recordings.ts'

// The program itself, as `npm start` runs it, which is the built one after `npm ci`. Nothing is imported from src.

const { version }: { version: string } = JSON.parse(
  await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
)
const root = new URL('../..', import.meta.url).pathname
const run = promisify(execFile)

let dataDir: string
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-process-'))
})

/** Only what is set here: the environment of the test run may hold a DATABASE_URL. */
const environment = (more: Record<string, string>) => ({
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '',
  DATA_DIR: dataDir,
  PORT: '0',
  ...more,
})

/** Production, and everything that it needs is away. */
const awayInProduction = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgresql://gateway:p4ssw0rd@127.0.0.1:1/mithril',
  TOKEN_ISSUER: 'https://issuer.example.ua/',
  TOKEN_AUDIENCE: 'gateway',
  TOKEN_JWKS_URL: 'http://127.0.0.1:1/jwks',
}

interface Running {
  readonly child: ChildProcess
  /** Everything that was written to standard output and standard error so far. */
  readonly output: { stdout: string; stderr: string }
  readonly ended: Promise<unknown>
  exited(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

const started: Running[] = []

function startProgram(more: Record<string, string> = {}, options: readonly string[] = []): Running {
  // A process group of its own, as a shell gives one to each job.
  const child = spawn(process.execPath, [...options, 'src/start.js'], {
    cwd: root,
    env: environment(more),
    detached: true,
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk
  })
  const exit = once(child, 'close')
  child.once('close', () => {
    // The banner is for who has started it, tokens included; everything else is the log.
    recordLog(output.stdout.replace(/^[^{].*\n/gm, ''))
    recordLog(output.stderr)
  })
  const running: Running = {
    child,
    output,
    ended: exit,
    exited: async () => {
      const timeout = setTimeout(() => child.kill('SIGKILL'), 60_000)
      const [code, signal] = await exit
      clearTimeout(timeout)
      return { code, signal }
    },
  }
  started.push(running)
  return running
}

/** What the program has written, once it fits; at once an error if it ends without. */
async function untilWritten(running: Running, pattern: RegExp): Promise<string> {
  const written = vi.waitFor(
    () => {
      expect(running.output.stdout).toMatch(pattern)
      return running.output.stdout
    },
    { timeout: 60_000, interval: 20 },
  )
  written.catch(() => {})
  const ended = running.ended.then(() => expect.fail(`it has ended: ${running.output.stderr}`))
  return Promise.race([written, ended])
}

/** The banner, once it is whole. */
const banner = (running: Running) => untilWritten(running, /back through REST:[\s\S]*\n\n$/)

interface Example {
  readonly url: string
  readonly init: { method: string; headers: Record<string, string>; body: string }
}

/** The page of GraphiQL for a request with these headers. */
async function graphiqlFor(url: string, headers: Record<string, string>): Promise<string> {
  const asked = get(`${url}/graphql`, { headers: { accept: 'text/html', ...headers }, timeout: 10_000 })
  const [answer] = (await once(asked, 'response')) as [IncomingMessage] // what the event brings
  return streamText(answer)
}

/** The curl lines of the banner, taken apart as a shell would: words, and words in single quotes. */
function examplesOf(text: string): Example[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('curl '))
    .map((line) => {
      const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
      const example: Example = {
        url: words.find((word) => word.startsWith('http://')) ?? '',
        init: { method: 'POST', headers: {}, body: '' },
      }
      words.forEach((word, index) => {
        const value = words[index + 1] ?? ''
        if (word === '-X') example.init.method = value
        if (word === '-d') example.init.body = value
        if (value.startsWith('authorization: Bearer ')) recordHidden(value.slice('authorization: Bearer '.length))
        if (word === '-H')
          example.init.headers[value.slice(0, value.indexOf(':'))] = value.slice(value.indexOf(':') + 1).trim()
      })
      return example
    })
}

const bounded = () => ({ signal: AbortSignal.timeout(30_000) })
const urlIn = (text: string) => /^GraphiQL +(\S+)\/graphql$/m.exec(text)?.[1] ?? 'none'

/** Where the embedded cluster is, and the process of its server while it runs. */
async function postmaster(text: string): Promise<{ pid: number | null; url: string }> {
  const location = /^Database +embedded PostgreSQL on port \d+, data in (.+)$/m.exec(text)?.[1] ?? ''
  const port = /embedded PostgreSQL on port (\d+)/.exec(text)?.[1]
  const password = (await readFile(join(location, 'cluster', 'password'), 'utf8')).trim()
  recordHidden(password)
  const file = await readFile(join(location, 'cluster', 'data', 'postmaster.pid'), 'utf8').catch(() => null)
  const pid = file === null ? null : Number(file.split('\n')[0])
  const cwd = pid === null ? null : await readlink(`/proc/${pid}/cwd`).catch(() => null)
  return {
    pid: cwd === join(location, 'cluster', 'data') || (pid !== null && process.platform !== 'linux') ? pid : null,
    url: `postgresql://postgres:${password}@127.0.0.1:${port}/mithril`,
  }
}

const locations = new Set<string>()
afterEach(async () => {
  for (const { child, output, exited } of started.splice(0)) {
    const location = /data in (.+)$/m.exec(output.stdout)?.[1]
    if (location) locations.add(location)
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await exited()
  }
})
afterAll(async () => {
  for (const location of locations) {
    const pid = Number(
      (await readFile(join(location, 'cluster', 'data', 'postmaster.pid'), 'utf8').catch(() => '0')).split('\n')[0],
    )
    // What kill -9 has left running: nobody owns it any more.
    if (pid > 0 && (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === join(location, 'cluster', 'data'))
      process.kill(pid, 'SIGQUIT')
    await rm(location, { recursive: true, force: true })
  }
  await rm(dataDir, { recursive: true, force: true })
})

test('npm start needs no setup, its examples work, and SIGTERM ends it after the request in flight', {
  timeout: 120_000,
}, async () => {
  const running = startProgram()
  const text = await banner(running)
  expect(text).toContain(`\nMithril connection gateway ${version}\n`)
  expect(text).toMatch(/^Database +embedded PostgreSQL on port \d+, data in \/.+$/m)
  expect(text).toMatch(/^Issuer +urn:mithril-connection-gateway:development$/m)
  expect(text).toMatch(/^GraphiQL +http:\/\/127\.0\.0\.1:\d+\/graphql$/m)
  expect(text).toMatch(/^WARNING +the gateway is its own token issuer/m)
  const { url: databaseUrl, pid } = await postmaster(text)
  expect(pid).toBeGreaterThan(0)
  expect(running.output.stdout + running.output.stderr).not.toContain(new URL(databaseUrl).password)

  const examples = examplesOf(text)
  expect(examples.map(({ url, init }) => [init.method, new URL(url).pathname])).toEqual([
    ['POST', '/graphql'],
    ['PATCH', `/api/clients/${demo.msp.clientId}/connections/${demo.connectionId}`],
  ])
  const [graphql, rest] = await Promise.all(
    examples.map(async ({ url, init }) => (await fetch(url, { ...init, ...bounded() })).json()),
  )
  expect(graphql).toEqual({
    data: {
      updateClientConnection: {
        clientConnection: expect.objectContaining({ id: demo.connectionId, redirectUri: 'https://example3.com' }),
      },
    },
    extensions: { requestId: expect.any(String) },
  })
  expect(rest).toEqual({
    meta: expect.objectContaining({ code: 200 }),
    data: expect.objectContaining({ redirect_uri: demo.redirectUri }),
  })
  // A page that has rebound its name to our address, or anybody behind a proxy, gets the page without its tokens.
  for (const [host, hasTokens] of [
    ['localhost', true],
    ['LOCALHOST:4000', true],
    ['[::1]:4000', true],
    ['rebound.example.ua', false],
    ['127.0.0.1.example.ua', false],
  ] as const) {
    const page = await graphiqlFor(urlIn(text), { host })
    expect(page).toMatch(/<title>.*<\/title>/)
    expect([host, /Bearer ey/.test(page)]).toEqual([host, hasTokens])
  }
  for (const host of [
    'evil.example.ua@127.0.0.1',
    '127.0.0.1\\.evil.example.ua',
    '127.0.0.1/x',
    '127.0.0.1#',
    'localhost:x',
  ])
    expect([host, await graphiqlFor(urlIn(text), { host })]).toEqual([host, expect.not.stringMatching(/Bearer ey/)])
  for (const [name, value] of [
    ['forwarded', 'for=192.0.2.1'],
    ['via', '1.1 proxy'],
    ['x-forwarded-for', '192.0.2.1'],
    ['x-forwarded-host', 'gateway.example.ua'],
    ['X-Forwarded-Proto', 'https'],
    ['x-real-ip', '192.0.2.1'],
  ] as const)
    expect([name, await graphiqlFor(urlIn(text), { host: '127.0.0.1:4000', [name]: value })]).toEqual([
      name,
      expect.not.stringMatching(/Bearer ey/),
    ])

  // A request that waits for a lock while the gateway is told to end.
  const holder = new Client({ connectionString: databaseUrl })
  holder.on('error', () => {})
  await holder.connect()
  await holder.query('BEGIN')
  await holder.query('SELECT FROM connections WHERE id = $1 FOR UPDATE', [demo.connectionId])
  const example = examples[1]
  if (example === undefined) throw new Error('no REST example')
  const inFlight = fetch(example.url, {
    ...example.init,
    body: JSON.stringify({ redirect_uri: 'https://drained.example.ua' }),
    ...bounded(),
  })
  await vi.waitFor(
    async () =>
      expect((await holder.query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)).rowCount).toBe(1),
    { timeout: 30_000, interval: 10 },
  )
  running.child.kill('SIGTERM')
  await vi.waitFor(() => expect(running.output.stdout).toContain('"msg":"draining"'), { timeout: 30_000, interval: 10 })
  await holder.query('ROLLBACK')
  await holder.end()

  const answer = await inFlight
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ data: { redirect_uri: 'https://drained.example.ua' } })
  expect(await running.exited()).toEqual({ code: 0, signal: null })
  expect((await postmaster(text)).pid).toBeNull()
  expect(running.output.stderr).toBe('')
})

test('an endless request delays neither the end of the gateway nor of its database', {
  timeout: 120_000,
}, async () => {
  const running = startProgram()
  const text = await banner(running)
  const slow = connect(Number(new URL(urlIn(text)).port), '127.0.0.1')
  slow.on('error', () => {})
  slow.write('GET /health/live HTTP/1.1\r\nhost: a\r\nx-slow')
  await new Promise((resolve) => setTimeout(resolve, 50))
  running.child.kill('SIGTERM')
  expect(await running.exited()).toEqual({ code: 0, signal: null })
  slow.destroy()
  expect((await postmaster(text)).pid).toBeNull()
})

test('after kill -9 the next gateway finds the data and its server, and Ctrl-C ends it', {
  timeout: 120_000,
}, async () => {
  const first = startProgram()
  const text = await banner(first)
  const [, rest] = examplesOf(text)
  if (rest === undefined) throw new Error('no REST example')
  const put = (redirectUri: string, to = rest.url) => {
    recordRedirectUris(redirectUri)
    return fetch(to, { ...rest.init, body: JSON.stringify({ redirect_uri: redirectUri }), ...bounded() })
  }
  expect((await put('https://killed.example.ua/')).status).toBe(200)
  first.child.kill('SIGKILL')
  expect(await first.exited()).toEqual({ code: null, signal: 'SIGKILL' })

  const second = startProgram()
  const again = await banner(second)
  const { url } = await postmaster(again)
  const reader = new Client({ connectionString: url })
  reader.on('error', () => {})
  await reader.connect()
  const { rows } = await reader.query('SELECT redirect_uri FROM connections WHERE id = $1', [demo.connectionId])
  await reader.end()
  expect(rows).toEqual([{ redirect_uri: 'https://killed.example.ua/' }])
  // The key has outlived it, so the token of then is good, and so is a new one.
  expect((await put('https://again.example.ua/', `${urlIn(again)}${new URL(rest.url).pathname}`)).status).toBe(200)

  const token = ['src/commands/token.ts', '--type', 'MSP', '--client', demo.msp.clientId, '--scope', 'connection:write']
  const { stdout } = await run(process.execPath, token, { cwd: root, env: environment({}), timeout: 60_000 })
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  recordHidden(stdout.trim())
  const answer = await fetch(`${urlIn(again)}${new URL(rest.url).pathname}`, {
    ...rest.init,
    headers: { ...rest.init.headers, authorization: `Bearer ${stdout.trim()}` },
    ...bounded(),
  })
  expect(answer.status).toBe(200)

  // Ctrl-C reaches the whole process group.
  process.kill(-(second.child.pid ?? 0), 'SIGINT')
  expect(await second.exited()).toEqual({ code: 0, signal: null })
  expect(second.output.stderr).toBe('')
  // The second one did not start PostgreSQL, but nobody else uses it any more.
  expect((await postmaster(again)).pid).toBeNull()
})

test('after kill -9 without a next gateway its database ends by itself', { timeout: 120_000 }, async () => {
  const running = startProgram()
  const text = await banner(running)
  expect((await postmaster(text)).pid).not.toBeNull()
  running.child.kill('SIGKILL')
  await running.exited()
  await vi.waitFor(async () => expect((await postmaster(text)).pid).toBeNull(), { timeout: 60_000, interval: 200 })
})

test('SIGTERM while it is still starting leaves no database behind', { timeout: 120_000 }, async () => {
  const fresh = await makeDataDir()
  const pidFile = pidFileIn(fresh)
  const running = startProgram({ DATA_DIR: fresh })
  await vi.waitFor(async () => expect(await readFile(pidFile, 'utf8')).not.toBe(''), { timeout: 60_000, interval: 2 })
  running.child.kill('SIGTERM')
  expect(await running.exited()).toEqual({ code: 0, signal: null })
  await expect(readFile(pidFile, 'utf8')).rejects.toThrow('ENOENT')
  expect(running.output.stdout).not.toContain('GraphiQL')
  await rm(fresh, { recursive: true, force: true })
})

/** A port that another program has, while `use` runs. */
async function withTakenPort(use: (port: number) => Promise<void>): Promise<void> {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  try {
    await use((taken.address() as AddressInfo).port) // TCP, so it is no path
  } finally {
    taken.close()
  }
}

/** A folder for a gateway's data, which PostgreSQL can reach although it does not run as root. */
async function makeDataDir(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-process-'))
  await chmod(made, 0o755)
  return made
}

const pidFileIn = (dataDir: string) => join(dataDir, 'postgres', 'cluster', 'data', 'postmaster.pid')

/** PostgreSQL removes the file when it ends as it should. */
async function expectNoDatabaseIn(dataDir: string): Promise<void> {
  expect(await readFile(join(dataDir, 'postgres', 'cluster', 'postgres.log'), 'utf8')).toContain('ready to accept')
  await expect(readFile(pidFileIn(dataDir), 'utf8')).rejects.toThrow('ENOENT')
}

test('a taken port is exit 1 with a sentence that says what to do, and no database stays behind', {
  timeout: 120_000,
}, async () => {
  const fresh = await makeDataDir()
  await withTakenPort(async (port) => {
    const running = startProgram({ PORT: String(port), DATA_DIR: fresh })
    expect(await running.exited()).toEqual({ code: 1, signal: null })
    expect(running.output.stderr).toBe(
      `Port ${port} of 127.0.0.1 is in use. Stop the program that listens there, or set PORT to another port.\n`,
    )
    expect(running.output.stdout).not.toMatch(/GraphiQL/)
  })
  await expectNoDatabaseIn(fresh)
  await rm(fresh, { recursive: true, force: true })
})

test('a start that fails after PostgreSQL has started leaves no database behind', { timeout: 120_000 }, async () => {
  const fresh = await makeDataDir()
  await writeFile(join(fresh, 'development-issuer.jwk.json'), 'no key')
  const running = startProgram({ DATA_DIR: fresh })
  expect(await running.exited()).toEqual({ code: 1, signal: null })
  expect(running.output.stderr).toMatch(/^The development key .+ is damaged\. Delete the file: .+\n$/)
  await expectNoDatabaseIn(fresh)
  await rm(fresh, { recursive: true, force: true })
})

test('a taken port for metrics is exit 1, and nothing is served', { timeout: 120_000 }, async () => {
  await withTakenPort(async (port) => {
    const running = startProgram({ ...awayInProduction, METRICS_PORT: String(port) })
    expect(await running.exited()).toEqual({ code: 1, signal: null })
    expect(running.output.stderr).toBe(
      `Port ${port} of 127.0.0.1 is in use. Stop the program that listens there, or set METRICS_PORT to another port.\n`,
    )
    expect(running.output.stdout).not.toContain('listening')
  })
})

test.each<[string, Record<string, string>, RegExp]>([
  [
    'a HOST of another machine',
    { ...awayInProduction, HOST: '192.0.2.1' },
    /^192\.0\.2\.1 is no address of this machine\. Set HOST .+\n$/,
  ],
  [
    'a HOST that is no name',
    { ...awayInProduction, HOST: 'gateway.invalid' },
    /^HOST gateway\.invalid is no address and no name .+\n$/,
  ],
  [
    'a DATA_DIR that cannot be made',
    { DATA_DIR: `${process.execPath}/data` },
    /^The folder .+\/data cannot be used \(ENOTDIR at .+\)\. Set DATA_DIR to a folder that this user may write to\.\n$/,
  ],
])('%s is exit 1 with a sentence that names the variable', { timeout: 120_000 }, async (_name, variables, sentence) => {
  const running = startProgram(variables)
  expect(await running.exited()).toEqual({ code: 1, signal: null })
  expect(running.output.stderr).toMatch(sentence)
})

/** Makes Node another user before it reads the program: root may write everywhere. */
const asNobody = `data:text/javascript,${encodeURIComponent('process.setgid(65534); process.setuid(65534)')}`

test('a DATA_DIR that this user may not write to is exit 1 with a sentence that names it', {
  timeout: 120_000,
}, async ({ skip }) => {
  const isRoot = process.getuid?.() === 0
  const options = isRoot ? ['--import', asNobody] : []
  const readable = await run(process.execPath, [...options, '--eval', 'fs.readFileSync("src/main.ts")'], { cwd: root })
    .then(() => true)
    .catch(() => false)
  if (!readable) return skip('another user than root cannot read this folder')
  const fresh = await makeDataDir()
  await chmod(fresh, 0o555)
  for (const folder of [fresh, join(fresh, 'deeper')]) {
    const running = startProgram({ DATA_DIR: folder }, options)
    expect(await running.exited()).toEqual({ code: 1, signal: null })
    expect(running.output.stderr).toBe(
      `The folder ${folder} cannot be used (EACCES at ${/ at ([^)]+)/.exec(running.output.stderr)?.[1]}). ` +
        'Set DATA_DIR to a folder that this user may write to.\n',
    )
  }
  await rm(fresh, { recursive: true })
})

test('a SIGTERM in the first moment is obeyed, also where Node is process 1', { timeout: 120_000 }, async () => {
  for (const delayMs of [150, 300, 600]) {
    const running = startProgram(awayInProduction)
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    running.child.kill('SIGTERM')
    const { code, signal } = await running.exited()
    // Before Node itself has started, nothing but the default action is there.
    expect(signal === 'SIGTERM' || code === 0, `${delayMs} ms: ${code} ${signal}`).toBe(true)
  }
})

test('an exception that nobody catches is a line of the log and ends the process', { timeout: 120_000 }, async () => {
  const preload = `process.on('SIGUSR2', () => { throw new Error('nobody catches this') })`
  const running = startProgram(awayInProduction, ['--import', `data:text/javascript,${encodeURIComponent(preload)}`])
  await untilWritten(running, /"msg":"listening"/)
  running.child.kill('SIGUSR2')
  expect(await running.exited()).toEqual({ code: 1, signal: null })
  // A line before it may still be on its way to the operating system then, and come after it.
  const lines = running.output.stdout.trim().split('\n')
  expect(lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 60)).toEqual([
    expect.objectContaining({ msg: 'uncaught exception', reason: expect.stringContaining('nobody catches') }),
  ])
  expect(running.output.stderr).toBe('')
})

test('after SIGTERM readiness is off and new connections are served for DRAIN_SECONDS', {
  timeout: 120_000,
}, async () => {
  const running = startProgram({ ...awayInProduction, DRAIN_SECONDS: '3' })
  const written = await untilWritten(running, /"msg":"listening"/)
  const line: { url: string } = JSON.parse(written.split('\n').find((text) => text.includes('"listening"')) ?? '')
  expect(line).toMatchObject({ version })
  const asked = performance.now()
  running.child.kill('SIGTERM')
  await untilWritten(running, /"msg":"draining"/)
  const ready = await fetch(`${line.url}/health/ready`, { ...bounded(), headers: { connection: 'close' } })
  expect([ready.status, await ready.json()]).toEqual([503, expect.objectContaining({ status: 'closing', version })])
  const live = await fetch(`${line.url}/health/live`, { ...bounded(), headers: { connection: 'close' } })
  expect([live.status, await live.json()]).toEqual([200, { status: 'ok', version }])
  expect(await running.exited()).toEqual({ code: 0, signal: null })
  expect(performance.now() - asked).toBeGreaterThan(2_900)
})

test('a wrong configuration is exit 78 with all mistakes on standard error, without a stack', async () => {
  const running = startProgram({
    NODE_ENV: 'production',
    PORT: 'x',
    TOKEN_JWKS_URL: 'http://issuer.example.ua/hunter2',
  })
  expect(await running.exited()).toEqual({ code: 78, signal: null })
  expect(running.output).toEqual({
    stdout: '',
    stderr: `Configuration is not valid:
  - PORT must be a whole number
  - TOKEN_JWKS_URL must be https, or http on a loopback address
  - TOKEN_ISSUER is required in production: the development issuer never runs there
  - TOKEN_AUDIENCE is required in production, with TOKEN_ISSUER
  - DATABASE_URL is required in production: the embedded PostgreSQL never runs there
`,
  })
})

test('in production there is no banner, and the gateway starts without its database and issuer', {
  timeout: 120_000,
}, async () => {
  // Nor does it need anybody to see it from outside.
  const running = startProgram({
    ...awayInProduction,
    METRICS_PORT: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
  })
  const url = /"url":"([^"]+)","msg":"listening"/.exec(await untilWritten(running, /"msg":"listening"/))?.[1]
  expect((await fetch(`${url}/health/live`, bounded())).status).toBe(200)
  const ready = await fetch(`${url}/health/ready`, bounded())
  expect([ready.status, await ready.json()]).toEqual([
    503,
    {
      status: 'unavailable',
      version,
      checks: { keys: 'unavailable', database: 'unavailable', migrations: 'unavailable' },
    },
  ])
  // One line of the start says it, too, before anybody asks.
  await untilWritten(running, /the database cannot be used yet/)
  const page = await fetch(`${url}/graphql`, { headers: { accept: 'text/html' }, ...bounded() })
  expect(page.status).toBe(405)
  const metrics = /"url":"([^"]+)","msg":"metrics are served"/.exec(running.output.stdout)?.[1] ?? 'none'
  expect(await (await fetch(metrics, bounded())).text()).toContain(
    'gateway_requests_total{door="none",operation="none",code="SERVICE_UNAVAILABLE"} 1\n',
  )
  running.child.kill('SIGTERM')
  expect(await running.exited()).toEqual({ code: 0, signal: null })
  expect(running.output.stdout).not.toMatch(/p4ssw0rd|curl|WARNING/)
  for (const line of running.output.stdout.trim().split('\n')) expect(() => JSON.parse(line), line).not.toThrow()
  expect(running.output.stderr).toBe('')
})

test('the commands of the README and of the first five minutes work', {
  timeout: 120_000,
}, async (context) => {
  if (
    await run('curl', ['--version']).then(
      () => false,
      () => true,
    )
  )
    context.skip('curl is not installed')
  const url = urlIn(await banner(startProgram()))
  const documents = await Promise.all(
    ['README.md', 'docs/first-five-minutes.md'].map((path) => readFile(join(root, path), 'utf8')),
  )
  const shown = documents.join('\n').replaceAll('http://127.0.0.1:4000', url)
  const blockWith = (text: string) =>
    [...shown.matchAll(/```(?:sh|ts)\n(.*?)```/gs)].find(([, code]) => code?.includes(text))?.[1] ?? ''
  const directory = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-readme-'))
  try {
    const program = blockWith('createGatewayClient').replaceAll("'../src/", `'${root}src/`)
    await writeFile(join(directory, 'first.ts'), program)
    // The experiment that the page proposes.
    await writeFile(join(directory, 'http.ts'), program.replace('https://example5', 'http://example5'))
    await writeFile(
      join(directory, 'tsconfig.json'),
      JSON.stringify({
        extends: join(root, 'tsconfig.json'),
        compilerOptions: { typeRoots: [join(root, 'node_modules/@types')] },
        include: ['first.ts'],
      }),
    )
    await writeFile(join(directory, 'package.json'), '{ "type": "module" }')
    await run(join(root, 'node_modules/.bin/tsc'), ['--noEmit', '--project', directory])
    const lines = [
      `npm() { command npm --prefix '${root}' "$@"; }`,
      blockWith('CLIENT=c4a6d45f'),
      blockWith('curl -sS -X PATCH http'),
      'echo',
      blockWith('mutation ($input'),
      blockWith('export TOKEN'),
      'echo; node first.ts; node http.ts',
      blockWith('CLIENT_URL=http'),
    ]
    const { stdout, stderr } = await run('sh', ['-euc', lines.join('\n')], { cwd: directory, env: environment({}) })
    expect(stderr).toBe('')
    const uris = [...stdout.matchAll(/redirect_?uri"?: ?["']([^"']+)/gi)].map(([, uri]) => uri)
    const [two, three, four, five] = [2, 3, 4, 5].map((number) => `https://example${number}.com`)
    // REST, GraphQL, the program, then: list, details, update, verify.
    expect(uris.filter((uri, index) => uri !== uris[index - 1])).toEqual([three, two, five, four])
    expect(stdout).toMatch(/clientConnection":\{"redirectUri":"https:\/\/example2\.com"/)
    expect(stdout).toMatch(/redirectUri: string does not match pattern/)
    expect(stdout).toMatch(/kind: 'UPDATED'/)
    expect(stdout).toMatch(/HTTP\/1\.1 200 OK.*etag: .*example4\.com/s)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test('the receiver of the first five minutes verifies what the gateway delivers', {
  timeout: 120_000,
}, async (context) => {
  if (
    await run('curl', ['--version']).then(
      () => false,
      () => true,
    )
  )
    context.skip('curl is not installed')
  const page = await readFile(join(root, 'docs/first-five-minutes.md'), 'utf8')
  const [, chapter = ''] = page.split('## A receiver of events')
  const [start = '', subscribe = '', receiver = '', change = ''] = [
    ...chapter.matchAll(/```(?:sh|ts)\n(.*?)```/gs),
  ].map(([, code]) => code ?? '')
  expect(receiver.trim().split('\n').length).toBeLessThanOrEqual(30)
  const { stdout: set } = await run('sh', ['-euc', start.replace('npm start', 'env')], { env: environment({}) })
  const names = ['EVENTS', 'EVENT_SIGNING_KEY', 'EVENT_TARGET_NETWORKS', 'PUBLIC_URL']
  const variables = [...set.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value] as const)
  const events = Object.fromEntries(variables.filter(([name]) => names.includes(name)))
  expect(Object.keys(events).sort()).toEqual(names)
  const [gatewayPort, port] = [await findFreePort(), await findFreePort()].map(String) as [string, string]
  const here = (code: string) => code.replaceAll('127.0.0.1:4000', `127.0.0.1:${gatewayPort}`).replaceAll('4001', port)
  const publicUrl = here(events['PUBLIC_URL'] ?? '')
  await banner(startProgram({ ...events, PORT: gatewayPort, PUBLIC_URL: publicUrl }))
  const sh = (code: string) =>
    run('sh', ['-euc', `npm() { command npm --prefix '${root}' "$@"; }\n${here(code)}`], { env: environment({}) })

  await mkdir(join(root, 'scratch'), { recursive: true })
  const directory = await mkdtemp(join(root, 'scratch/receiver-'))
  let receiving: ChildProcess | undefined
  try {
    const { stdout: answer } = await sh(subscribe)
    const { data } = JSON.parse(answer)
    recordHidden(data.secret)
    expect(data).toMatchObject({ state: 'UNVERIFIED', challenge: 'CONNECTION', secret: expect.any(String) })

    await writeFile(join(directory, 'receiver.ts'), here(receiver))
    const configuration = { extends: '../../tsconfig.json', include: ['receiver.ts'] }
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(configuration))
    await run(join(root, 'node_modules/.bin/tsc'), ['--noEmit', '--project', directory])
    const child = spawn(process.execPath, [join(directory, 'receiver.ts')], {
      env: environment({ SECRET: data.secret }),
    })
    receiving = child
    let printed = ''
    child.stdout.on('data', (chunk) => {
      printed += chunk
    })
    await vi.waitFor(() => expect(printed).toContain('The receiver listens.'), { timeout: 30_000 })
    // A stranger without the secret.
    expect((await fetch(here('http://127.0.0.1:4001/'), { method: 'POST', body: '{}' })).status).toBe(401)

    const token = subscribe.split('\n').find((line) => line.startsWith('TOKEN='))
    const eventsUrl = subscribe.split('\n').find((line) => line.startsWith('EVENTS_URL='))
    const { stdout: answers } = await sh(`${token}\n${eventsUrl}\nSUBSCRIPTION=${data.id}\n${change}`)
    expect(answers).toMatch(/"state":"ACTIVE".*example6\.com/s)
    await vi.waitFor(
      () =>
        expect(printed).toMatch(
          /^chg_\d+ ua\.ehealth\.mithril\.connection\.redirect_uri_changed .* -> https:\/\/example6\.com$/m,
        ),
      { timeout: 30_000 },
    )
  } finally {
    receiving?.kill('SIGKILL')
    await rm(directory, { recursive: true, force: true })
  }
})

describe('npm run token', () => {
  const usage = /--type MSP --client <uuid> --scope/
  test.each(['--help', '-h'])('%s prints the usage', { timeout: 120_000 }, async (option) => {
    const { stdout, stderr } = await run(process.execPath, ['src/commands/token.ts', option], {
      cwd: root,
      env: environment({}),
    })
    expect([stdout, stderr]).toEqual([expect.stringMatching(usage), ''])
  })
  test.each([
    ['nothing', [], '--type is required'],
    ['no client', ['--type', 'MSP'], '--client is required'],
    ['a client that is no UUID', ['--type', 'MSP', '--client', 'abc'], '--client is not a UUID'],
    [
      'a life that is no number',
      ['--type', 'MSP', '--client', demo.msp.clientId, '--expires', 'soon'],
      '--expires is a number',
    ],
    ['an option that it does not know', ['--nonsense'], '--nonsense'],
    ['a word too many', ['--type', 'MSP', 'x'], "'x'"],
  ])('%s is exit 2 with the usage', async (_name, options, mistake) => {
    const failed = await run(process.execPath, ['src/commands/token.ts', ...options], {
      cwd: root,
      env: environment({}),
      timeout: 60_000,
    }).then(
      () => expect.fail('it has succeeded'),
      (error: { code: number; stdout: string; stderr: string }) => error,
    )
    expect(failed.code).toBe(2)
    expect(failed.stdout).toBe('')
    expect(failed.stderr).toContain(mistake)
    expect(failed.stderr).toMatch(usage)
    expect(failed.stderr).not.toMatch(/\n\s+at /)
  })
})
