import { readFile } from 'node:fs/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { switchEvents } from '../../src/persistence/events/event-switch.ts'
import { gather } from '../../src/persistence/events/gather.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { insertSubscription } from '../support/events.ts'
import { median } from '../support/processor-time.ts'

// What events cost an update: the CPU time of the session that makes it. Each round has the states in another order.

const rounds = Number(process.env['EVENT_COST_ROUNDS'] ?? 60)
const updates = 400

let database: TestDatabase
let session: Client
let connectionId: string
beforeAll(async () => {
  database = await createTestDatabase()
  const clientId = await database.insertClient({ type: 'MSP' })
  const consumerId = await database.insertClient({ type: 'MIS' })
  connectionId = await database.insertConnection({ clientId, consumerId, redirectUri: 'https://a.example.ua/' })
  session = new Client({ connectionString: database.url })
  await session.connect()
})
afterAll(async () => {
  await session.end()
  await database.drop()
})

const states = {
  off: () => switchEvents(database.url, false),
  offAgain: () => switchEvents(database.url, false),
  withoutSubscription: () => switchEvents(database.url, true),
  withOne: async () => {
    await switchEvents(database.url, true)
    await insertSubscription(database)
  },
}
type State = keyof typeof states

async function update(times: number): Promise<void> {
  for (let count = 0; count < times; count++)
    await session.query({
      name: 'update',
      text: `UPDATE connections SET redirect_uri = 'https://a.example.ua/' || version, version = version + 1
              WHERE id = $1`,
      values: [connectionId],
    })
}

/** Microseconds of CPU for one update. */
async function costOfUpdate(pid: number): Promise<number> {
  // The first field of schedstat is the time on a processor, in nanoseconds (Linux, sched-stats.rst).
  const spent = async () => Number((await readFile(`/proc/${pid}/schedstat`, 'utf8')).split(' ')[0]) / 1_000
  await update(60)
  const before = await spent()
  await update(updates)
  return ((await spent()) - before) / updates
}

test('an update costs at most 3 % more without a subscription, and at most 15 % more with one', {
  timeout: 600_000,
  retry: 0,
}, async () => {
  const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const costs: Record<State, number[]> = { off: [], offAgain: [], withoutSubscription: [], withOne: [] }
  const names = Object.keys(states) as State[]
  for (let round = 0; round < rounds; round++)
    for (const at of names.keys()) {
      const name = names[(at * (round % 2 === 0 ? 1 : 3) + round) % names.length] ?? 'off'
      await database.query('DELETE FROM event_subscriptions')
      await states[name]()
      costs[name].push(await costOfUpdate(rows[0]?.pid ?? 0))
      await database.query(gather)
      await database.query('TRUNCATE event_deliveries, event_inbox')
      await database.query('VACUUM connections')
    }
  const lowest = (name: State) => costs[name].toSorted((a, b) => a - b)[Math.floor(rounds / 10)] ?? 0
  const ratios = (name: State) => ({
    median: median(costs[name].map((cost, round) => cost / (costs.off[round] ?? 0))),
    lowerTenth: lowest(name) / lowest('off'),
  })
  const found = {
    offAgain: ratios('offAgain'),
    withoutSubscription: ratios('withoutSubscription'),
    withOne: ratios('withOne'),
  }
  process.stdout.write(`Ratios to an update with events off, of ${rounds} rounds: ${JSON.stringify(found)}\n`)
  // Two states that do the same differ by the noise of the machine. Either figure may have more of it.
  const noise = Math.abs(found.offAgain.median - 1)
  const least = ({ median, lowerTenth }: ReturnType<typeof ratios>) => Math.min(median, lowerTenth)
  expect(least(found.withoutSubscription)).toBeLessThan(1.03 + noise)
  expect(least(found.withOne)).toBeLessThan(1.15 + noise)
})
