import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/development/embedded-postgres.ts'
import { interruptServer, makeClusterDirectory } from './cluster-directories.ts'

/** Starts embedded servers and forgets none of them, nor their directories. */
export interface EmbeddedServers {
  makeDataDir(): Promise<string>
  /** Any directory in which a cluster may be left over. */
  willRemove(directory: string): void
  start(dataDir: string): Promise<EmbeddedPostgres>
  stopAll(): Promise<void>
  removeAll(): Promise<void>
}

export function createEmbeddedServers(): EmbeddedServers {
  let started: EmbeddedPostgres[] = []
  let directories: string[] = []
  const stopAll = async () => {
    for (const server of started) await server.stop()
    for (const directory of directories) await interruptServer(directory)
    started = []
  }
  return {
    stopAll,
    willRemove: (directory) => directories.push(directory),
    makeDataDir: async () => {
      const directory = await makeClusterDirectory()
      directories.push(directory)
      return directory
    },
    start: async (dataDir) => {
      const server = await startEmbeddedPostgres({ dataDir, durable: false })
      started.push(server)
      return server
    },
    removeAll: async () => {
      await stopAll()
      for (const directory of directories) await rm(directory, { recursive: true, force: true })
      directories = []
    },
  }
}

/** A gateway in a process of its own, as far as its database goes. */
export interface OtherGateway {
  readonly child: ChildProcess
  readonly server: Omit<EmbeddedPostgres, 'stop'>
  /** Has it stop its server as it would on SIGTERM; returns its exit code. */
  stop(): Promise<number | null>
}

/** Starts one on `dataDir`, from the checkout `checkout`, as another user if that is wanted. */
export async function startOtherGateway(
  dataDir: string,
  checkout: string,
  user: { uid?: number; gid?: number } = {},
): Promise<OtherGateway> {
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(join(checkout, 'src/development/embedded-postgres.ts'))})
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, durable: false })
    console.log(JSON.stringify(server))
    process.stdin.on('end', () => server.stop()).resume()`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...user,
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const server = await new Promise<OtherGateway['server']>((resolve, reject) => {
    let errors = ''
    child.stderr.on('data', (text: Buffer) => {
      errors += text.toString('utf8')
    })
    child.stdout.once('data', (line: Buffer) => resolve(JSON.parse(line.toString('utf8'))))
    void ended.then((code) => reject(new Error(`exit ${code}: ${errors}`)))
  })
  return {
    child,
    server,
    stop: () => {
      child.stdin.end()
      return ended
    },
  }
}

/** The process number that a cluster's server wrote down. */
export async function postmasterOf(directory: string): Promise<number> {
  return Number((await readFile(pidFileOf(directory), 'utf8')).split('\n')[0])
}

export function pidFileOf(directory: string): string {
  return join(directory, 'cluster/data/postmaster.pid')
}

export async function queryOnce(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}
