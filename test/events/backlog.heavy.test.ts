import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import {
  delaysOf,
  hangMs,
  isShort,
  judgeEvents,
  quantile,
  startEventGateway,
  writeChanges,
} from '../support/event-load.ts'
import { type EventReceiver, startEventReceiver } from '../support/event-receiver.ts'
import { insertSubscription, switchOn } from '../support/events.ts'
import { startTestIssuer, type TestIssuer } from '../support/tokens.ts'

// Fifty endpoints: 48 are well, one answers every event with 503, and one answers after 14 s. The last two have a
// backlog of 100,000 events. One gateway in a process of its own has to serve the 48 as if it were for them alone.

const wellCount = 48
const perSecond = 200
const loadMs = isShort ? 4_000 : 40_000
const backlogEach = 50_000
const connectionsEach = 2_000
const slowMs = 14_000

let database: TestDatabase
let issuer: TestIssuer
let well: EventReceiver
let dead: EventReceiver
let slow: EventReceiver
let gateway: ChildProcess
const connectionIds: string[] = []

beforeAll(async () => {
  ;[database, issuer, well, dead, slow] = await Promise.all([
    createTestDatabase(),
    startTestIssuer(),
    startEventReceiver(),
    startEventReceiver((_message, response) => void response.writeHead(503).end()),
    startEventReceiver((_message, response) => void setTimeout(() => response.writeHead(204).end(), slowMs)),
  ])
  const consumerIds = await Promise.all(Array.from({ length: 5 }, () => database.insertClient({ type: 'MIS' })))
  for (let count = 0; count < wellCount; count++) {
    const clientId = await database.insertClient({ type: 'MSP' })
    for (const consumerId of consumerIds)
      connectionIds.push(
        await database.insertConnection({ clientId, consumerId, redirectUri: 'https://before.example.ua/' }),
      )
    await insertSubscription(database, { url: `${well.url}?${count}`, ownerClientId: clientId, reach: 'CLIENT' })
  }
  await database.query(switchOn)
  gateway = await startEventGateway(database.url, issuer)
  // Node compiles what is hot, and its heap grows to its working size.
  await load(isShort ? 2_000 : 20_000)
}, 2 * hangMs)
afterAll(async () => {
  gateway?.kill('SIGKILL')
  for (const one of [well, dead, slow, issuer]) await one?.close()
  await database?.drop()
})

/** Changes connections of the 48 for this time. @returns the delays from commit to POST, in milliseconds */
async function load(ms: number): Promise<number[]> {
  const until = performance.now() + ms
  const store = (id: string, uri: string) =>
    database.query('UPDATE connections SET redirect_uri = $2 WHERE id = $1', [id, uri])
  const isOver = () => performance.now() > until
  const committedAt = await writeChanges({ connectionIds, perSecond, stores: [store, store, store], isOver })
  const all = () => expect(delaysOf(well.messages, committedAt)).toHaveLength(committedAt.size)
  await vi.waitFor(all, { timeout: hangMs, interval: 100 })
  return delaysOf(well.messages, committedAt)
}

/** The memory of the gateway, in MB. */
async function memory(): Promise<number> {
  const status = await readFile(`/proc/${gateway.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1_024
}

async function withPeakMemory<T>(work: Promise<T>): Promise<readonly [T, number]> {
  let peak = 0
  const timer = setInterval(() => void memory().then((now) => (peak = Math.max(peak, now))), 100)
  try {
    return [await work, peak]
  } finally {
    clearInterval(timer)
  }
}

/** Subscribes a client without connections in Mithril, and writes its backlog as changes of one transaction. */
async function addBacklog(url: string): Promise<void> {
  const ownerClientId = await database.insertClient({ type: 'MSP' })
  await insertSubscription(database, { url, ownerClientId, reach: 'CLIENT' })
  await database.query(
    `INSERT INTO connection_changes (connection_id, client_id, consumer_id, version, kind, redirect_uri_before,
                                     redirect_uri_after, door, changed_at)
     SELECT md5($1 || (number % $3)::text)::uuid, $1::uuid, $1::uuid, 2, 'UPDATED',
            'https://before.example.ua/callback', 'https://after.example.ua/callback', 'EXTERNAL', clock_timestamp()
       FROM generate_series(1, $2) AS number`,
    [ownerClientId, backlogEach, connectionsEach],
  )
}

const pending = async () =>
  (await database.query<{ count: number }>(`SELECT count(*)::int FROM event_deliveries WHERE state = 'PENDING'`))[0]
    ?.count ?? 0

test('a dead and a slow endpoint with 100,000 events do not delay 48 others', {
  timeout: 5 * hangMs,
  retry: 0,
}, async () => {
  const [alone, memoryAlone] = await withPeakMemory(load(loadMs))
  const backlogAt = performance.now()
  const [[arriving], memoryArriving] = await withPeakMemory(
    Promise.all([load(isShort ? 3_000 : 8_000), addBacklog(dead.url).then(() => addBacklog(slow.url))]),
  )
  const queued = async () => expect(await pending()).toBeGreaterThan(2 * backlogEach - 100)
  await vi.waitFor(queued, { timeout: hangMs, interval: 100 })
  const [beside, memoryBeside] = await withPeakMemory(load(loadMs))

  const [before, during, after] = [alone, arriving, beside].map((delays) => Math.round(quantile(delays, 0.99)))
  const more = Math.max(memoryArriving, memoryBeside) - memoryAlone
  const seconds = (performance.now() - backlogAt) / 1_000
  process.stdout.write(
    `Events: 48 endpoints, ${perSecond} changes a second, p99 from commit to POST: ${before} ms alone, ` +
      `${during} ms while 100,000 others are committed, ${after} ms beside that backlog; ${more.toFixed(0)} MB more. ` +
      `In ${seconds.toFixed(0)} s the dead endpoint got ${dead.messages.length} requests, the slow one ` +
      `${slow.messages.length}.\n`,
  )
  if (!isShort) expect(after).toBeLessThanOrEqual(1.5 * (before ?? 0))
  // The heap has not grown to its working size in the short form. The backlog in memory would be more than this.
  expect(more).toBeLessThanOrEqual(isShort ? 128 : 64)
  // Four at once and a fifth close the endpoint. Then there is one probe after 5 s, and the next after five minutes.
  await vi.waitFor(() => expect(dead.messages.length).toBeGreaterThanOrEqual(5), { timeout: hangMs, interval: 100 })
  const probes = 1 + Math.floor((performance.now() - backlogAt) / 300_000)
  expect(dead.messages.length).toBeLessThanOrEqual(5 + probes)
  await vi.waitFor(() => expect(slow.messages.length).toBeGreaterThanOrEqual(1), { timeout: hangMs, interval: 100 })

  const audited = await database.query<{ id: string }>(
    'SELECT id::text FROM connection_changes WHERE connection_id = ANY ($1) ORDER BY id',
    [connectionIds],
  )
  const verdict = judgeEvents(
    well.messages,
    audited.map(({ id }) => `chg_${id}`),
  )
  expect(verdict).toEqual({ lost: [], unknown: [], outOfOrder: [], doubles: [] })
  expect(judgeEvents(slow.messages, []).outOfOrder).toEqual([])
})
