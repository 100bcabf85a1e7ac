import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import tls from 'node:tls'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { directDispatch } from '../../src/events/direct-dispatch.ts'
import { createEventCounts } from '../../src/events/event-counts.ts'
import { createRelay } from '../../src/events/relay.ts'
import { createSender } from '../../src/events/sender.ts'
import { createTargetAddresses } from '../../src/events/target-addresses.ts'
import { createDeliveryQueue } from '../../src/persistence/events/delivery-queue.ts'
import { createDatabase } from '../../src/persistence/pool/database.ts'
import { createCertificate } from '../support/certificate.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { hangMs, isShort } from '../support/event-load.ts'
import { adminTypes, insertSubscription, switchOn } from '../support/events.ts'

// How many events one instance delivers in a second, from a backlog to one endpoint in another process. It prints the
// figures of docs/performance.md. The long form fails only far below them, because machines differ.

const backlog = isShort ? 1_500 : 5_000
const certificate = createCertificate('127.0.0.1')
const authorities = tls.getCACertificates('default')

let database: TestDatabase
let receivers: ChildProcess[]
beforeAll(async () => {
  receivers = []
  database = await createTestDatabase()
  await database.query(switchOn)
  tls.setDefaultCACertificates([...authorities, certificate.cert])
})
afterAll(async () => {
  tls.setDefaultCACertificates(authorities)
  for (const receiver of receivers) receiver.kill()
  await database.drop()
})

async function startReceiver(library: 'http' | 'https'): Promise<string> {
  const script = `
    const options = ${JSON.stringify(certificate)}
    const answer = (request, response) => request.resume().on('end', () => response.writeHead(204).end())
    const server = require('node:${library}').createServer(options, answer)
    server.listen(0, '127.0.0.1', () => console.log(server.address().port))`
  const receiver = spawn(process.execPath, ['--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  receivers.push(receiver)
  const [line] = (await once(receiver.stdout ?? receiver, 'data')) as [Buffer] // its port
  return `${library}://127.0.0.1:${Number(line)}/`
}

test.each(['http', 'https'] as const)('a backlog goes out over %s', { timeout: 2 * hangMs }, async (library) => {
  await database.query('DELETE FROM event_deliveries; DELETE FROM event_subscriptions')
  await insertSubscription(database, { url: await startReceiver(library) })
  await database.query(
    `INSERT INTO connection_changes (connection_id, client_id, consumer_id, version, kind, redirect_uri_before,
                                     redirect_uri_after, door, changed_at)
     SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 2, 'UPDATED', 'https://before.example.ua/callback',
            'https://after.example.ua/callback', 'EXTERNAL', clock_timestamp() FROM generate_series(1, $1)`,
    [backlog],
  )
  const own = createDatabase(database.url, databaseDefaults, { isKeyed: true })
  const counts = createEventCounts()
  const deps = {
    queue: createDeliveryQueue(own, adminTypes),
    sender: createSender({ addresses: createTargetAddresses(['127.0.0.1']) }),
    signingKey: Buffer.alloc(32, 1),
    source: 'https://gateway.example.ua',
    counts,
    log: { info: () => {}, warn: () => {} },
  }
  const relay = createRelay(deps, directDispatch(deps))
  const startedAt = performance.now()
  const cpuBefore = process.cpuUsage()
  let seconds = 0
  let cpu = cpuBefore
  try {
    relay.start()
    await vi.waitFor(() => expect(counts.delivered).toBeGreaterThanOrEqual(backlog), { timeout: hangMs, interval: 10 })
    seconds = (performance.now() - startedAt) / 1_000
    cpu = process.cpuUsage(cpuBefore)
  } finally {
    await relay.close()
    await own.close()
  }
  const perSecond = Math.round(backlog / seconds)
  const each = Math.round((cpu.user + cpu.system) / backlog)
  process.stdout.write(
    `Events: ${perSecond} deliveries in a second over ${library}, ${each} µs of the gateway's CPU each.\n`,
  )
  expect(await database.query('SELECT state, count(*)::int FROM event_deliveries GROUP BY state')).toEqual([
    { state: 'DELIVERED', count: backlog },
  ])
  if (!isShort) expect(perSecond).toBeGreaterThan(100)
})
