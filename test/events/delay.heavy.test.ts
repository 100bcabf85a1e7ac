import type { ChildProcess } from 'node:child_process'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { delaysOf, hangMs, isShort, quantile, startEventGateway, writeChanges } from '../support/event-load.ts'
import { type EventReceiver, startEventReceiver } from '../support/event-receiver.ts'
import { insertSubscription, switchOn } from '../support/events.ts'
import { startTestIssuer, type TestIssuer } from '../support/tokens.ts'

// This test measures the time from the commit of a change to the POST of its event. One gateway runs in a process of
// its own. The test prints the figures of docs/performance.md. A busy machine needs longer, so the short form only prints
// them.

let database: TestDatabase
let issuer: TestIssuer
let receiver: EventReceiver
let gateway: ChildProcess
const connectionIds: string[] = []

beforeAll(async () => {
  ;[database, issuer, receiver] = await Promise.all([createTestDatabase(), startTestIssuer(), startEventReceiver()])
  const clientId = await database.insertClient({ type: 'MSP' })
  const redirectUri = 'https://before.example.ua/'
  for (let count = 0; count < 60; count++) {
    const consumerId = await database.insertClient({ type: 'MIS' })
    connectionIds.push(await database.insertConnection({ clientId, consumerId, redirectUri }))
  }
  await database.query(switchOn)
  await insertSubscription(database, { url: receiver.url, ownerClientId: clientId, reach: 'CLIENT' })
  gateway = await startEventGateway(database.url, issuer)
  await store(connectionIds[0] ?? '', 'https://first.example.ua/')
  await vi.waitFor(() => expect(receiver.messages).toHaveLength(1), { timeout: hangMs, interval: 20 })
})
afterAll(async () => {
  gateway?.kill('SIGKILL')
  await receiver?.close()
  await issuer?.close()
  await database?.drop()
})

const store = (id: string, uri: string) =>
  database.query('UPDATE connections SET redirect_uri = $2 WHERE id = $1', [id, uri])

test.each([
  // A change every 700 ms or so finds the gateway in its pause.
  { load: 'idle', perSecond: 1.43, seconds: isShort ? 5 : 60, p50AtMost: 150, p99AtMost: 500 },
  { load: '300 changes a second', perSecond: 300, seconds: isShort ? 4 : 40, p50AtMost: 500, p99AtMost: 1_000 },
])(
  'an event is posted soon after the commit: $load',
  {
    timeout: 2 * hangMs,
  },
  async ({ load, perSecond, seconds, p50AtMost, p99AtMost }) => {
    receiver.messages.length = 0
    // As autovacuum does in a quiet minute. PostgreSQL then plans for small tables, and they grow.
    await database.query('VACUUM ANALYZE event_deliveries')
    const until = performance.now() + seconds * 1_000
    const stores = perSecond > 1.5 ? [store, store, store] : [store]
    const isOver = () => performance.now() > until
    const committedAt = await writeChanges({ connectionIds, perSecond, stores, isOver })
    await vi.waitFor(() => expect(delaysOf(receiver.messages, committedAt)).toHaveLength(committedAt.size), {
      timeout: hangMs,
      interval: 100,
    })
    const delays = delaysOf(receiver.messages, committedAt)
    const [p50, p99, most] = [0.5, 0.99, 1].map((share) => Math.round(quantile(delays, share)))
    process.stdout.write(
      `Events: ${load}, ${delays.length} changes from commit to POST: p50 ${p50} ms, p99 ${p99} ms, at most ${most} ms.\n`,
    )
    if (isShort) return
    expect(p50).toBeLessThanOrEqual(p50AtMost)
    expect(p99).toBeLessThanOrEqual(p99AtMost)
  },
)
