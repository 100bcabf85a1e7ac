import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { findServiceUser } from '../../src/development/embedded/operating-user.ts'
import { findFreePort } from './free-port.ts'
import { type MithrilCluster, rolePassword } from './mithril-cluster.ts'

const program = [
  '/usr/sbin/pgbouncer',
  '/usr/local/sbin/pgbouncer',
  '/usr/bin/pgbouncer',
  '/opt/homebrew/bin/pgbouncer',
].find(existsSync)

/** Where PgBouncer is not installed its tests are skipped, except in CI, which has to install it. */
export const pgbouncerIsMissing = program === undefined && process.env['CI'] === undefined

export interface Pgbouncer {
  readonly port: number
  stop(): Promise<void>
}

/** Starts it with ops/postgres/pgbouncer.ini in front of a cluster; `settings` replace lines of that file. */
export async function startPgbouncer(
  cluster: MithrilCluster,
  settings: Readonly<Record<string, string>> = {},
): Promise<Pgbouncer> {
  if (program === undefined) throw new Error('PgBouncer is not installed (Debian: apt-get install pgbouncer)')
  const directory = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-pgbouncer-'))
  await chmod(directory, 0o755)
  const port = await findFreePort()
  const users = join(directory, 'userlist.txt')
  await writeFile(users, ['gateway', 'gateway_migrator'].map((role) => `"${role}" "${rolePassword}"\n`).join(''))
  const configuration = join(directory, 'pgbouncer.ini')
  await writeFile(
    configuration,
    withSettings(await readFile(new URL('../../ops/postgres/pgbouncer.ini', import.meta.url), 'utf8'), {
      mithril: `host=127.0.0.1 port=${cluster.port} dbname=mithril`,
      listen_addr: '127.0.0.1',
      listen_port: String(port),
      auth_file: users,
      // The cluster of the tests has no certificate.
      server_tls_sslmode: 'disable',
      server_tls_ca_file: '',
      ...settings,
    }),
  )
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? await findServiceUser() : {}
  const child = spawn(program, [configuration], {
    ...user,
    cwd: directory,
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const closed = once(child, 'close')
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT')
    const timeout = setTimeout(() => child.kill('SIGKILL'), 5_000)
    await closed
    clearTimeout(timeout)
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await untilItAnswers(cluster.urlOf('gateway', port), () => child.exitCode !== null)
  } catch (error) {
    await stop()
    throw new Error(`PgBouncer did not start: ${output}`, { cause: error })
  }
  return { port, stop }
}

/** Replaces the values of these keys. A key that the file does not have is a mistake of the caller. */
function withSettings(file: string, settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings).reduce((text, [key, value]) => {
    const line = new RegExp(`^${key} = .*$`, 'm')
    if (!line.test(text)) throw new Error(`ops/postgres/pgbouncer.ini has no ${key}`)
    return text.replace(line, `${key} = ${value}`)
  }, file)
}

async function untilItAnswers(url: string, hasEnded: () => boolean): Promise<void> {
  const deadline = performance.now() + 120_000
  for (;;) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
    client.on('error', () => {})
    try {
      await client.connect()
      return await client.end()
    } catch (error) {
      if (performance.now() > deadline || hasEnded()) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
