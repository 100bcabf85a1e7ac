import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { initialise, readPassword, SUPERUSER } from '../../src/development/embedded/cluster.ts'
import { ensureDatabase } from '../../src/development/embedded/database.ts'
import { clusterOf, dataOf, findPlace, type Place } from '../../src/development/embedded/place.ts'
import { findPostmaster } from '../../src/development/embedded/postmaster.ts'
import { runProgram } from '../../src/development/embedded/run-program.ts'
import { findFreePort } from '../support/free-port.ts'

const database = 'mithril'

/** A PostgreSQL that can be treated badly. Durable: what it has acknowledged it has written. */
export interface Cluster {
  readonly url: string
  readonly place: Place
  readonly port: number
  start(settings?: readonly string[]): Promise<void>
  /** `fast` cuts connections and writes all down; `immediate` is a crash that the server itself knows of. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>
  /** A crash that it does not know of. */
  kill(): Promise<void>
  /** The process number of the postmaster; undefined: it does not run. */
  pid(): Promise<number | undefined>
  query<Row extends object = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Row[]>
  /** A session of its own, for locks. */
  session(): Promise<Client>
}

/**
 * Makes a cluster with its database, not running, that others are copied from. Copies are good standbys of each other.
 */
export async function makeBaseCluster(directory: string, fill: (url: string) => Promise<void>): Promise<Place> {
  const place = await findPlace(directory)
  await initialise(place)
  const cluster = await clusterAt(place)
  await cluster.start()
  try {
    await ensureDatabase(urlOf(cluster, 'postgres'), database)
    await fill(cluster.url)
  } finally {
    await cluster.stop()
  }
  return place
}

/** A copy of a cluster that does not run. */
export async function copyCluster(base: Place, directory: string): Promise<Cluster> {
  await mkdir(directory, { recursive: true, mode: 0o755 })
  const copying = spawn('cp', ['-a', clusterOf(base.directory), clusterOf(directory)])
  const [code] = (await once(copying, 'close')) as [number | null] // what `close` brings
  if (code !== 0) throw new Error(`cp: exit ${code}`)
  return clusterAt({ ...base, directory })
}

/** Makes a copy that follows `primary`, which has to wait for it with each commit (see `synchronous`). */
export async function makeStandby(standby: Cluster, primary: Cluster): Promise<void> {
  const data = dataOf(standby.place.directory)
  const password = await readPassword(primary.place)
  await writeFile(join(data, 'standby.signal'), '')
  await appendFile(
    join(data, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=127.0.0.1 port=${primary.port} user=${SUPERUSER} password=${password} application_name=standby'\n`,
  )
}

/** The setting with which a commit is acknowledged only when the standby has it on its disk. */
export const synchronous = ['synchronous_standby_names=standby']

const urlOf = (cluster: Pick<Cluster, 'url'>, name: string) =>
  Object.assign(new URL(cluster.url), { pathname: `/${name}` }).href

async function clusterAt(place: Place): Promise<Cluster> {
  const port = await findFreePort()
  const data = dataOf(place.directory)
  const url = `postgresql://${SUPERUSER}:${await readPassword(place)}@127.0.0.1:${port}/${database}`
  const pgCtl = (...args: string[]) => runProgram(place.programs.pgCtl, args, clusterOf(place.directory), place.user)
  const gone = async () => {
    const deadline = Date.now() + 10_000
    while ((await findPostmaster(data)) !== undefined) {
      if (Date.now() > deadline) throw new Error('PostgreSQL does not go')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const session = async () => {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
    client.on('error', () => {})
    await client.connect()
    return client
  }
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=100',
    'shared_buffers=64MB',
    'timezone=UTC',
    // Half a crash's time is otherwise spent on reading these.
    'max_wal_size=128MB',
  ]

  return {
    url,
    place,
    port,
    async start(more = []) {
      const options = [...settings, ...more].map((setting) => `-c ${setting}`).join(' ')
      const deadline = Date.now() + 20_000
      for (;;) {
        const { code, output } = await pgCtl('start', '-w', '-t30', '-D', 'data', '-l', 'postgres.log', '-o', options)
        if (code === 0) return
        const log = await readFile(join(clusterOf(place.directory), 'postgres.log'), 'utf8')
        // The last processes of a server that was killed have not noticed yet.
        if (Date.now() > deadline || !log.slice(-2_000).includes('pre-existing shared memory block'))
          throw new Error(`PostgreSQL did not start: ${output}\n${log.slice(-2_000)}`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    },
    async stop(mode = 'fast') {
      if ((await findPostmaster(data)) === undefined) return
      await pgCtl('stop', '-w', '-t30', '-m', mode, '-D', 'data')
      await gone()
    },
    async kill() {
      const server = await findPostmaster(data)
      if (server !== undefined) process.kill(server.pid, 'SIGKILL')
      await gone()
    },
    pid: async () => (await findPostmaster(data))?.pid,
    async query<Row extends object>(sql: string, values: readonly unknown[] = []) {
      const client = await session()
      try {
        return (await client.query<Row & Record<string, unknown>>(sql, [...values])).rows
      } finally {
        await client.end()
      }
    },
    session,
  }
}
