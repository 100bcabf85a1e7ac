import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { appendFile, chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findServiceUser, type OperatingUser } from '../../src/development/embedded/operating-user.ts'
import { runProgram } from '../../src/development/embedded/run-program.ts'
import { findFreePort } from './free-port.ts'
import { connectCluster, type MithrilCluster, rolePassword } from './mithril-cluster.ts'

// Debian's PostgreSQL, for programs and extensions that belong to it: the embedded one is newer than Debian's pg_dump.

const bin = '/usr/lib/postgresql/15/bin'

/** Where it is not installed its tests are skipped, except in CI, which has to install it. */
export const debianPostgresIsMissing = process.env['CI'] === undefined && !existsSync(join(bin, 'initdb'))

export interface DebianPostgres extends MithrilCluster {
  readonly directory: string
}

/** Starts a new cluster with an empty database `mithril`, ready to be replicated, with these settings of the server. */
export async function startDebianPostgres(more: readonly string[] = []): Promise<DebianPostgres> {
  return startFrom(async (directory, user) => {
    await writeFile(join(directory, 'password'), rolePassword)
    await chmod(join(directory, 'password'), 0o644)
    await runAs(user, directory, 'initdb', [
      ...['--pgdata=data', '--username=postgres', '--pwfile=password', '--auth=scram-sha-256', '--no-sync'],
      ...['--encoding=UTF8', '--locale=C.UTF-8'],
    ])
    return true
  }, more)
}

/** Starts a standby that follows `primary` and answers reading statements. */
export function startDebianStandby(primary: DebianPostgres): Promise<DebianPostgres> {
  return startFrom(async (directory, user) => {
    const source = `postgresql://postgres:${rolePassword}@127.0.0.1:${primary.port}/postgres`
    await runAs(user, directory, 'pg_basebackup', [
      ...['--pgdata=data', '--dbname', source, '--write-recovery-conf', '--checkpoint=fast', '--no-sync'],
    ])
    return false
  })
}

async function startFrom(
  make: (directory: string, user: OperatingUser | undefined) => Promise<boolean>,
  more: readonly string[] = [],
): Promise<DebianPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-debian-'))
  const user = process.getuid?.() === 0 ? await findServiceUser() : undefined
  await chmod(directory, 0o755)
  if (user !== undefined) await chown(directory, user.uid, user.gid)
  const isNew = await make(directory, user)
  const port = await findFreePort()
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'wal_level=logical',
    'fsync=off',
    'shared_buffers=64MB',
    'timezone=UTC',
    ...more,
  ]
  await appendFile(
    join(directory, 'data/postgresql.auto.conf'),
    settings.map((line) => `${line.replace(/=(.*)/, " = '$1'")}\n`).join(''),
  )
  await runAs(user, directory, 'pg_ctl', ['start', '-w', '-D', 'data', '-l', 'postgres.log'])
  const stop = async () => {
    await runAs(user, directory, 'pg_ctl', ['stop', '-w', '-m', 'fast', '-D', 'data'])
    await rm(directory, { recursive: true, force: true })
  }
  try {
    const adminUrl = `postgresql://postgres:${rolePassword}@127.0.0.1:${port}`
    if (isNew) {
      const first = await connectCluster({ port, adminUrl: `${adminUrl}/postgres`, stop: async () => {} })
      await first.query('CREATE DATABASE mithril')
      await first.stop()
    }
    return { ...(await connectCluster({ port, adminUrl: `${adminUrl}/mithril`, stop })), directory }
  } catch (error) {
    await stop()
    throw error
  }
}

async function runAs(user: OperatingUser | undefined, directory: string, program: string, args: string[]) {
  const { code, output } = await runProgram(join(bin, program), args, directory, user)
  if (code !== 0) throw new Error(`${program}: exit ${code}\n${output}`)
}

/** Starts Debian's pgpool-II in front of a primary and its standby, which it sends reading statements to. */
export async function startPgpool(
  primary: DebianPostgres,
  standby: DebianPostgres,
  settings: readonly string[],
): Promise<{ port: number; stop(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-pgpool-'))
  const [port, pcpPort] = [await findFreePort(), await findFreePort()]
  const lines = [
    `listen_addresses = '127.0.0.1'`,
    `port = ${port}`,
    `unix_socket_directories = '${directory}'`,
    `pcp_port = ${pcpPort}`,
    `pcp_socket_dir = '${directory}'`,
    `pid_file_name = '${directory}/pgpool.pid'`,
    `logdir = '${directory}'`,
    `work_dir = '${directory}'`,
    `backend_clustering_mode = 'streaming_replication'`,
    // The standby has all the weight: each statement that may go there does.
    ...[primary, standby].flatMap((cluster, number) => [
      `backend_hostname${number} = '127.0.0.1'`,
      `backend_port${number} = ${cluster.port}`,
      `backend_weight${number} = ${number}`,
      `backend_flag${number} = 'DISALLOW_TO_FAILOVER'`,
    ]),
    `sr_check_period = 1`,
    `sr_check_user = 'postgres'`,
    `sr_check_password = '${rolePassword}'`,
    `sr_check_database = 'postgres'`,
    `load_balance_mode = on`,
    // A write in the same session must not hide what another session reads.
    `disable_load_balance_on_write = 'off'`,
    `enable_pool_hba = on`,
    `pool_passwd = 'pool_passwd'`,
    `num_init_children = 16`,
    ...settings,
  ]
  await writeFile(join(directory, 'pgpool.conf'), `${lines.join('\n')}\n`)
  await writeFile(join(directory, 'pool_hba.conf'), 'host all all 127.0.0.1/32 password\n')
  await writeFile(
    join(directory, 'pool_passwd'),
    ['postgres', 'gateway'].map((role) => `${role}:TEXT${rolePassword}\n`).join(''),
  )
  await writeFile(join(directory, 'pcp.conf'), '')
  const of = (name: string) => join(directory, name)
  const child = spawn(
    '/usr/sbin/pgpool',
    ['-n', '-f', of('pgpool.conf'), '-a', of('pool_hba.conf'), '-F', of('pcp.conf')],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
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
  const deadline = performance.now() + 120_000
  for (;;)
    try {
      const adminUrl = `postgresql://postgres:${rolePassword}@127.0.0.1:${port}/mithril`
      await (await connectCluster({ port, adminUrl, stop: async () => {} })).stop()
      return { port, stop }
    } catch (error) {
      if (performance.now() > deadline || child.exitCode !== null) {
        await stop()
        throw new Error(`pgpool-II did not start: ${output}`, { cause: error })
      }
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
}
