import { execFile } from 'node:child_process'
import { cp, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { OperatingUser } from '../../../src/development/embedded/operating-user.ts'
import { migrate } from '../../../src/persistence/migrations/migrate.ts'
import { MIGRATIONS, migrationNames } from '../../../src/persistence/migrations/migration-files.ts'
import { type Fault, NotPossible } from '../fault.ts'
import { makeStandby, synchronous } from '../postgres-cluster.ts'
import { connections, fillRegistry } from '../registry.ts'
import type { Stage } from '../stage.ts'

const run = promisify(execFile)

const ours = `application_name = 'mithril-connection-gateway'`

/** @returns how many there were */
async function killBackends({ cluster }: Stage): Promise<number> {
  return (await cluster.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${ours}`)).length
}

async function rollbacksOf({ cluster }: Stage): Promise<number> {
  const [row] = await cluster.query<{ count: number }>(
    'SELECT xact_rollback::int AS count FROM pg_stat_database WHERE datname = current_database()',
  )
  return row?.count ?? 0
}

/** What happens to the database. */
export const databaseFaults: readonly Fault[] = [
  {
    name: 'database restarted',
    async strike({ cluster }) {
      await cluster.stop('fast')
      await delay(1_000)
      await cluster.start()
    },
  },
  {
    name: 'database crashed (kill -9, then immediate)',
    async strike({ cluster }) {
      await cluster.kill()
      await cluster.start()
      await delay(500)
      await cluster.stop('immediate')
      await cluster.start()
    },
  },
  {
    name: 'database failed over to a synchronous standby',
    backWithinMs: 30_000,
    async strike(stage) {
      const primary = stage.cluster
      const standby = await stage.copy('standby')
      await makeStandby(standby, primary)
      await standby.start()
      await primary.query(`ALTER SYSTEM SET ${synchronous.join()}`)
      await primary.query('SELECT pg_reload_conf()')
      await until(async () => {
        const [row] = await primary.query<{ sync_state: string }>('SELECT sync_state FROM pg_stat_replication')
        return row?.sync_state === 'sync'
      })
      await delay(1_500)
      const crashed = performance.now()
      await primary.kill()
      await standby.query('SELECT pg_promote(true, 20)')
      stage.cluster = standby
      return crashed
    },
  },
  {
    name: 'all backends killed every second',
    async strike(stage) {
      const killed: number[] = []
      for (let second = 0; second < 5; second++) {
        killed.push(await killBackends(stage))
        await delay(1_000)
      }
      stage.expect(
        killed.every((count) => count > 0),
        `there was nobody to kill: ${killed.join()}`,
      )
    },
  },
  {
    name: 'pool exhausted by a lock',
    async strike({ cluster }) {
      const holder = await cluster.session()
      await holder.query('BEGIN')
      await holder.query('LOCK TABLE connections IN ACCESS EXCLUSIVE MODE')
      await delay(6_000)
      await holder.query('ROLLBACK')
      await holder.end()
    },
  },
  {
    name: 'three frozen backends',
    async strike(stage) {
      const rows = await stage.cluster.query<{ pid: number }>(`SELECT pid FROM pg_stat_activity WHERE ${ours} LIMIT 3`)
      stage.expect(rows.length === 3, `there were only ${rows.length} to freeze`)
      for (const { pid } of rows) process.kill(pid, 'SIGSTOP')
      try {
        await delay(8_000)
      } finally {
        for (const { pid } of rows) process.kill(pid, 'SIGCONT')
      }
    },
  },
  {
    name: 'disk full where the audit is written',
    async strike(stage) {
      const { cluster } = stage
      const place = await mountSmallDisk(cluster.place.user)
      try {
        await cluster.query(`CREATE TABLESPACE small LOCATION '${place}'`)
        await cluster.query('ALTER TABLE connection_changes SET TABLESPACE small')
        const ballast = await fill(place)
        const before = stage.ledger.length
        await delay(4_000)
        const refused = stage.ledger
          .slice(before)
          .filter(({ kind, outcome }) => kind === 'write' && outcome === 503).length
        stage.expect(refused > 0, 'the disk was not full enough for anybody to notice')
        await rm(ballast)
        await cluster.query('ALTER TABLE connection_changes SET TABLESPACE pg_default')
      } finally {
        await cluster.query('DROP TABLESPACE IF EXISTS small').catch(() => {})
        await run('umount', ['-l', place])
        await rm(place, { recursive: true, force: true })
      }
    },
  },
  {
    name: 'serialization conflicts',
    targets: connections.slice(0, 2),
    async strike(stage) {
      const { cluster } = stage
      await cluster.query(`ALTER DATABASE mithril SET default_transaction_isolation = 'serializable'`)
      await killBackends(stage)
      const before = stage.ledger.length
      const rollbacks = await rollbacksOf(stage)
      await delay(5_000)
      const served = stage.ledger
        .slice(before)
        .filter(({ kind, outcome }) => kind === 'write' && outcome === 200).length
      stage.expect(served >= 10, `only ${served} writes were served meanwhile`)
      stage.expect((await rollbacksOf(stage)) > rollbacks, 'there was no conflict')
      await cluster.query('ALTER DATABASE mithril RESET default_transaction_isolation')
      await killBackends(stage)
    },
  },
  // The second last changes tables, the last one only rights.
  migrationsBehind('one migration', 1),
  migrationsBehind('two migrations', 2),
]

/** The gateway is there before the migrations that it needs. */
function migrationsBehind(howMany: string, count: number): Fault {
  return {
    name: `a database ${howMany} behind`,
    async prepare({ cluster }) {
      const behind = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-behind-'))
      try {
        const missing = (await migrationNames(MIGRATIONS)).slice(-count)
        await cp(MIGRATIONS, behind, { recursive: true, filter: (source) => !missing.includes(basename(source)) })
        await cluster.query('DROP SCHEMA public CASCADE')
        await cluster.query('CREATE SCHEMA public')
        await fillRegistry(cluster.url, { directory: behind })
      } finally {
        await rm(behind, { recursive: true, force: true })
      }
    },
    async strike(stage) {
      const ready = await fetch(`${stage.gateway.origin}/health/ready`)
      const { checks } = (await ready.json()) as { checks?: { migrations?: string } } // its shape is checked here
      stage.expect(
        ready.status === 503 && checks?.migrations === 'unavailable',
        'readiness does not name the migration',
      )
      await delay(2_000)
      await migrate(stage.cluster.url)
    },
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 15_000
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('it has not come about in 15 s')
    await delay(50)
  }
}

/** A disk that is soon full. */
async function mountSmallDisk(user: OperatingUser | undefined): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-disk-'))
  const owner = user === undefined ? '' : `,uid=${user.uid},gid=${user.gid}`
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=4m,mode=700${owner}`, 'tmpfs', place])
  } catch {
    await rm(place, { recursive: true, force: true })
    throw new NotPossible('a small disk can only be mounted by root')
  }
  return place
}

/** Writes until nothing more goes in, and says where. */
async function fill(disk: string): Promise<string> {
  const path = join(disk, 'ballast')
  const file = await open(path, 'w')
  try {
    for (;;) await file.write(Buffer.alloc(4_096))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  } finally {
    await file.close()
  }
  return path
}
