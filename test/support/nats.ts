import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findFreePort } from './free-port.ts'
import { findProgram, isMissing } from './programs.ts'

/** Where `nats-server` is not installed its tests are skipped, except in CI, which has to install it. */
export const natsIsMissing = isMissing('nats-server')

/**
 * A real nats-server on the loopback interface, with JetStream in files. The user `gateway` has the rights that
 * ops/README.md names, and `operator` has all, with the same password.
 */
export interface TestNats {
  /** It has the password. */
  readonly url: string
  readonly port: number
  /** By which a cluster names its leader. */
  readonly name: string
  readonly password: string
  /** Starts it on the same port, with what it has stored. */
  start(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  /** Forgets what is stored. Only while it does not run. */
  forget(): Promise<void>
  /** Holds its connections and answers nothing. */
  freeze(): void
  thaw(): void
  close(): Promise<void>
}

const usersWith = (password: string) => `authorization { users: [
  { user: "gateway", password: "${password}", permissions: {
    publish: ["mithril.events.*.*", "mithril.outcomes.*", "$JS.API.>", "$JS.ACK.mithril_events.>"]
    subscribe: ["mithril.outcomes.*", "_INBOX.>"]
  } }
  { user: "operator", password: "${password}" }
] }`

async function untilItListens(port: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch (error) {
      if (attempt === 200) throw error
      await delay(50)
    } finally {
      socket.destroy()
    }
  }
}

/** What a test wants different. */
export interface TestNatsOptions {
  readonly password?: string
  /** The block `authorization` of the configuration. */
  readonly authorization?: string
  /** More lines of the configuration, such as `tls` or `cluster`. */
  readonly more?: string
  /** `sync_interval: always`, which NATS knows from 2.10 on. An older one is left as it is. */
  readonly isSynced?: boolean
}

/** Whether the nats-server of this machine has at least this version. */
function isAtLeast(program: string, major: number, minor: number): boolean {
  const [, found = '0', next = '0'] =
    /v(\d+)\.(\d+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' })) ?? []
  return Number(found) > major || (Number(found) === major && Number(next) >= minor)
}

/** Prepares one. It does not run yet. */
export async function prepareTestNats(options: TestNatsOptions = {}): Promise<TestNats> {
  const program = findProgram('nats-server')
  if (program === undefined) throw new Error('nats-server is not installed (Debian: apt-get install nats-server)')
  const directory = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-nats-'))
  const port = await findFreePort()
  const name = `server-${port}`
  const password = options.password ?? `nats-password-${port}`
  const store = join(directory, 'store')
  const configuration = join(directory, 'nats.conf')
  const isSynced = options.isSynced === true && isAtLeast(program, 2, 10)
  await writeFile(
    configuration,
    `listen: "127.0.0.1:${port}"
     server_name: "${name}"
     jetstream { store_dir: "${store}"${isSynced ? ', sync_interval: always' : ''} }
     ${options.authorization ?? usersWith(password)}
     ${options.more ?? ''}`,
  )
  let child: ChildProcess | undefined

  async function kill(): Promise<void> {
    if (child === undefined) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    child = undefined
  }

  return {
    url: `nats://gateway:${password}@127.0.0.1:${port}`,
    port,
    name,
    password,
    async start() {
      child = spawn(program, ['--config', configuration], { stdio: 'ignore' })
      await untilItListens(port)
    },
    kill,
    forget: () => rm(store, { recursive: true, force: true }),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async close() {
      await kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Three of them that make one cluster. They do not run yet. */
export async function prepareTestNatsCluster(
  options: Omit<TestNatsOptions, 'more'> = {},
): Promise<readonly TestNats[]> {
  const ports = [await findFreePort(), await findFreePort(), await findFreePort()]
  const routes = ports.map((port) => `"nats://127.0.0.1:${port}"`).join(', ')
  return Promise.all(
    ports.map((port) =>
      prepareTestNats({
        password: `nats-password-${ports[0]}`,
        ...options,
        more: `cluster { name: "test", listen: "127.0.0.1:${port}", routes: [${routes}] }`,
      }),
    ),
  )
}
