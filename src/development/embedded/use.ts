import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import type { Place } from './place.ts'
import { stopServer } from './server.ts'

/** The advisory lock of the database `postgres` that every gateway holds, shared with the others, while it uses it. */
const LOCK = '7165839201'
const CONNECT_MS = 10_000

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS })
  // The server may end before the session: by another gateway, or by a crash.
  client.on('error', () => {})
  await client.connect()
  return client
}

/** One gateway's use of a server: as long as it lasts, no other gateway stops the server. */
export interface ServerUse {
  /** Ends the use, and stops the server if no other gateway uses it. */
  end(): Promise<void>
}

/**
 * Begins to use the server at `url`. PostgreSQL keeps count of its users: each holds a session with a shared lock,
 * which ends with the process, however that ends.
 *
 * A small process watches this one, because nothing of ours runs after SIGKILL. It waits for the end of a pipe, gives
 * the next gateway a moment to start, and then stops the server if nobody uses it.
 * @throws Error of pg if the server is just being stopped
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
 * Stops the server at `url` unless somebody uses it. The lock is kept until the server has ended, so that a gateway
 * that starts meanwhile waits, and then starts the server anew. A server that is gone is no failure.
 */
export async function stopUnusedServer(place: Place, url: string): Promise<void> {
  const session = await connect(url).catch(() => undefined)
  if (session === undefined) return
  try {
    const { rows } = await session.query<{ unused: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS unused`)
    if (rows[0]?.unused) await stopServer(place)
  } finally {
    await session.end().catch(() => {})
  }
}

/** In a session of its own, where no Ctrl-C reaches it. A shell waits first: it takes a megabyte, and Node forty. */
function watch(place: Place, url: string) {
  const script = fileURLToPath(new URL('./watch.ts', import.meta.url))
  const node = [process.execPath, script, JSON.stringify(place)]
  const [file, ...args] =
    process.platform === 'win32'
      ? node
      : ['/bin/sh', '-c', 'read -r url; read -r _; sleep 3; echo "$url" | "$@"', 'sh', ...node]
  const watcher = spawn(file ?? '', args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'], windowsHide: true })
  watcher.on('error', () => {})
  watcher.stdin?.on('error', () => {})
  // The URL holds the password, so it is no argument, which everybody on this machine could read.
  watcher.stdin?.write(`${url}\n`)
  watcher.unref()
  if (watcher.stdin && 'unref' in watcher.stdin && typeof watcher.stdin.unref === 'function') watcher.stdin.unref()
  return watcher
}
