import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signingSecretOf } from '../../src/events/signing-secret.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { type EventReceiver, startEventReceiver, verify } from '../support/event-receiver.ts'
import { insertSubscription, switchOn } from '../support/events.ts'
import { startTestIssuer, type TestIssuer } from '../support/tokens.ts'

// Three gateways in processes of their own deliver the events of a steady load. One of them is killed again and again.
// `npm run test:events` takes two minutes; EVENTS_RUN_SECONDS makes it shorter.

const runSeconds = Number(process.env['EVENTS_RUN_SECONDS'] ?? 120)
const changesPerSecond = 300
const killEveryMs = runSeconds < 60 ? 2_500 : 5_000
const signingKey = Buffer.from('a key of the tests, 32 bytes long')
const leasedAtMost = 50

let database: TestDatabase
let issuer: TestIssuer
let receiver: EventReceiver
const gateways: ChildProcess[] = []

function startGateway(): ChildProcess {
  const child = spawn(process.execPath, ['src/main.ts'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_ENV: 'production',
      PORT: '0',
      LOG_LEVEL: 'warn',
      DATABASE_URL: database.url,
      TOKEN_ISSUER: issuer.issuer,
      TOKEN_AUDIENCE: issuer.audience,
      TOKEN_JWKS_URL: issuer.jwksUrl,
      PUBLIC_URL: 'https://gateway.example.ua',
      EVENTS: 'on',
      EVENT_SIGNING_KEY: signingKey.toString('base64'),
      EVENT_TARGET_NETWORKS: '127.0.0.1',
    },
  })
  child.stdout?.resume()
  return child
}

beforeAll(async () => {
  ;[database, issuer, receiver] = await Promise.all([
    createTestDatabase(),
    startTestIssuer(),
    startEventReceiver((_message, response) => void setTimeout(() => response.writeHead(204).end(), 3 * Math.random())),
  ])
  await database.query(switchOn)
  for (let count = 0; count < 3; count++) gateways.push(startGateway())
}, 30_000)
afterAll(async () => {
  for (const gateway of gateways) gateway.kill('SIGKILL')
  await receiver?.close()
  await issuer?.close()
  await database?.drop()
})

/** Changes connections at a steady rate, as Mithril would, until the time is over. */
async function write(connectionIds: readonly string[], until: number): Promise<void> {
  const startedAt = performance.now()
  let written = 0
  const writer = async () => {
    while (performance.now() < until) {
      const due = ((performance.now() - startedAt) / 1_000) * changesPerSecond
      if (written > due) await delay(2)
      else {
        const id = connectionIds[written++ % connectionIds.length]
        const uri = `https://${randomUUID()}.example.ua/`
        await database.query('UPDATE connections SET redirect_uri = $2 WHERE id = $1', [id, uri])
      }
    }
  }
  await Promise.all([writer(), writer(), writer()])
}

test('no event is lost or out of order while gateways are killed', {
  timeout: (runSeconds + 120) * 1_000,
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
    for (let turn = 0; performance.now() + killEveryMs < until; turn++) {
      await delay(killEveryMs)
      const killed = gateways[turn % 3]
      killed?.kill('SIGKILL')
      if (killed?.exitCode === null && killed.signalCode === null) await once(killed, 'exit')
      kills += 1
      gateways[turn % 3] = startGateway()
    }
  })()
  await Promise.all([write(connectionIds, until), killing])
  const lastKillAt = performance.now()

  const audited = (
    await database.query<{ id: string }>('SELECT id::text FROM connection_changes WHERE id > $1 ORDER BY id', [
      before?.id,
    ])
  ).map(({ id }) => `chg_${id}`)
  const unseen = () => {
    const seen = new Set(receiver.messages.map(({ id }) => id))
    return audited.filter((id) => !seen.has(id))
  }
  while (unseen().length > 0 && performance.now() - lastKillAt < 60_000) await delay(250)
  const tookSeconds = Math.round((performance.now() - lastKillAt) / 100) / 10

  expect(unseen()).toEqual([])
  const known = new Set(audited)
  const seen = new Set<string>()
  const last = new Map<string, number>()
  const outOfOrder: string[] = []
  let doubles = 0
  for (const { id, event } of receiver.messages) {
    expect(known.has(id)).toBe(true)
    if (seen.has(id)) {
      doubles += 1
      continue
    }
    seen.add(id)
    const number = Number(id.slice(4))
    if (number < (last.get(event.subject) ?? 0)) outOfOrder.push(id)
    last.set(event.subject, number)
  }
  expect(outOfOrder).toEqual([])
  expect(doubles).toBeLessThanOrEqual(kills * leasedAtMost)
  expect(kills).toBeGreaterThan(runSeconds < 60 ? 1 : 20)
  const secret = signingSecretOf(signingKey, subscriptionId, 1)
  for (const message of receiver.messages.filter((_message, index) => index % 97 === 0))
    expect(verify(message, secret).byCrypto).toBe(true)
  process.stdout.write(
    `Events: ${audited.length} changes in ${runSeconds} s, ${kills} kills, 0 lost, 0 out of order, ${doubles} doubles, ` +
      `all there ${tookSeconds} s after the load.\n`,
  )
})
