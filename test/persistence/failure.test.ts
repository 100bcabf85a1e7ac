import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { DatabaseConfig } from '../../src/config/shape.ts'
import { GatewayError } from '../../src/domain/errors.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { classifyFailure, type Failure, toRefusal } from '../../src/persistence/pool/failure.ts'
import { createConnectionStore } from '../../src/persistence/stores/connection-store.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { type PostgresProxy, startPostgresProxy } from '../support/postgres-proxy.ts'

// Every error here is one that a real PostgreSQL, driver and Prisma have thrown.

const config: DatabaseConfig = {
  ...databaseDefaults,
  poolMax: 2,
  connectTimeoutMs: 400,
  statementTimeoutMs: 5_000,
  lockTimeoutMs: 5_000,
}
type Work = Parameters<Database['run']>[0]

let db: TestDatabase
let name: string
let connectionId: string
let clientId: string
const role = `gateway_${randomBytes(4).toString('hex')}`

beforeAll(async () => {
  db = await createTestDatabase()
  name = new URL(db.url).pathname.slice(1)
  await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'right'`)
  await db.query(`GRANT SELECT, UPDATE ON connections TO ${role}`)
  clientId = await db.insertClient({ type: 'MSP' })
  const consumerId = await db.insertClient({ type: 'MIS' })
  connectionId = await db.insertConnection({ clientId, consumerId, redirectUri: 'https://before.example.ua/' })
})
afterAll(async () => {
  await db.query(`DROP OWNED BY ${role}`)
  await db.query(`DROP ROLE ${role}`)
  await db.drop()
})

/** What is to be closed after each test, the last one first. */
const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  // A backend does not notice that its client is gone before its statement has ended.
  await db.query(
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'mithril-connection-gateway'`,
  )
})

function open(url: string, more: Partial<DatabaseConfig> = {}): Database {
  const database = createDatabase(url, { ...config, ...more })
  cleanups.push(() => database.close())
  return database
}

async function proxied(url = db.url): Promise<PostgresProxy> {
  const proxy = await startPostgresProxy(url)
  cleanups.push(() => proxy.close())
  return proxy
}

/** Another session, that of somebody who holds locks. */
async function session(): Promise<Client> {
  const client = new Client({ connectionString: db.url })
  client.on('error', () => {})
  await client.connect()
  cleanups.push(() => client.end())
  return client
}

/** A lock of somebody else's, released after the test at the latest. */
async function held(lock: Promise<() => Promise<void>>): Promise<() => Promise<void>> {
  const release = await lock
  cleanups.push(release)
  return release
}

const asRole = (password = 'right') => Object.assign(new URL(db.url), { username: role, password }).href

/** A statement by the typed client, by its raw door, or as a text straight through the driver adapter. */
type Statement = Work | string

const typed: Work = (prisma) =>
  prisma.connection.findUnique({ where: { id: connectionId, clientId }, select: { id: true } })
const raw: Work = (prisma) => prisma.$queryRaw`SELECT id FROM connections WHERE id = ${connectionId}::uuid`
const direct = 'SELECT id FROM connections'
const sleep: Work = (prisma) => prisma.$queryRaw`SELECT pg_sleep(4)::text`
const directSleep = 'SELECT pg_sleep(4)::text'
const directWrite = 'UPDATE connections SET updated_at = updated_at'
const write: Work = (prisma) =>
  prisma.$queryRaw`UPDATE connections SET updated_at = updated_at WHERE id = ${connectionId}::uuid RETURNING id`

/** What was thrown, inside and outside of the database's own handling, and how it was judged. */
async function provoke(
  database: Database,
  statement: Statement,
): Promise<{ failure: Failure; inner: unknown; outer: unknown }> {
  let inner: unknown
  const attempt =
    typeof statement === 'string'
      ? database.rows(statement, [])
      : database.run(async (prisma) => {
          try {
            return await statement(prisma)
          } catch (error) {
            inner = error
            throw error
          }
        })
  const outer = await attempt.then(
    (value) => expect.fail(`nothing failed, the answer is ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
  if (typeof statement === 'string') inner = outer instanceof GatewayError ? outer.cause : outer
  return { failure: classifyFailure(inner), inner, outer }
}

async function expectUnavailable(database: Database, ...works: Statement[]): Promise<void> {
  for (const work of works) {
    const { failure, inner, outer } = await provoke(database, work)
    expect(failure, String(inner)).toBe('unavailable')
    expect(outer).toBeInstanceOf(GatewayError)
    expect(outer).toMatchObject({ refusal: 'unavailable', details: { retryAfter: 1 }, cause: inner })
  }
}

async function expectFault(database: Database, ...works: Statement[]): Promise<void> {
  for (const work of works) {
    const { failure, inner, outer } = await provoke(database, work)
    expect(failure, String(inner)).toBe('fault')
    expect(outer).toBe(inner)
  }
}

/** The same object serves again, by itself, within what is promised. */
async function expectRecovery(database: Database): Promise<void> {
  await vi.waitFor(() => database.run(typed), { timeout: 30_000, interval: 20 })
  expect(await database.run(typed)).toEqual({ id: connectionId })
  expect(await database.run(raw)).toEqual([{ id: connectionId }])
  expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
}

/** The gateway's backends that are busy with a statement, once there is one. */
async function busyBackends(): Promise<number[]> {
  return vi.waitFor(
    async () => {
      const rows = await db.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'mithril-connection-gateway' AND state = 'active'`,
      )
      if (rows.length === 0) throw new Error('no statement is running')
      return rows.map((row) => row.pid)
    },
    { timeout: 30_000, interval: 5 },
  )
}

const kill = async () => {
  for (const pid of await busyBackends()) await db.query('SELECT pg_terminate_backend($1)', [pid])
}

/** A setting for connections made from now on. */
async function setting(assignment: string): Promise<() => Promise<unknown>> {
  await db.query(`ALTER DATABASE ${name} SET ${assignment}`)
  const reset = () => db.query(`ALTER DATABASE ${name} RESET ALL`)
  cleanups.push(reset)
  return reset
}

describe('unavailable, and served again afterwards:', () => {
  describe('the way there', () => {
    test('no server listens', async () => {
      const proxy = await proxied()
      const database = open(proxy.url)
      await proxy.stop()
      await expectUnavailable(database, typed, raw, direct)
      await expect(database.query('SELECT 1')).rejects.toMatchObject({ refusal: 'unavailable' })
      await proxy.start()
      await expectRecovery(database)
    })

    test('no server listens any more, at either address of a name', async () => {
      const proxy = await proxied()
      const database = open(Object.assign(new URL(proxy.url), { hostname: 'localhost' }).href)
      await proxy.stop()
      await expectUnavailable(database, typed, raw, direct)
      await proxy.start()
      await expectRecovery(database)
    })

    test.each([
      ['the name is unknown', () => Object.assign(new URL(db.url), { hostname: 'nowhere.invalid' }).href],
      ['the socket file is missing', () => `postgresql://${role}@/${name}?host=/nowhere/at/all`],
      ['the server has no TLS and is asked for it', () => `${db.url}?sslmode=no-verify`],
    ])('%s', async (_name, url) => {
      await expectUnavailable(open(url(), { connectTimeoutMs: 2_000 }), typed, raw, direct)
    })

    test.each<[string, string]>([
      ['HTTP', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'],
      ['nothing and hangs up', ''],
    ])('whoever listens answers %s', async (_name, answer) => {
      const stranger = createServer((socket) => socket.on('error', () => {}).end(answer)).listen(0, '127.0.0.1')
      await once(stranger, 'listening')
      cleanups.push(async () => stranger.close())
      const url = Object.assign(new URL(db.url), {
        hostname: '127.0.0.1',
        port: (stranger.address() as AddressInfo).port,
      }).href
      await expectUnavailable(open(url), typed, raw, direct)
    })

    test.each([
      ['an alert: no cipher, certificate or version that both know', Buffer.from([0x15, 3, 3, 0, 2, 2, 0x28])],
      ['an alert of another version', Buffer.from([0x15, 3, 3, 0, 2, 2, 0x46])],
      ['what is no TLS', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
      ['nothing and hangs up', Buffer.alloc(0)],
    ])('whoever listens agrees to TLS and answers %s', async (_name, answer) => {
      const stranger = createServer((socket) => {
        socket.on('error', () => {})
        socket.once('data', () => {
          socket.write('S')
          socket.once('data', () => socket.end(answer))
        })
      }).listen(0, '127.0.0.1')
      await once(stranger, 'listening')
      cleanups.push(async () => stranger.close())
      const port = (stranger.address() as AddressInfo).port
      const url = Object.assign(new URL(db.url), { hostname: '127.0.0.1', port, search: 'sslmode=no-verify' }).href
      await expectUnavailable(open(url), typed, raw, direct)
    })

    // A network can be made to answer so by root only, in a namespace of its own.
    test.each([
      'EACCES',
      'EPERM',
      'EINVAL',
      'ENETDOWN',
      'EHOSTDOWN',
      'ENOBUFS',
      'EAI_FAIL',
      'ERR_SSL_WRONG_VERSION_NUMBER',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'CERT_HAS_EXPIRED',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'HOSTNAME_MISMATCH',
    ])('connecting ends with %s', (code) => {
      expect(classifyFailure(Object.assign(new Error('connect'), { code }))).toBe('unavailable')
    })

    test('connecting is never answered (black hole)', async () => {
      const proxy = await proxied()
      proxy.freeze()
      const database = open(proxy.url)
      await expectUnavailable(database, typed, raw, direct)
      proxy.thaw()
      await expectRecovery(database)
    })

    test.each<[string, Statement]>([
      ['typed', typed],
      ['raw', raw],
      ['direct', direct],
    ])(
      'the backend freezes before a %s statement: only our own clock helps',
      { timeout: 10_000 },
      async (_name, work) => {
        const proxy = await proxied()
        const database = open(proxy.url, { statementTimeoutMs: 100 })
        await database.run(typed)
        proxy.freeze()
        await expectUnavailable(database, work)
        proxy.thaw()
        await expectRecovery(database)
      },
    )

    const closed = (proxy: PostgresProxy) => proxy.cut()
    const reset = (proxy: PostgresProxy) => proxy.stop().then(proxy.start)
    test.each<[string, string, (proxy: PostgresProxy) => unknown, Statement]>([
      ['closed', 'typed', closed, typed],
      ['closed', 'raw', closed, sleep],
      ['closed', 'direct', closed, directSleep],
      ['reset', 'typed', reset, typed],
      ['reset', 'raw', reset, sleep],
      ['reset', 'direct', reset, directSleep],
    ])('the connection is %s in the middle of a %s statement', async (_end, _kind, interrupt, work) => {
      const proxy = await proxied()
      const database = open(proxy.url)
      const release = await held(db.hold('LOCK TABLE connections IN ACCESS EXCLUSIVE MODE'))
      const judged = expectUnavailable(database, work)
      await busyBackends()
      await interrupt(proxy)
      await judged
      await release()
      await expectRecovery(database)
    })

    test('the connection breaks while it is idle, and its end has not been noticed', async () => {
      const proxy = await proxied()
      const database = open(proxy.url, { poolMax: 1 })
      await database.run(typed)
      proxy.cut()
      // Whether this one still meets the dead connection is chance; what it may not be is a fault.
      await database.run(raw).catch((error: unknown) => expect(error).toMatchObject({ refusal: 'unavailable' }))
      await expectRecovery(database)
    })
  })

  describe('the server', () => {
    test.each<[string, Statement]>([
      ['typed', typed],
      ['raw', sleep],
      ['direct', directSleep],
    ])('kills the backend during a %s statement', async (_name, work) => {
      const database = open(db.url)
      const release = await held(db.hold('LOCK TABLE connections IN ACCESS EXCLUSIVE MODE'))
      const judged = expectUnavailable(database, work)
      await kill()
      await judged
      await release()
      await expectRecovery(database)
    })

    test('cancels the statement at its own limit', async () => {
      const database = open(db.url, { statementTimeoutMs: 100 })
      const release = await held(db.hold('LOCK TABLE connections IN ACCESS EXCLUSIVE MODE'))
      await expectUnavailable(database, sleep, directSleep, typed, raw, direct)
      await release()
      await expectRecovery(database)
    })

    test('waits for a locked row no longer than it may', async () => {
      const database = open(db.url, { lockTimeoutMs: 100 })
      const store = createConnectionStore(database)
      const release = await held(db.lockConnection(connectionId))
      await expectUnavailable(database, write, directWrite)
      const author = {
        caller: { clientId, clientType: 'MSP', scopes: [], userId: null },
        door: 'REST',
        requestId: 'r',
      } as const
      await expect(
        store.updateRedirectUri({
          clientId,
          connectionId,
          redirectUri: 'https://after.example.ua/',
          expectedVersions: null,
          revertedChangeId: null,
          author: { ...author },
        }),
      ).rejects.toMatchObject({ refusal: 'unavailable' })
      await release()
      await expectRecovery(database)
      expect(await db.query('SELECT FROM connection_changes')).toEqual([])
    })

    test('has too many connections of our role', async () => {
      await db.query(`ALTER ROLE ${role} CONNECTION LIMIT 0`)
      const database = open(asRole())
      await expectUnavailable(database, typed, raw, direct)
      await db.query(`ALTER ROLE ${role} CONNECTION LIMIT -1`)
      await expectRecovery(database)
    })

    test('has too many connections to our database', async () => {
      await db.query(`ALTER DATABASE ${name} CONNECTION LIMIT 0`)
      cleanups.push(() => db.query(`ALTER DATABASE ${name} CONNECTION LIMIT -1`))
      const database = open(asRole())
      await expectUnavailable(database, typed, raw, direct)
      await db.query(`ALTER DATABASE ${name} CONNECTION LIMIT -1`)
      await expectRecovery(database)
    })

    test('takes no connections to our database', async () => {
      const admin = await createTestDatabase({ empty: true })
      cleanups.push(admin.drop)
      const database = open(db.url)
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`)
      await expectUnavailable(database, typed, raw, direct)
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`)
      await expectRecovery(database)
    })

    test('is read-only, as a standby is', async () => {
      const reset = await setting('default_transaction_read_only = on')
      const database = open(db.url)
      await expectUnavailable(database, write, directWrite, (prisma) =>
        prisma.connection.update({
          where: { id: connectionId },
          data: { updatedAt: new Date() },
          select: { id: true },
        }),
      )
      await reset()
      await expectRecovery(database)
      await vi.waitFor(() => database.run(write), { timeout: 30_000 })
    })

    test('has no room left for what it must put on disk', async () => {
      const reset = await setting("temp_file_limit = '64kB'")
      const database = open(db.url)
      const sort: Work = (prisma) =>
        prisma.$queryRaw`SELECT md5(n::text) FROM generate_series(1, 200000) AS n ORDER BY 1 DESC LIMIT 100000`
      await db.query(`ALTER DATABASE ${name} SET work_mem = '64kB'`)
      await expectUnavailable(database, sort)
      await reset()
      await expectRecovery(database)
    })
  })

  describe('our place in it', () => {
    test('the password is wrong', async () => {
      const database = open(asRole('wrong'))
      await expectUnavailable(database, typed, raw, direct)
      await db.query(`ALTER ROLE ${role} PASSWORD 'wrong'`)
      await expectRecovery(database)
      await db.query(`ALTER ROLE ${role} PASSWORD 'right'`)
    })

    test('the password is missing', async () => {
      // Through a proxy, which closes the connections that pg leaves open after this until the server gives up, a
      // minute later.
      await expectUnavailable(open((await proxied(asRole(''))).url), typed, raw, direct)
    })

    test('the role may not log in, and has no place in pg_hba.conf', async () => {
      await db.query(`ALTER ROLE ${role} NOLOGIN`)
      const database = open(asRole())
      await expectUnavailable(database, typed, raw, direct)
      await db.query(`ALTER ROLE ${role} LOGIN`)
      await expectRecovery(database)
    })

    test('the database does not exist', async () => {
      const late = `${name}_late`
      const database = open(Object.assign(new URL(db.url), { pathname: `/${late}` }).href)
      cleanups.push(() => db.query(`DROP DATABASE IF EXISTS ${late} WITH (FORCE)`))
      await expectUnavailable(database, typed, raw, direct)
      await db.query(`CREATE DATABASE ${late} TEMPLATE template0`)
      await vi.waitFor(() => database.query('SELECT 1'), { timeout: 30_000 })
    })

    test('a table is missing while a migration is pending', async () => {
      const empty = await createTestDatabase({ empty: true })
      cleanups.push(empty.drop)
      const database = createDatabase(empty.url, config, { isMigrationPending: async () => true })
      cleanups.push(() => database.close())
      for (const work of [typed, raw, direct]) {
        const { inner, outer } = await provoke(database, work)
        expect(outer).toMatchObject({ refusal: 'unavailable', details: { retryAfter: 30 }, cause: inner })
      }
      await empty.query('CREATE TABLE connections (id uuid PRIMARY KEY, client_id uuid, secret text)')
      expect(await database.run(typed)).toBeNull()
      expect(await database.run(raw)).toEqual([])
    })
  })

  describe('the pool', () => {
    test('gives no connection in time', async () => {
      const database = open(db.url, { poolMax: 1, connectTimeoutMs: 200 })
      // Checks stand in no queue, so they can take every connection there is.
      const checks = [1, 2].map(() => database.query('SELECT pg_sleep(1.5)'))
      await vi.waitFor(() => expect(database.load().inUse).toBe(2), { timeout: 30_000 })
      await expectUnavailable(database, typed, raw, direct)
      await Promise.all(checks)
      await expectRecovery(database)
    })

    test('is exhausted by statements that wait for a lock', async () => {
      const database = open(db.url, { queueTimeoutMs: 100 })
      const release = await held(db.lockConnection(connectionId))
      const waiting = [database.run(write), database.run(write)]
      await db.untilLockWaited(2)
      for (const work of [() => database.run(typed), () => database.run(raw), () => database.rows(direct, [])])
        await expect(work()).rejects.toMatchObject({
          refusal: 'unavailable',
          cause: { reason: 'queue_timeout' },
        })
      await release()
      await Promise.all(waiting)
      await expectRecovery(database)
    })

    test('the pool has been closed', async () => {
      const database = createDatabase(db.url, config)
      await database.run(typed)
      await database.close()
      await expectUnavailable(database, typed, raw, direct)
    })

    test('gives no connection for a transaction', async () => {
      const proxy = await proxied()
      const database = open(proxy.url)
      const transaction: Work = (prisma) => prisma.$transaction([prisma.connection.count(), prisma.client.count()])
      await proxy.stop()
      await expectUnavailable(database, transaction)
      await proxy.start()
      await expectRecovery(database)
      expect(await database.run(transaction)).toEqual([1, 2])
    })
  })
})

describe('conflict, tried again and served:', () => {
  let rival: Client
  beforeEach(async () => {
    rival = await session()
  })

  /** Runs work whose first `losses` attempts lose, and notes how each was judged. */
  async function judgeAttempts(
    database: Database,
    work: (attempt: number) => Work,
  ): Promise<{ judged: Failure[]; outcome: unknown }> {
    const judged: Failure[] = []
    let attempt = 0
    const outcome = await database
      .run(async (prisma) => {
        attempt += 1
        try {
          return await work(attempt)(prisma)
        } catch (error) {
          judged.push(classifyFailure(error))
          throw error
        }
      })
      .catch((error: unknown) => error)
    return { judged, outcome }
  }

  /** A transaction that has read the row, and then finds it changed by somebody else. */
  const overtaken =
    (sql: string): Work =>
    (prisma) =>
      prisma.$transaction(
        async (transaction) => {
          await transaction.$queryRaw`SELECT redirect_uri FROM connections WHERE id = ${connectionId}::uuid`
          await rival.query('UPDATE connections SET updated_at = clock_timestamp() WHERE id = $1', [connectionId])
          return transaction.$queryRawUnsafe(sql)
        },
        { isolationLevel: 'RepeatableRead' },
      )
  const rawUpdate = () => `UPDATE connections SET updated_at = updated_at WHERE id = '${connectionId}' RETURNING id`

  test('a serialization failure is tried again', async () => {
    const { judged, outcome } = await judgeAttempts(open(db.url), (attempt) =>
      attempt === 1 ? overtaken(rawUpdate()) : raw,
    )
    expect(judged).toEqual(['conflict'])
    expect(outcome).toEqual([{ id: connectionId }])
  })

  test('a serialization failure of a typed write is tried again', async () => {
    const overtakenTyped: Work = (prisma) =>
      prisma.$transaction(
        async (transaction) => {
          await transaction.connection.findFirst({ select: { id: true } })
          await rival.query('UPDATE connections SET updated_at = clock_timestamp() WHERE id = $1', [connectionId])
          return transaction.connection.update({
            where: { id: connectionId },
            data: { updatedAt: new Date() },
            select: { id: true },
          })
        },
        { isolationLevel: 'RepeatableRead' },
      )
    const { judged, outcome } = await judgeAttempts(open(db.url), (attempt) => (attempt === 1 ? overtakenTyped : typed))
    expect(judged).toEqual(['conflict'])
    expect(outcome).toEqual({ id: connectionId })
  })

  test('a deadlock is tried again', async () => {
    const other = randomUUID()
    await db.insertConnection({
      id: other,
      clientId,
      consumerId: await db.insertClient({ type: 'MIS' }),
      redirectUri: 'https://a.ua',
    })
    await setting("deadlock_timeout = '10ms'")
    const database = open(db.url)
    // The rival finds out so late that it is always us who are chosen.
    await rival.query("SET deadlock_timeout = '20s'")
    const touch = (id: string) => `UPDATE connections SET updated_at = updated_at WHERE id = '${id}' RETURNING id`
    let rivals: Promise<unknown> = Promise.resolve()
    const embrace: Work = (prisma) =>
      prisma.$transaction(async (transaction) => {
        await rival.query('BEGIN')
        await rival.query(touch(other))
        await transaction.$queryRawUnsafe(touch(connectionId))
        rivals = rival.query(touch(connectionId)).then(() => rival.query('ROLLBACK'))
        await db.untilLockWaited()
        return transaction.$queryRawUnsafe(touch(other))
      })
    const { judged, outcome } = await judgeAttempts(database, (attempt) => (attempt === 1 ? embrace : raw))
    await rivals
    expect(judged).toEqual(['conflict'])
    expect(outcome).toEqual([{ id: connectionId }])
  })

  test('a conflict that happens again and again is unavailable in the end', async () => {
    const { judged, outcome } = await judgeAttempts(open(db.url), () => overtaken(rawUpdate()))
    expect(judged).toEqual(['conflict', 'conflict', 'conflict', 'conflict'])
    expect(outcome).toMatchObject({ refusal: 'unavailable', details: { retryAfter: 1 } })
  })

  const raise = (state: string): Work => {
    const block = `DO $$ BEGIN RAISE EXCEPTION 'raised' USING ERRCODE = '${state}'; END $$`
    return (prisma) => prisma.$executeRawUnsafe(block)
  }

  test('a transaction that PostgreSQL rolled back is tried again', async () => {
    for (const state of ['40000', '40001', '40P01']) {
      const { judged } = await judgeAttempts(open(db.url), (attempt) => (attempt === 1 ? raise(state) : raw))
      expect([state, judged]).toEqual([state, ['conflict']])
    }
  })

  test('a statement whose completion is unknown is unavailable, and is not tried again', async () => {
    const { judged, outcome } = await judgeAttempts(open(db.url), () => raise('40003'))
    expect(judged).toEqual(['unavailable'])
    expect(outcome).toMatchObject({ refusal: 'unavailable', details: { retryAfter: 1 } })
  })

  test('a constraint that a transaction violates at its end is a fault, and is not tried again', async () => {
    const { judged } = await judgeAttempts(open(db.url), () => raise('40002'))
    expect(judged).toEqual(['fault'])
  })
})

const clientType = { id: randomUUID(), name: 'TWICE', insertedAt: new Date(), updatedAt: new Date() }

describe('fault, passed on as it is, and never tried again:', () => {
  test.each<[string, Work]>([
    ['a unique violation', (prisma) => prisma.clientType.create({ data: clientType })],
    [
      'a unique violation in raw SQL',
      (prisma) => prisma.$executeRaw`INSERT INTO client_types SELECT * FROM client_types`,
    ],
    [
      'a foreign key violation',
      (prisma) =>
        prisma.connection.update({
          where: { id: connectionId },
          data: { consumerId: randomUUID() },
          select: { id: true },
        }),
    ],
    [
      'a check violation',
      (prisma) =>
        prisma.$executeRaw`INSERT INTO connection_change_archives (sha256, before, row_count, archived_by, archived_at)
                           VALUES ('no digest', now(), 0, 'nobody', now())`,
    ],
    ['a NULL in a column without', (prisma) => prisma.$executeRaw`UPDATE connections SET redirect_uri = NULL`],
    [
      'a text that is too long',
      (prisma) => prisma.$executeRaw`UPDATE connections SET redirect_uri = ${'x'.repeat(256)}`,
    ],
    [
      'an id that is no UUID',
      (prisma) => prisma.connection.findUnique({ where: { id: 'nobody' }, select: { id: true } }),
    ],
    [
      'an id that is no UUID in raw SQL',
      (prisma) => prisma.$queryRaw`SELECT FROM connections WHERE id = ${'nobody'}::uuid`,
    ],
    ['a NUL byte', (prisma) => prisma.$queryRaw`SELECT ${'a\0b'}::text`],
    ['SQL that is none', (prisma) => prisma.$queryRawUnsafe('SELEKT 1')],
    ['a division by zero', (prisma) => prisma.$queryRawUnsafe('SELECT 1 / 0')],
    [
      'a row that is required and not there',
      (prisma) => prisma.connection.findUniqueOrThrow({ where: { id: randomUUID() } }),
    ],
    ['a query that Prisma refuses', (prisma) => prisma.connection.findUnique({ where: JSON.parse('{"nonsense":1}') })],
    ['a mistake of our own', async () => JSON.parse('null').missing],
    ["somebody else's trigger", (prisma) => prisma.$executeRaw`DO $$ BEGIN RAISE EXCEPTION 'not on a Sunday'; END $$`],
  ])('%s', async (_name, work) => {
    const database = open(db.url)
    await db.query(
      'INSERT INTO client_types (id, name, inserted_at, updated_at) VALUES ($1, $2, now(), now()) ON CONFLICT DO NOTHING',
      [clientType.id, clientType.name],
    )
    let attempts = 0
    await expectFault(database, (prisma) => {
      attempts += 1
      return work(prisma)
    })
    expect(attempts).toBe(1)
    await expectRecovery(database)
  })

  test.each([
    ['SQL that is none', 'SELEKT 1'],
    ['a unique violation', 'INSERT INTO client_types SELECT * FROM client_types'],
    ['a text that is too long', `UPDATE connections SET redirect_uri = repeat('x', 256)`],
    ["somebody else's trigger", `DO $$ BEGIN RAISE EXCEPTION 'not on a Sunday'; END $$`],
  ])('%s, straight through the adapter', async (_name, sql) => {
    await db.query(
      'INSERT INTO client_types (id, name, inserted_at, updated_at) VALUES ($1, $2, now(), now()) ON CONFLICT DO NOTHING',
      [clientType.id, clientType.name],
    )
    const database = open(db.url)
    await expectFault(database, sql)
    await expectRecovery(database)
  })

  test('a table is missing, and no migration is pending', async () => {
    const empty = await createTestDatabase({ empty: true })
    cleanups.push(empty.drop)
    const database = open(empty.url)
    await expectFault(database, typed, raw, direct)
    await expect(database.query('SELECT FROM connections')).rejects.toMatchObject({ code: '42P01' })
  })

  test('a column, a function or a parameter is missing', async () => {
    const database = open(db.url)
    await db.query('ALTER TABLE connections RENAME COLUMN redirect_uri TO redirect_url')
    cleanups.push(() => db.query('ALTER TABLE connections RENAME COLUMN redirect_url TO redirect_uri').catch(() => {}))
    await expectFault(
      database,
      (prisma) => prisma.connection.findFirst({ select: { redirectUri: true } }),
      (prisma) => prisma.$queryRaw`SELECT redirect_uri FROM connections`,
      (prisma) => prisma.$queryRaw`SELECT no_such_function()`,
      'SELECT redirect_uri FROM connections',
      'SELECT to_json($2)',
    )
    await db.query('ALTER TABLE connections RENAME COLUMN redirect_url TO redirect_uri')
    await expectRecovery(database)
  })

  test('a statement that PostgreSQL does not support, or that breaks PostgreSQL itself', async () => {
    const database = open(db.url)
    await expectFault(
      database,
      'SELECT json_agg(DISTINCT id) FILTER (WHERE true) OVER () FROM connections',
      (prisma) => prisma.$executeRaw`DO $$ BEGIN RAISE SQLSTATE 'XX000'; END $$`,
    )
  })

  test('a right is missing', async () => {
    await db.query(`REVOKE SELECT, UPDATE ON connections FROM ${role}`)
    const database = open(asRole())
    await expectFault(database, typed, raw, direct, write)
    await db.query(`GRANT SELECT, UPDATE ON connections TO ${role}`)
    await expectRecovery(database)
  })

  test.each([
    [undefined],
    [null],
    ['57P01'],
    [{ code: 42 }],
    [new Error('57P01')],
    [{ code: 'P0001' }],
    [{ code: 'ERR_INVALID_ARG_TYPE' }],
  ])('something thrown that is no database error: %j', (thrown) => {
    expect(classifyFailure(thrown)).toBe('fault')
    expect(toRefusal(thrown)).toBe(thrown)
  })

  test('an error that is its own cause', () => {
    const error: Error & { cause?: unknown } = new Error('round and round')
    error.cause = error
    expect(classifyFailure(error)).toBe('fault')
  })
})
