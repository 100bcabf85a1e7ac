import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
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
import { natsIsMissing, prepareTestNats, type TestNats } from '../support/nats.ts'
import { startTestIssuer, type TestIssuer } from '../support/tokens.ts'

// Two gateways hand the events of a steady load over by NATS, and two others send them. One after the other,
// nats-server, a gateway that hands over, and one that sends are killed. Every second time the server forgets its
// stream as well. `npm run test:events` takes two minutes; EVENTS_RUN_SECONDS makes it shorter.

const perSecond = isShort ? 150 : 300
const killEveryMs = isShort ? 2_500 : 5_000
/** At least one of each kind. */
const killsAtLeast = isShort ? 3 : 12
/** Two relays have 32 places each for an endpoint, and one gateway may have all of these. */
const sentAtMost = 64

let database: TestDatabase
let nats: TestNats
let issuer: TestIssuer
let receiver: EventReceiver
const gateways: Record<'publish' | 'deliver', ChildProcess[]> = { publish: [], deliver: [] }

const startGateway = (role: keyof typeof gateways) =>
  startEventGateway(database.url, issuer, {
    EVENTS_ENGINE: 'nats',
    EVENTS_NATS_URL: nats.url,
    EVENTS_NATS_ROLE: role,
  })

beforeAll(async () => {
  if (natsIsMissing) return
  ;[database, nats, issuer, receiver] = await Promise.all([
    createTestDatabase(),
    prepareTestNats(),
    startTestIssuer(),
    startEventReceiver((_message, response) => void setTimeout(() => response.writeHead(204).end(), 3 * Math.random())),
  ])
  await nats.start()
  await database.query(switchOn)
  for (const role of ['publish', 'deliver', 'publish', 'deliver'] as const)
    gateways[role].push(await startGateway(role))
})
afterAll(async () => {
  if (natsIsMissing) return
  for (const gateway of Object.values(gateways).flat()) gateway.kill('SIGKILL')
  await receiver?.close()
  await nats?.close()
  await issuer?.close()
  await database?.drop()
})

async function killNats(turn: number): Promise<void> {
  await nats.kill()
  if (turn % 2 === 1) await nats.forget()
  await nats.start()
}

async function killGateway(role: keyof typeof gateways, turn: number): Promise<void> {
  const killed = gateways[role][turn % 2]
  killed?.kill('SIGKILL')
  if (killed?.exitCode === null && killed.signalCode === null) await once(killed, 'exit')
  gateways[role][turn % 2] = await startGateway(role)
}

const strikes = [
  killNats,
  (turn: number) => killGateway('publish', turn),
  (turn: number) => killGateway('deliver', turn),
]

/** A busy machine needs a while to start the gateways. */
async function untilAnEventComes(connectionId: string): Promise<void> {
  const uri = 'https://first.example.ua/'
  await database.query('UPDATE connections SET redirect_uri = $2 WHERE id = $1', [connectionId, uri])
  await vi.waitFor(() => expect(receiver.messages).toHaveLength(1), { timeout: hangMs, interval: 50 })
}

test.skipIf(natsIsMissing)(
  'no event is lost or out of order while nats-server and gateways are killed',
  {
    timeout: runSeconds * 1_000 + 3 * hangMs,
    retry: 0,
  },
  async () => {
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
      `Events by NATS: ${audited.length} changes in ${runSeconds} s, ${kills} kills, ${faults.lost.length} lost, ` +
        `${faults.outOfOrder.length} out of order, ${doubles.length} doubles, p50 ${p50} s, at most ${most} s, ` +
        `all there ${tookSeconds} s after the load.\n`,
    )
    expect(faults).toEqual({ lost: [], unknown: [], outOfOrder: [] })
    expect(doubles.length).toBeLessThanOrEqual(kills * sentAtMost)
  },
)
