import { spawn } from 'node:child_process'
import { Client } from 'pg'
import { inRootFolder } from '../../config/root-folder.ts'
import type { Place } from './place.ts'
import { stopServer } from './server.ts'

/** The advisory lock in the database `postgres`. Every gateway that uses the server holds it as a shared lock. */
const LOCK = '7165839201'
const CONNECT_MS = 10_000

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS })
  // The server may end before the session, because of a crash or of another gateway.
  client.on('error', () => {})
  await client.connect()
  return client
}

/** One gateway's use of a server. No other gateway stops the server during it. */
export interface ServerUse {
  /** Ends the use, and stops the server if no other gateway uses it. */
  end(): Promise<void>
}

/**
 * Begins to use the server at `url`. Each gateway holds a session with a shared lock. PostgreSQL releases it when the
 * process ends, also after SIGKILL.
 *
 * A small process watches this one, because a killed process cannot stop the server. It waits for the end of a pipe and
 * then for three seconds, in which the next gateway may start. It then stops the server unless a gateway uses it.
 * @throws Error of pg if another process is just stopping the server
 */
export async function useServer(place: Place, url: string): Promise<ServerUse> {
  const session = await connect(url)
  try {
    await session.query(`SELECT pg_advisory_lock_shared(${LOCK})`)
  } catch (error) {
    await session.end()
    throw error
  }
  const watcher = watch(place, url)
  return {
    async end() {
      await session.end()
      await stopUnusedServer(place, url)
      watcher.kill('SIGKILL')
    },
  }
}

/**
 * Stops the server at `url` unless a gateway uses it. It holds the lock until the server has ended. So a gateway that
 * starts meanwhile waits, and then starts the server again. A server that has stopped, or is stopping, is no failure.
 */
export async function stopUnusedServer(place: Place, url: string): Promise<void> {
  const session = await connect(url).catch(() => undefined)
  if (session === undefined) return
  try {
    const answer = await session
      .query<{ unused: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS unused`)
      .catch(() => undefined)
    if (answer?.rows[0]?.unused) await stopServer(place)
  } finally {
    await session.end().catch(() => {})
  }
}

/**
 * Starts the watcher in a process session of its own, so that it gets no Ctrl-C. A shell waits, since Node needs 40 MB.
 */
function watch(place: Place, url: string) {
  const script = inRootFolder('src/development/embedded/watch.ts')
  const node = [process.execPath, script, JSON.stringify(place)]
  const [file, ...args] =
    process.platform === 'win32'
      ? node
      : ['/bin/sh', '-c', 'read -r url; read -r _; sleep 3; echo "$url" | "$@"', 'sh', ...node]
  const watcher = spawn(file ?? '', args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'], windowsHide: true })
  watcher.on('error', () => {})
  watcher.stdin?.on('error', () => {})
  // The URL holds the password. Every user of this machine could read it in an argument, so a pipe carries it.
  watcher.stdin?.write(`${url}\n`)
  watcher.unref()
  if (watcher.stdin && 'unref' in watcher.stdin && typeof watcher.stdin.unref === 'function') watcher.stdin.unref()
  return watcher
}
