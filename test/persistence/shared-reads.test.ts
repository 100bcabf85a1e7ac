import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { DatabaseConfig } from '../../src/config/shape.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())

const opened: Database[] = []
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close()
})
function open(url = db.url, more: Partial<DatabaseConfig> = {}): Database {
  const database = createDatabase(url, { ...databaseDefaults, poolMax: 5, queueTimeoutMs: 10_000, ...more })
  opened.push(database)
  return database
}

const backend = 'SELECT to_json(pg_backend_pid()) WHERE $1::text IS NOT NULL'
const number = 'SELECT to_json($1::int)'
const division = 'SELECT to_json(10 / $1::int)'
const numbers = Array.from({ length: 40 }, (_, index) => index + 1)

describe('short reads', () => {
  test('short reads share one connection at a time, and each gets its own answer', async () => {
    const database = open()
    const backends = await Promise.all(numbers.map(() => database.read<number>(backend, [''])))
    expect(new Set(backends.flat()).size).toBe(1)
    expect(await Promise.all(numbers.map((value) => database.read(number, [value])))).toEqual(
      numbers.map((value) => [value]),
    )
    expect(database.load()).toMatchObject({ inUse: 0, idle: 1, waiting: 0 })
  })

  test('short reads behind PgBouncer and other statements have a connection of their own', async () => {
    const [pooled, plain] = [open(db.url, { pooler: 'pgbouncer' }), open()]
    for (const run of [pooled.read, plain.rows]) {
      const backends = await Promise.all(
        [1, 2, 3].map(() => run<number>(`${backend} AND pg_sleep(0.2) IS NOT NULL`, [''])),
      )
      expect(new Set(backends.flat()).size).toBe(3)
    }
  })

  test('an error of PostgreSQL meets only its own read, and the connection stays', async () => {
    const database = open()
    const [before] = await database.read<number>(backend, [''])
    const answers = await Promise.allSettled([5, 0, 2, 0, 1].map((divisor) => database.read(division, [divisor])))
    expect(answers).toMatchObject([
      { value: [2] },
      { reason: { code: '22012' } },
      { value: [5] },
      { reason: { code: '22012' } },
      { value: [10] },
    ])
    expect(await database.read<number>(backend, [''])).toEqual([before])
  })

  test('the end of the connection refuses all its reads, and the next read gets another connection', async () => {
    const database = open()
    const [pid] = await database.read<number>(backend, [''])
    const reads = [1, 2, 3].map(() => database.read(`${backend} AND pg_sleep(5) IS NOT NULL`, ['']))
    const settled = Promise.allSettled(reads)
    await delay(100)
    await db.query('SELECT pg_terminate_backend($1, 5000)', [pid])
    for (const answer of await settled) expect(answer).toMatchObject({ reason: { refusal: 'unavailable' } })
    const [next] = await database.read<number>(backend, [''])
    expect(next).not.toBe(pid)
  })

  test('a database that does not answer refuses all reads in time, and none of them later', async () => {
    const proxy = await startPostgresProxy(db.url)
    try {
      const database = open(proxy.url, { statementTimeoutMs: 100, poolMax: 3, queueTimeoutMs: 300 })
      expect(await database.read(number, [1])).toEqual([1])
      proxy.freeze()
      const answers = await Promise.allSettled(numbers.map((value) => database.read(number, [value])))
      for (const answer of answers) expect(answer).toMatchObject({ reason: { refusal: 'unavailable' } })
      proxy.thaw()
      expect(await database.read(number, [7])).toEqual([7])
    } finally {
      await proxy.close()
    }
  })

  test('reads that go out together have one reason if their statement cannot be prepared', async () => {
    const database = open()
    const answers = await Promise.allSettled([1, 2, 3].map(() => database.read('SELECT to_json(no_column)', [])))
    for (const answer of answers) expect(answer).toMatchObject({ reason: { code: '42703' } })
    expect(await database.read(number, [1])).toEqual([1])
  })

  test('an error right behind the start of a connection refuses the read, and ends nothing', async () => {
    const message = (type: string, body: string) => {
      const length = Buffer.alloc(4)
      length.writeInt32BE(body.length + 4)
      return Buffer.concat([Buffer.from(type), length, Buffer.from(body)])
    }
    const answer = Buffer.concat([
      message('R', '\0\0\0\0'), // AuthenticationOk
      message('Z', 'I'), // ReadyForQuery
      message('E', 'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'),
    ])
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(answer))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const database = open(`postgresql://u:p@127.0.0.1:${port}/d`)
    // vitest fails the run on an uncaught exception.
    for (const run of [database.read, database.rows])
      await expect(run(number, [1])).rejects.toMatchObject({ refusal: 'unavailable' })
    server.close()
  })

  test('a connection that has lost its prepared statements is given up', async () => {
    const database = open()
    const [pid] = await database.read<number>(backend, [''])
    await database.query('DEALLOCATE ALL')
    await expect(database.read(backend, [''])).rejects.toMatchObject({ refusal: 'unavailable' })
    const [next] = await database.read<number>(backend, [''])
    expect(next).not.toBe(pid)
  })

  test('an array reaches PostgreSQL with its quotes, backslashes, commas and braces', async () => {
    const values = ['a"b', 'a\\b', '{a,b}', '', 'NULL', ' a ', 'ї']
    expect(await open().read('SELECT to_json($1::text[])', [values])).toEqual([values])
  })
})
