import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { findFreePort } from './free-port.ts'

/** A real Redis on the loopback interface, with a password and nothing on disk. */
export interface TestRedis {
  readonly url: string
  readonly password: string
  /** For looking into it. */
  readonly client: Redis
  /** Gone without a word. */
  kill(): Promise<void>
  /** There again on the same port, and empty. */
  start(): Promise<void>
  /** Holds its connections and answers nothing. */
  freeze(): void
  thaw(): void
  close(): Promise<void>
}

/**
 * The `redis-server` of the machine: no npm package brings one. `.ci/run` installs Debian's; where it must be, its
 * absence fails.
 */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0 || process.env['CI'] === 'true'

/** @param settings directives as `redis-server` takes them: `['--rename-command', 'INFO', '']` */
export async function startTestRedis(settings: readonly string[] = []): Promise<TestRedis> {
  const port = await findFreePort()
  const password = `redis-password-${port}`
  const url = `redis://:${password}@127.0.0.1:${port}`
  const client = new Redis(url, {
    lazyConnect: true,
    enableReadyCheck: false,
    maxRetriesPerRequest: null,
    retryStrategy: () => 50,
  })
  client.on('error', () => {})
  let child: ChildProcess | undefined

  async function start() {
    child = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--requirepass', password, '--save', '', ...settings],
      {
        stdio: 'ignore',
      },
    )
    await client.ping()
  }
  async function kill() {
    if (child === undefined) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    child = undefined
  }

  await start()
  return {
    url,
    password,
    client,
    kill,
    start,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async close() {
      client.disconnect()
      await kill()
    },
  }
}
