import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { streamName } from '../../src/events/nats/stream.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import {
  delaysOf,
  hangMs,
  isShort,
  judgeEvents,
  quantile,
  runSeconds,
  startEventGateway,
  untilAllCame,
  writeChanges,
} from '../support/event-load.ts'
import { type EventReceiver, startEventReceiver } from '../support/event-receiver.ts'
import { insertSubscription, switchOn } from '../support/events.ts'
import { natsIsMissing, prepareTestNats, prepareTestNatsCluster, type TestNats } from '../support/nats.ts'
import { startTestIssuer, type TestIssuer } from '../support/tokens.ts'

// Two gateways hand the events of a steady load over by NATS, and two others send them. Meanwhile programs are killed
// and started again. `npm run test:events` takes two minutes for each form; EVENTS_RUN_SECONDS makes it shorter.

const perSecond = isShort ? 150 : 300
const killEveryMs = isShort ? 2_500 : 5_000
/** Two relays have 32 places each for an endpoint, and one gateway may have all of these. */
const sentAtMost = 64

let database: TestDatabase
let nats: readonly TestNats[]
let issuer: TestIssuer
let receiver: EventReceiver
let gateways: Record<'publish' | 'deliver', ChildProcess[]>

const startGateway = (role: keyof typeof gateways) =>
  startEventGateway(database.url, issuer, {
    EVENTS_ENGINE: 'nats',
    EVENTS_NATS_URL: nats.map(({ url }) => url).join(','),
    EVENTS_NATS_ROLE: role,
  })

/** Each second time the server loses what it has stored. */
async function killNats(server: TestNats | undefined, turn: number): Promise<void> {
  await server?.kill()
  if (turn % 2 === 1) await server?.forget()
  await server?.start()
}

/** Asks the servers of the cluster which one leads the stream, until one of them knows. */
const findLeader = () =>
  vi.waitFor(
    async () => {
      const servers = nats.map(({ port }) => `127.0.0.1:${port}`)
      const connection = await connect({ servers, user: 'operator', pass: nats[0]?.password ?? '', reconnect: false })
      try {
        const { cluster, config } = await (await jetstreamManager(connection)).streams.info(streamName)
        expect(config.num_replicas).toBe(3)
        const leader = nats.find(({ name }) => name === cluster?.leader)
        if (leader === undefined) throw new Error('the stream has no leader')
        return leader
      } finally {
        await connection.close()
      }
    },
    { timeout: hangMs, interval: 100 },
  )

async function killGateway(role: keyof typeof gateways, turn: number): Promise<void> {
  const killed = gateways[role][turn % 2]
  killed?.kill('SIGKILL')
  if (killed?.exitCode === null && killed.signalCode === null) await once(killed, 'exit')
  gateways[role][turn % 2] = await startGateway(role)
}

interface Form {
  readonly title: string
  prepare(): Promise<readonly TestNats[]>
  /** One after the other. */
  readonly strikes: readonly ((turn: number) => Promise<void>)[]
  /** In the short form. Otherwise twelve. */
  readonly killsAtLeast: number
}

const forms: readonly Form[] = [
  {
    title: 'one nats-server, a gateway that hands over, and one that sends are killed',
    prepare: async () => [await prepareTestNats({ isSynced: true })],
    strikes: [
      (turn) => killNats(nats[0], turn),
      (turn) => killGateway('publish', turn),
      (turn) => killGateway('deliver', turn),
    ],
    killsAtLeast: 3,
  },
  {
    title: 'the leader of three nats-servers is killed',
    prepare: () => prepareTestNatsCluster({ isSynced: true }),
    strikes: [async (turn) => killNats(await findLeader(), turn)],
    killsAtLeast: 2,
  },
]

/** A busy machine needs a while to start the gateways. */
async function untilAnEventComes(connectionId: string): Promise<void> {
  const uri = 'https://first.example.ua/'
  await database.query('UPDATE connections SET redirect_uri = $2 WHERE id = $1', [connectionId, uri])
  await vi.waitFor(() => expect(receiver.messages).toHaveLength(1), { timeout: hangMs, interval: 50 })
}

describe.skipIf(natsIsMissing).each(forms)('while $title', ({ prepare, strikes, killsAtLeast: least }) => {
  const killsAtLeast = isShort ? least : 12
  beforeAll(async () => {
    ;[database, nats, issuer, receiver] = await Promise.all([
      createTestDatabase(),
      prepare(),
      startTestIssuer(),
      startEventReceiver(
        (_message, response) => void setTimeout(() => response.writeHead(204).end(), 3 * Math.random()),
      ),
    ])
    for (const server of nats) await server.start()
    await database.query(switchOn)
    gateways = { publish: [], deliver: [] }
    for (const role of ['publish', 'deliver', 'publish', 'deliver'] as const)
      gateways[role].push(await startGateway(role))
  })
  afterAll(async () => {
    for (const gateway of Object.values(gateways).flat()) gateway.kill('SIGKILL')
    await receiver?.close()
    for (const server of nats) await server.close()
    await issuer?.close()
    await database?.drop()
  })

  test('no event is lost or out of order', { timeout: runSeconds * 1_000 + 3 * hangMs, retry: 0 }, async () => {
    const clientId = await database.insertClient({ type: 'MSP' })
    const connectionIds: string[] = []
    for (let count = 0; count < 60; count++) {
      const consumerId = await database.insertClient({ type: 'MIS' })
      const redirectUri = 'https://before.example.ua/'
      connectionIds.push(await database.insertConnection({ clientId, consumerId, redirectUri }))
    }
    const [before] = await database.query<{ id: string }>(
      'SELECT coalesce(max(id), 0)::text AS id FROM connection_changes',
    )
    await insertSubscription(database, { url: receiver.url, ownerClientId: clientId, reach: 'CLIENT' })
    await untilAnEventComes(connectionIds[0] ?? '')

    const until = performance.now() + runSeconds * 1_000
    let kills = 0
    const killing = (async () => {
      for (; performance.now() + killEveryMs < until || kills < killsAtLeast; kills++) {
        await delay(killEveryMs)
        await strikes[kills % strikes.length]?.(Math.floor(kills / strikes.length))
      }
    })()
    const store = (id: string, uri: string) =>
      database.query('UPDATE connections SET redirect_uri = $2 WHERE id = $1', [id, uri])
    const isOver = () => performance.now() > until && kills >= killsAtLeast
    const load = writeChanges({ connectionIds, perSecond, stores: [store, store, store], isOver })
    const [committedAt] = await Promise.all([load, killing])

    const rows = await database.query<{ id: string }>(
      'SELECT id::text FROM connection_changes WHERE id > $1 ORDER BY id',
      [before?.id],
    )
    const audited = rows.map(({ id }) => `chg_${id}`)
    expect(audited).toHaveLength(1 + committedAt.size)
    const tookSeconds = await untilAllCame(receiver.messages, audited)
    const { doubles, ...faults } = judgeEvents(receiver.messages, audited)
    const delays = delaysOf(receiver.messages, committedAt)
    const [p50, most] = [0.5, 1].map((share) => (quantile(delays, share) / 1_000).toFixed(2))
    process.stdout.write(
      `Events by NATS, ${nats.length} servers: ${audited.length} changes in ${runSeconds} s, ${kills} kills, ${faults.lost.length} lost, ` +
        `${faults.outOfOrder.length} out of order, ${doubles.length} doubles, p50 ${p50} s, at most ${most} s, ` +
        `all there ${tookSeconds} s after the load.\n`,
    )
    expect(faults).toEqual({ lost: [], unknown: [], outOfOrder: [] })
    expect(doubles.length).toBeLessThanOrEqual(kills * sentAtMost)
  })
})
