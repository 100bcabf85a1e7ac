import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signingSecretOf } from '../../src/events/signing-secret.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import {
  hangMs,
  isShort,
  judgeEvents,
  loadSigningKey,
  runSeconds,
  startEventGateway,
  untilAllCame,
  writeChanges,
} from '../support/event-load.ts'
import { type EventReceiver, startEventReceiver, verify } from '../support/event-receiver.ts'
import { insertSubscription, switchOn } from '../support/events.ts'
import { startTestIssuer, type TestIssuer } from '../support/tokens.ts'

// Three gateways in processes of their own deliver the events of a steady load. One of them is killed again and again.
// `npm run test:events` takes two minutes; EVENTS_RUN_SECONDS makes it shorter.

const perSecond = 300
const killEveryMs = isShort ? 2_500 : 5_000
const killsAtLeast = isShort ? 2 : 21
const leasedAtMost = 50

let database: TestDatabase
let issuer: TestIssuer
let receiver: EventReceiver
const gateways: ChildProcess[] = []

const startGateway = () => startEventGateway(database.url, issuer)

beforeAll(async () => {
  ;[database, issuer, receiver] = await Promise.all([
    createTestDatabase(),
    startTestIssuer(),
    startEventReceiver((_message, response) => void setTimeout(() => response.writeHead(204).end(), 3 * Math.random())),
  ])
  await database.query(switchOn)
  for (let count = 0; count < 3; count++) gateways.push(await startGateway())
})
afterAll(async () => {
  for (const gateway of gateways) gateway.kill('SIGKILL')
  await receiver?.close()
  await issuer?.close()
  await database?.drop()
})

test('no event is lost or out of order while gateways are killed', {
  timeout: runSeconds * 1_000 + 2 * hangMs,
  retry: 0,
}, async () => {
  const clientId = await database.insertClient({ type: 'MSP' })
  const connectionIds: string[] = []
  for (let count = 0; count < 60; count++) {
    const consumerId = await database.insertClient({ type: 'MIS' })
    connectionIds.push(
      await database.insertConnection({ clientId, consumerId, redirectUri: 'https://before.example.ua/' }),
    )
  }
  const [before] = await database.query<{ id: string }>(
    'SELECT coalesce(max(id), 0)::text AS id FROM connection_changes',
  )
  const subscriptionId = await insertSubscription(database, {
    url: receiver.url,
    ownerClientId: clientId,
    reach: 'CLIENT',
  })

  const until = performance.now() + runSeconds * 1_000
  let kills = 0
  const killing = (async () => {
    // The next one is killed once its predecessor is there again, so two of three always run.
    let started: Promise<unknown> = Promise.resolve()
    for (let turn = 0; performance.now() + killEveryMs < until || kills < killsAtLeast; turn++) {
      await Promise.all([delay(killEveryMs), started])
      const killed = gateways[turn % 3]
      killed?.kill('SIGKILL')
      if (killed?.exitCode === null && killed.signalCode === null) await once(killed, 'exit')
      kills += 1
      started = startGateway().then((gateway) => {
        gateways[turn % 3] = gateway
      })
    }
    await started
  })()
  const store = (id: string, uri: string) =>
    database.query('UPDATE connections SET redirect_uri = $2 WHERE id = $1', [id, uri])
  const isOver = () => performance.now() > until && kills >= killsAtLeast
  const load = writeChanges({ connectionIds, perSecond, stores: [store, store, store], isOver })
  const [committedAt] = await Promise.all([load, killing])

  const audited = (
    await database.query<{ id: string }>('SELECT id::text FROM connection_changes WHERE id > $1 ORDER BY id', [
      before?.id,
    ])
  ).map(({ id }) => `chg_${id}`)
  expect(audited).toHaveLength(committedAt.size)
  const tookSeconds = await untilAllCame(receiver.messages, audited)

  const { doubles, ...faults } = judgeEvents(receiver.messages, audited)
  expect(faults).toEqual({ lost: [], unknown: [], outOfOrder: [] })
  expect(doubles.length).toBeLessThanOrEqual(kills * leasedAtMost)
  const secret = signingSecretOf(loadSigningKey, subscriptionId, 1)
  for (const message of receiver.messages.filter((_message, index) => index % 97 === 0))
    expect(verify(message, secret).byCrypto).toBe(true)
  process.stdout.write(
    `Events: ${audited.length} changes in ${runSeconds} s, ${kills} kills, 0 lost, 0 out of order, ${doubles.length} doubles, ` +
      `all there ${tookSeconds} s after the load.\n`,
  )
})
