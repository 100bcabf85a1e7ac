import { type ChildProcess, spawn } from 'node:child_process'
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

/** Prepares one. It does not run yet. */
export async function prepareTestNats(): Promise<TestNats> {
  const program = findProgram('nats-server')
  if (program === undefined) throw new Error('nats-server is not installed (Debian: apt-get install nats-server)')
  const directory = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-nats-'))
  const port = await findFreePort()
  const password = `nats-password-${port}`
  const store = join(directory, 'store')
  const configuration = join(directory, 'nats.conf')
  await writeFile(
    configuration,
    `listen: "127.0.0.1:${port}"
     jetstream { store_dir: "${store}" }
     authorization { users: [
       { user: "gateway", password: "${password}", permissions: {
         publish: ["mithril.events.*.*", "mithril.outcomes.*", "$JS.API.>", "$JS.ACK.mithril_events.>"]
         subscribe: ["mithril.outcomes.*", "_INBOX.>"]
       } }
       { user: "operator", password: "${password}" }
     ] }`,
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
