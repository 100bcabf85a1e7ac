import type { ChildProcess } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Place } from '../../src/development/embedded/place.ts'
import { type Cluster, copyCluster, makeBaseCluster, makeStandby, synchronous } from '../faults/postgres-cluster.ts'
import { crowd, fillRegistry } from '../faults/registry.ts'
import {
  delaysOf,
  hangMs,
  isShort,
  judgeEvents,
  quantile,
  type StoreUri,
  startEventGateway,
  untilAllCame,
  writeChanges,
} from '../support/event-load.ts'
import { type EventReceiver, type ReceivedMessage, startEventReceiver } from '../support/event-receiver.ts'
import { insertSubscription, switchOn } from '../support/events.ts'
import { type PostgresProxy, startPostgresProxy } from '../support/postgres-proxy.ts'
import { startTestIssuer, type TestIssuer } from '../support/tokens.ts'

// Two gateways in processes of their own deliver the events of a steady load. Meanwhile the network to PostgreSQL is
// cut, the database is read-only, PostgreSQL is killed, and at last a standby takes over. The load writes past the cut
// network. `npm run test:events` takes four minutes; EVENTS_RUN_SECONDS makes it shorter.

const perSecond = 300
const gatewayCount = 2
const restMs = isShort ? 1_500 : 30_000
const readOnlyMs = isShort ? 3_000 : 30_000

/** For each fault, and for each gateway, because a fault of the database strikes all of them. */
const doublesAtMost = 50

let directory: string
let base: Place
let cluster: Cluster
let standby: Cluster
let link: PostgresProxy
let issuer: TestIssuer
let receiver: EventReceiver
const gateways: ChildProcess[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-events-'))
  await chmod(directory, 0o755) // PostgreSQL runs as another user where this process is root.
  base = await makeBaseCluster(join(directory, 'base'), fillRegistry)
  const placeOf = (name: string) => join(dirname(base.directory), name)
  ;[cluster, standby] = await Promise.all([
    copyCluster(base, placeOf('primary')),
    copyCluster(base, placeOf('standby')),
  ])
  await cluster.start()
  await makeStandby(standby, cluster)
  await standby.start()
  link = await startPostgresProxy(() => cluster.url)
  ;[issuer, receiver] = await Promise.all([startTestIssuer(), startEventReceiver()])
  await cluster.query(switchOn)
  await insertSubscription(cluster, { url: receiver.url })
  for (let count = 0; count < gatewayCount; count++) gateways.push(await startEventGateway(link.url, issuer))
  await vi.waitFor(async () => expect(await sessions()).toBeGreaterThan(0), { timeout: hangMs, interval: 50 })
}, 2 * hangMs)
afterAll(async () => {
  for (const gateway of gateways) gateway.kill('SIGKILL')
  await receiver?.close()
  await issuer?.close()
  await link?.close()
  for (const one of [standby, cluster]) await one?.stop('immediate')
  for (const path of [directory, base?.directory]) await rm(path, { recursive: true, force: true })
})

/** Sessions of gateways. */
async function sessions(): Promise<number> {
  const sql = `SELECT FROM pg_stat_activity WHERE application_name = 'mithril-connection-gateway'`
  return (await cluster.query(sql)).length
}

/** A writer with a session of its own. After a failure it connects anew. */
function writer(): { readonly store: StoreUri; end(): Promise<void> } {
  let session: Client | undefined
  return {
    async store(id, uri) {
      try {
        session ??= await cluster.session()
        await session.query('UPDATE connections SET redirect_uri = $2 WHERE id = $1', [id, uri])
      } catch (error) {
        await session?.end().catch(() => {})
        session = undefined
        await delay(50)
        throw error
      }
    },
    async end() {
      await session?.end().catch(() => {})
    },
  }
}

async function alter(setting: string): Promise<void> {
  await cluster.query(`ALTER SYSTEM ${setting}`)
  await cluster.query('SELECT pg_reload_conf()')
}

const faults: readonly { readonly name: string; strike(): Promise<void> }[] = [
  {
    name: 'network cut',
    async strike() {
      for (let time = 0; time < 5; time++) {
        link.cut()
        await delay(400)
      }
      link.freeze()
      await delay(isShort ? 2_000 : 10_000)
      await link.stop()
      link.thaw()
      await delay(1_000)
      await link.start()
    },
  },
  {
    name: 'read-only',
    async strike() {
      await alter('SET default_transaction_read_only = on')
      await delay(readOnlyMs)
      await alter('RESET default_transaction_read_only')
    },
  },
  {
    name: 'PostgreSQL killed',
    async strike() {
      await cluster.kill()
      await cluster.start()
    },
  },
  {
    name: 'failover',
    async strike() {
      await alter(`SET ${synchronous.join()}`)
      // A commit that waits for the standby proves that the checkpointer has read the setting.
      const waits = () => cluster.query(`SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)
      await vi.waitFor(async () => expect(await waits()).not.toEqual([]), { timeout: hangMs, interval: 20 })
      // Commits before that one were acknowledged without the standby.
      const [now] = await cluster.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn')
      const written = () => cluster.query('SELECT FROM pg_stat_replication WHERE flush_lsn >= $1::pg_lsn', [now?.lsn])
      await vi.waitFor(async () => expect(await written()).toHaveLength(1), { timeout: hangMs, interval: 20 })
      const primary = cluster
      await primary.kill()
      expect(await standby.query('SELECT pg_promote(true, 120) AS is_promoted')).toEqual([{ is_promoted: true }])
      cluster = standby
      standby = primary
    },
  },
]

test('no event is lost or out of order while PostgreSQL and the network fail', {
  timeout: 7 * hangMs,
  retry: 0,
}, async () => {
  const [before] = await cluster.query<{ id: string }>('SELECT max(id)::text AS id FROM connection_changes')
  let isOver = false
  const writers = [writer(), writer(), writer()]
  const load = writeChanges({
    connectionIds: crowd.map(({ connectionId }) => connectionId),
    perSecond,
    stores: writers.map(({ store }) => store),
    isOver: () => isOver,
  })
  await delay(isShort ? 1_500 : 5_000)
  const struckAt: number[] = []
  for (const { strike } of faults) {
    struckAt.push(performance.now())
    await strike()
    await delay(restMs)
  }
  isOver = true
  const committedAt = await load
  for (const { end } of writers) await end()

  const rows = await cluster.query<{ id: string; uri: string }>(
    'SELECT id::text, redirect_uri_after AS uri FROM connection_changes WHERE id > $1 ORDER BY id',
    [before?.id],
  )
  const audited = rows.map(({ id }) => `chg_${id}`)
  const tookSeconds = await untilAllCame(receiver.messages, audited)
  const { doubles, ...wrong } = judgeEvents(receiver.messages, audited)
  const during = (fault: number, at: number) =>
    at >= (struckAt[fault] ?? 0) && at < (struckAt[fault + 1] ?? Number.POSITIVE_INFINITY)
  const lines = faults.map(({ name }, fault) => {
    const committed = new Map([...committedAt].filter(([, at]) => during(fault, at)))
    const delays = delaysOf(receiver.messages, committed)
    const [p50, most] = [0.5, 1].map((share) => (quantile(delays, share) / 1_000).toFixed(1))
    const count = doubles.filter(({ at }: ReceivedMessage) => during(fault, at)).length
    return {
      name,
      count,
      text: `${name}: ${committed.size} changes, ${count} doubles, p50 ${p50} s, at most ${most} s`,
    }
  })
  process.stdout.write(
    `Events: ${audited.length} changes, ${wrong.lost.length} lost, ${wrong.outOfOrder.length} out of order, ` +
      `all there ${tookSeconds} s after the load.\n${lines.map(({ text }) => `  ${text}\n`).join('')}`,
  )
  expect(wrong).toEqual({ lost: [], unknown: [], outOfOrder: [] })
  for (const { name, count } of lines) expect(count, name).toBeLessThanOrEqual(gatewayCount * doublesAtMost)
  // Each acknowledged change is in the audit of the database that is in charge at the end.
  const inAudit = new Set(rows.map(({ uri }) => uri))
  expect([...committedAt.keys()].filter((uri) => !inAudit.has(uri))).toEqual([])
})
