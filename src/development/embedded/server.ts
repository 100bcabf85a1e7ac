import { readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { clusterOf, dataOf, type Place } from './place.ts'
import { findPostmaster } from './postmaster.ts'
import { runProgram } from './run-program.ts'

const LOG = 'postgres.log'
const LONGEST_SECONDS = 30
/**
 * Failures that a new attempt may not have. Another program took the port before PostgreSQL did, or processes of a
 * killed server still run.
 */
const PASSING = /could not bind|could not create any TCP\/IP sockets|pre-existing shared memory block/
const LONGEST_RETRY_MS = 10_000
const RETRY_AFTER_MS = 100
const LOOK_EVERY_MS = 10

export interface ServerOptions {
  readonly durable: boolean
  readonly maxConnections?: number
}

/** Starts the server and returns its port when it accepts connections. */
export async function startServer(place: Place, options: ServerOptions): Promise<number> {
  const deadline = Date.now() + LONGEST_RETRY_MS
  for (;;) {
    const port = await findFreePort()
    const failure = await tryToStart(place, port, options)
    if (failure === undefined) return port
    if (!PASSING.test(failure) || Date.now() > deadline)
      throw new Error(`The embedded PostgreSQL in ${clusterOf(place.directory)} did not start.\n${failure}`)
    await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS))
  }
}

/**
 * Stops the server. PostgreSQL closes its connections and writes committed data to the disk. A server that has stopped
 * already is no failure.
 */
export async function stopServer(place: Place): Promise<void> {
  const stop = ['stop', '-w', `-t${LONGEST_SECONDS}`, '-m', 'fast', '-D', 'data']
  const { code, output } = await runProgram(place.programs.pgCtl, stop, clusterOf(place.directory), place.user)
  if (code === 0 || (await findPostmaster(dataOf(place.directory))) === undefined) return
  throw new Error(`The embedded PostgreSQL in ${place.directory} did not stop.\n${tail(output)}`)
}

/** The end of the server's output if it did not start. undefined: it has started. */
async function tryToStart(place: Place, port: number, options: ServerOptions): Promise<string | undefined> {
  const cluster = clusterOf(place.directory)
  const { size } = await stat(join(cluster, LOG))
  const settings = settingsFor(port, options).map((setting) => `-c ${setting}`)
  const start = ['start', '-w', `-t${LONGEST_SECONDS}`, '-D', 'data', '-l', LOG, '-o', settings.join(' ')]
  const ended = new AbortController()
  const pgCtl = runProgram(place.programs.pgCtl, start, cluster, place.user).finally(() => ended.abort())
  const outcome = await Promise.race([pgCtl, untilReady(dataOf(place.directory), port, ended.signal)])
  if (outcome === undefined || outcome.code === 0) return undefined
  const log = (await readFile(join(cluster, LOG))).subarray(size).toString('utf8')
  return tail(`${outcome.output}\n${log}`)
}

/** Waits until the server on `port` is ready: pg_ctl looks only ten times a second. After `ended` it waits for ever. */
async function untilReady(data: string, port: number, ended: AbortSignal): Promise<undefined> {
  while (!ended.aborted) {
    const found = await findPostmaster(data)
    if (found?.port === port && found.status === 'ready') return undefined
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
  return new Promise(() => {})
}

function settingsFor(port: number, { durable, maxConnections = 100 }: ServerOptions): string[] {
  return [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    // The server makes no socket file: in a deep folder its path would exceed the limit of 107 bytes.
    'unix_socket_directories=',
    `max_connections=${maxConnections}`,
    'shared_buffers=64MB',
    'timezone=UTC',
    'log_timezone=UTC',
    'log_checkpoints=off',
    ...(durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_wal_size=128MB']),
  ]
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no free port')),
      )
    })
  })
}

function tail(text: string): string {
  return text.trim().split('\n').slice(-20).join('\n')
}
