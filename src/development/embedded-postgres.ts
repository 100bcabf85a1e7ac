import { initialise, readPassword, SUPERUSER } from './embedded/cluster.ts'
import { ensureDatabase } from './embedded/database.ts'
import { clusterOf, dataOf, findPlace, type Place } from './embedded/place.ts'
import { findPostmaster, type Postmaster } from './embedded/postmaster.ts'
import { startServer } from './embedded/server.ts'
import { type ServerUse, useServer } from './embedded/use.ts'

/** The database inside the embedded cluster. */
const DATABASE = 'mithril'
const LONGEST_WAIT_MS = 30_000
const POLL_MS = 25

export interface EmbeddedPostgresOptions {
  /** The folder of the data. The function makes it if it is missing. */
  readonly dataDir: string
  /** False switches fsync off: a power cut may then destroy the data. */
  readonly durable: boolean
  readonly maxConnections?: number
  readonly log?: (message: string) => void
}

export interface EmbeddedPostgres {
  /** `postgresql://…` of the database `mithril`. It holds the password, so no log may hold it. */
  readonly url: string
  readonly port: number
  /** Whether the server was running before. The last gateway that uses it stops it. */
  readonly reused: boolean
  /** The folder of the data. It is not below `dataDir` if PostgreSQL's user cannot enter that folder. */
  readonly location: string
  /** Ends the use of the server, and stops it unless another gateway uses it. */
  stop(): Promise<void>
}

/**
 * Starts the PostgreSQL of the npm package on `dataDir` and makes its database. PostgreSQL listens on a free port of
 * 127.0.0.1 only.
 *
 * The server runs in a process session of its own, so that Ctrl-C in the terminal does not stop it before the gateway.
 * If a server runs on `dataDir` already, the gateway uses that one. The last gateway that uses it stops
 * it.
 *
 * @throws Error with the end of PostgreSQL's own log if it does not start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const place = await findPlace(options.dataDir)
  await initialise(place)
  const password = await readPassword(place)
  const { port, reused, use } = await findAndUse(place, options, (found) => urlOf(found, 'postgres'))
  function urlOf(itsPort: number, database: string) {
    return `postgresql://${SUPERUSER}:${password}@127.0.0.1:${itsPort}/${database}`
  }
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= use.end()
    return stopped
  }
  options.log?.(`PostgreSQL ${reused ? 'was already running' : 'started'} on port ${port}, data in ${place.directory}`)
  return { url: urlOf(port, DATABASE), port, reused, location: place.directory, stop }
}

/**
 * Begins to use the server, and makes the gateway's database. It tries again if another gateway is just stopping the
 * server. PostgreSQL may then still give the lock to this process, and refuse everything after it.
 */
async function findAndUse(
  place: Place,
  options: EmbeddedPostgresOptions,
  urlOf: (port: number) => string,
): Promise<{ port: number; reused: boolean; use: ServerUse }> {
  const deadline = Date.now() + LONGEST_WAIT_MS
  for (;;) {
    const { port, reused } = await findOrStart(place, options)
    try {
      const use = await useServer(place, urlOf(port))
      await ensureDatabase(urlOf(port), DATABASE).catch(async (error: unknown) => {
        await use.end()
        throw error
      })
      return { port, reused, use }
    } catch (error) {
      if (!reused || Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }
}

async function findOrStart(place: Place, options: EmbeddedPostgresOptions): Promise<{ port: number; reused: boolean }> {
  const deadline = Date.now() + LONGEST_WAIT_MS
  const found = () => waitForPostmaster(place, deadline)
  const running = await found()
  if (running !== undefined) return { port: running.port, reused: true }
  try {
    return { port: await startServer(place, options), reused: false }
  } catch (error) {
    // If two gateways start on one directory, PostgreSQL allows only one server. Both gateways use it.
    const other = await found()
    if (other === undefined) throw error
    return { port: other.port, reused: true }
  }
}

/** Waits until the server has started or stopped. Returns the running server, or `undefined` after a stop. */
async function waitForPostmaster(place: Place, deadline: number): Promise<Postmaster | undefined> {
  for (;;) {
    const found = await findPostmaster(dataOf(place.directory))
    if (found === undefined || found.status === 'ready') return found
    if (Date.now() > deadline)
      throw new Error(
        `PostgreSQL (process ${found.pid}) in ${clusterOf(place.directory)} has been ${found.status} for too long.`,
      )
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
