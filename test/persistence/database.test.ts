import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { DatabaseConfig } from '../../src/config/shape.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'

const config: DatabaseConfig = {
  ...databaseDefaults,
  poolMax: 3,
  connectTimeoutMs: 10_000,
  statementTimeoutMs: 5_000,
  lockTimeoutMs: 5_000,
}

let db: TestDatabase
let connectionId: string
let clientId: string
beforeAll(async () => {
  db = await createTestDatabase()
  clientId = await db.insertClient({ type: 'MSP' })
  const consumerId = await db.insertClient({ type: 'MIS' })
  connectionId = await db.insertConnection({ clientId, consumerId, redirectUri: 'https://a.ua/', secret: 'the-secret' })
  await db.query(`UPDATE clients SET secret = 'a-client-secret'`)
  await db.query(
    `INSERT INTO tokens (id, name, value, inserted_at, updated_at) VALUES ($1, 'refresh', 'a-token', now(), now())`,
    [clientId],
  )
})
afterAll(() => db.drop())

const opened: Database[] = []
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close()
})
function open(url = db.url, more: Partial<DatabaseConfig> = {}, onIdleError?: (error: Error) => void): Database {
  const database = createDatabase(url, { ...config, ...more }, onIdleError && { onIdleError })
  opened.push(database)
  return database
}

/** The gateway's connections, as the server sees them. */
const backends = () =>
  db.query<{ pid: number; state: string }>(
    `SELECT pid, state FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'mithril-connection-gateway'`,
  )
const sleep = (database: Database, seconds: number) =>
  database.run((prisma) => prisma.$queryRaw`SELECT pg_sleep(${seconds})::text AS slept`)

describe('the pool', () => {
  test('the pool opens no connection before the first query', async () => {
    const proxy = await startPostgresProxy(db.url)
    try {
      await proxy.stop()
      const database = open(proxy.url)
      await delay(20)
      await expect(database.query('SELECT 1')).rejects.toMatchObject({ refusal: 'unavailable' })
      await proxy.start()
      expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
    } finally {
      await proxy.close()
    }
  })

  test('the pool closes without any use', async () => {
    await createDatabase(db.url, config).close()
  })

  test('the pool never has more connections than its limit', async () => {
    const database = open(db.url, { queueTimeoutMs: 10_000 })
    let most = 0
    const work = Promise.all(Array.from({ length: 20 }, () => sleep(database, 0.02)))
    let done = false
    void work.finally(() => {
      done = true
    })
    while (!done) most = Math.max(most, (await backends()).length)
    expect(await work).toHaveLength(20)
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(3)
  })

  test('the pool survives the end of idle connections, tells of it, and serves the next query', async () => {
    const broken: Error[] = []
    const database = open(db.url, {}, (error) => broken.push(error))
    await Promise.all([sleep(database, 0.05), sleep(database, 0.05)])
    expect(await backends()).toHaveLength(2)

    for (const { pid } of await backends()) await db.query('SELECT pg_terminate_backend($1, 5000)', [pid])
    await vi.waitFor(() => expect(broken.length).toBeGreaterThanOrEqual(2), { timeout: 30_000, interval: 5 })

    expect(broken.map((error) => error.message)).toContain('terminating connection due to administrator command')
    expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('the pool survives the end of idle connections without a listener', async () => {
    const database = open()
    await database.query('SELECT 1')
    for (const { pid } of await backends()) await db.query('SELECT pg_terminate_backend($1, 5000)', [pid])
    await delay(20)
    expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('the pool sets its limits and its name on the server', async () => {
    const [row] = await open(db.url, { statementTimeoutMs: 1_234, lockTimeoutMs: 567 }).query(
      `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
              current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('application_name') AS name`,
    )
    expect(row).toEqual({ statement: '1234ms', lock: '567ms', idle: '1234ms', name: 'mithril-connection-gateway' })
  })
})

describe('more work than the pool can take', () => {
  const none = { queue_full: 0, queue_timeout: 0, event_loop: 0 }
  const shedBecause = (reason: string) => ({
    refusal: 'unavailable',
    details: { retryAfter: expect.any(Number) },
    cause: { reason },
  })

  test('work waits in one queue, which is bounded in length and time', async () => {
    const database = open(db.url, { poolMax: 1, queueMax: 2, queueTimeoutMs: 300 })
    const running = sleep(database, 1)
    await vi.waitFor(() => expect(database.load()).toMatchObject({ inUse: 1, waiting: 0 }), { timeout: 30_000 })
    const waiting = [database.rows('SELECT to_json(1)', []), database.run((prisma) => prisma.connection.count())].map(
      (work) => work.catch((error: unknown) => error),
    )
    await vi.waitFor(() => expect(database.load()).toMatchObject({ inUse: 1, waiting: 2, shed: none }), {
      timeout: 30_000,
      interval: 1,
    })

    await expect(database.rows('SELECT to_json(1)', [])).rejects.toMatchObject(shedBecause('queue_full'))
    expect(await Promise.all(waiting)).toMatchObject([shedBecause('queue_timeout'), shedBecause('queue_timeout')])
    expect(await running).toEqual([{ slept: '' }])
    expect(await database.rows('SELECT to_json(1)', [])).toEqual([1])
    expect(database.load()).toEqual({
      inUse: 0,
      idle: 1,
      waiting: 0,
      shed: { queue_full: 1, queue_timeout: 2, event_loop: 0 },
    })
  })

  test('work gives its place back after success and failure', async () => {
    const database = open(db.url, { poolMax: 1, queueMax: 0 })
    await expect(database.rows('SELECT 1 / 0', [])).rejects.toBeDefined()
    await expect(database.run(() => Promise.reject(new Error('of ours')))).rejects.toThrow('of ours')
    expect(await database.rows('SELECT to_json(1)', [])).toEqual([1])
  })

  test('checks are answered while the pool is full', async () => {
    const database = open(db.url, { poolMax: 1, queueMax: 0, connectTimeoutMs: 300 })
    const running = sleep(database, 1)
    await vi.waitFor(() => expect(database.load().inUse).toBe(1), { timeout: 30_000 })
    expect(await Promise.all([database.query('SELECT 1 AS one'), database.query('SELECT 2 AS two')])).toEqual([
      [{ one: 1 }],
      [{ two: 2 }],
    ])
    expect(database.load().shed).toEqual(none)
    await running
  })

  test('under overload work does not begin, and checks do', async () => {
    let overloaded = true
    const database = createDatabase(db.url, config, {
      pressure: { isBusy: () => false, isOverloaded: () => overloaded },
    })
    opened.push(database)
    await expect(database.rows('SELECT to_json(1)', [])).rejects.toMatchObject(shedBecause('event_loop'))
    expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
    overloaded = false
    expect(await database.rows('SELECT to_json(1)', [])).toEqual([1])
  })
})

describe('closing', () => {
  test('closing waits for statements in flight', async () => {
    const database = createDatabase(db.url, config)
    await database.query('SELECT 1')
    let answered = false
    const work = sleep(database, 0.2).then((rows) => {
      answered = true
      return rows
    })
    await vi.waitFor(async () => expect((await backends()).filter(({ state }) => state === 'active')).toHaveLength(1), {
      timeout: 30_000,
    })
    const closed = database.close()
    expect(await work).toEqual([{ slept: '' }])
    await closed
    expect(answered).toBe(true)
    await vi.waitFor(async () => expect(await backends()).toEqual([]), { timeout: 30_000 })
  })

  test('closing does not hang on a frozen server', async () => {
    const proxy = await startPostgresProxy(db.url)
    try {
      const database = createDatabase(proxy.url, { ...config, statementTimeoutMs: 100 })
      await database.query('SELECT 1')
      proxy.freeze()
      const work = database.query('SELECT 1').catch((error: unknown) => error)
      await database.close()
      expect(await work).toMatchObject({ refusal: 'unavailable' })
    } finally {
      await proxy.close()
    }
  })
})

test('each connection prepares a statement once, and at most 500 of them', async () => {
  const database = open(db.url, { poolMax: 1 })
  for (let number = 0; number < 520; number++) {
    const rows = await database.run((prisma) => prisma.$queryRawUnsafe(`SELECT ${number} AS number`))
    expect(rows).toEqual([{ number }])
  }
  // The unnamed statement does not stay.
  const [row] = await database.query(
    `SELECT count(*)::int AS prepared FROM pg_prepared_statements WHERE name LIKE 'gateway_%'`,
  )
  expect(row).toEqual({ prepared: 500 })
  expect(await database.run((prisma) => prisma.$queryRawUnsafe('SELECT 3 AS number'))).toEqual([{ number: 3 }])
})

describe('secrets stay in the database, even for a query that forgets to say what it wants:', () => {
  test('a query without a selection answers no secret of a connection', async () => {
    expect(await open().run((prisma) => prisma.connection.findFirst())).toEqual({
      id: connectionId,
      clientId,
      consumerId: expect.any(String),
      redirectUri: 'https://a.ua/',
      version: 1,
      insertedAt: expect.any(Date),
      updatedAt: expect.any(Date),
    })
  })

  test('a query without a selection answers no secret of a client, a relation, a token or a write', async () => {
    const database = open()
    const found = [
      await database.run((prisma) => prisma.client.findMany({ include: { connections: true, consumers: true } })),
      await database.run((prisma) => prisma.token.findMany()),
      await database.run((prisma) =>
        prisma.connection.update({ where: { id: connectionId }, data: { updatedAt: new Date() } }),
      ),
      await database.run((prisma) => prisma.connection.findMany({ include: { client: true, consumer: true } })),
    ]
    expect(JSON.stringify(found)).toContain(connectionId)
    expect(JSON.stringify(found)).not.toMatch(/secret|privSettings|DIRECT|a-token/)
  })

  test('the SQL of a query without a selection names no secret', async () => {
    const proxy = await startPostgresProxy(db.url)
    try {
      const database = open(proxy.url)
      await database.run((prisma) => prisma.connection.findFirst())
      await database.run((prisma) => prisma.client.findMany())
      expect(proxy.statements.length).toBeGreaterThanOrEqual(2)
      expect(proxy.statements.filter((sql) => /secret|priv_settings/.test(sql))).toEqual([])
    } finally {
      await proxy.close()
    }
  })
})
