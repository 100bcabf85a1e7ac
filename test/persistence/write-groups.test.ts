import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { DatabaseConfig } from '../../src/config/shape.ts'
import type { ConnectionStore } from '../../src/domain/connection.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { createConnectionStore } from '../../src/persistence/stores/connection-store.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'

const writers = 12

let db: TestDatabase
let clientId: string
const connectionIds: string[] = []
beforeAll(async () => {
  db = await createTestDatabase()
  clientId = await db.insertClient({ type: 'MSP' })
  for (let number = 0; number < writers; number++) {
    const consumerId = await db.insertClient({ type: 'MIS' })
    connectionIds.push(await db.insertConnection({ clientId, consumerId, redirectUri: 'https://before.ua/callback' }))
  }
})
afterAll(() => db.drop())

const opened: Database[] = []
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close()
})
function open(url = db.url, more: Partial<DatabaseConfig> = {}): Database {
  const database = createDatabase(url, { ...databaseDefaults, poolMax: writers, ...more })
  opened.push(database)
  return database
}

/** The author of a write is told by the request id, which names the redirect URI, too. */
const changeOf = (connectionId: string, name: string): Parameters<ConnectionStore['updateRedirectUri']>[0] => ({
  clientId,
  connectionId,
  redirectUri: `https://${name}.ua/callback`,
  expectedVersions: null,
  revertedChangeId: null,
  author: {
    caller: { clientId, clientType: 'MSP', scopes: ['connection:write'], userId: null },
    door: 'REST',
    requestId: name,
  },
})

interface Change {
  readonly connection_id: string
  readonly request_id: string
  readonly redirect_uri_after: string
  /** The transaction that wrote it. */
  readonly transaction: string
}

const changesOf = (names: readonly string[]) =>
  db.query<Change>(
    `SELECT connection_id, request_id, redirect_uri_after, xmin::text AS transaction
       FROM connection_changes WHERE request_id = ANY($1) ORDER BY id`,
    [names],
  )

/** Starts one update of each connection in one turn of the event loop. */
function updateAll(database: Database) {
  const { updateRedirectUri } = createConnectionStore(database)
  const run = randomUUID().slice(0, 8)
  const names = connectionIds.map((_, index) => `w${index}-${run}`)
  const updates = connectionIds.map((id, index) => updateRedirectUri(changeOf(id, names[index] as string)))
  return { names, updates }
}

const transactionsOf = (changes: readonly Change[]) => new Set(changes.map(({ transaction }) => transaction)).size

/** Runs `work` while a foreign trigger runs `body`. */
async function withForeignTrigger(body: string, trigger: string, work: () => Promise<void>): Promise<void> {
  await db.query(`CREATE FUNCTION foreign_act() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      ${body};
      RETURN NEW;
    END $$`)
  try {
    await db.query(`CREATE ${trigger} EXECUTE FUNCTION foreign_act()`)
    await work()
  } finally {
    await db.query('DROP FUNCTION foreign_act CASCADE')
  }
}
const rowTrigger = 'TRIGGER foreign_act BEFORE UPDATE ON connections FOR EACH ROW'
const isThird = `WHEN (NEW.redirect_uri LIKE 'https://w3-%')`

describe('writes that go out together', () => {
  test('updates of one turn are one transaction, and each has its own answer, caller and record', async () => {
    const { names, updates } = updateAll(open())
    const outcomes = await Promise.all(updates)
    const asked = connectionIds.map((id, index) => ({ id, redirectUri: `https://${names[index]}.ua/callback` }))
    expect(outcomes).toMatchObject(asked.map((result) => ({ kind: 'done', result })))
    const changes = await changesOf(names)
    expect(
      changes.map(({ connection_id, redirect_uri_after, request_id }) => [
        connection_id,
        redirect_uri_after,
        request_id,
      ]),
    ).toEqual(asked.map(({ id, redirectUri }, index) => [id, redirectUri, names[index]]))
    expect(transactionsOf(changes)).toBe(1)
  })

  test('many rounds of writers, with repeated and unknown ones among them, mix up no answers', async () => {
    const database = open(db.url, { poolMax: 5, queueMax: 1_000 })
    const { updateRedirectUri } = createConnectionStore(database)
    const write = async (writer: number) => {
      for (let round = 0; round < 30; round++) {
        const id = connectionIds[(writer * 7 + round) % writers] as string
        const change = changeOf(id, `m${writer}-${round}`)
        if (round % 5 === 4) {
          expect(await updateRedirectUri({ ...change, connectionId: randomUUID() })).toEqual({ kind: 'missing' })
          expect(await updateRedirectUri({ ...change, expectedVersions: [999_999] })).toMatchObject({
            kind: 'stale',
            current: { id },
          })
        } else {
          const outcome = await updateRedirectUri(change)
          expect(outcome).toMatchObject({ kind: 'done', result: { id, redirectUri: change.redirectUri } })
        }
      }
    }
    await Promise.all(Array.from({ length: 24 }, (_, writer) => write(writer)))
    expect(database.load()).toMatchObject({ inUse: 0, waiting: 0 })
  })

  test('updates of one connection in one transaction follow each other, with a version for each', async () => {
    const [id = ''] = connectionIds
    const { find, updateRedirectUri } = createConnectionStore(open())
    const key = { clientId, connectionId: id }
    const { version = 0 } = (await find(key)) ?? {}
    const names = [1, 2, 3, 4].map((number) => `same${number}`)
    const outcomes = await Promise.all(
      names.map((name) => updateRedirectUri({ ...changeOf(id, name), expectedVersions: [version, version + 1] })),
    )
    expect(outcomes).toMatchObject([
      { kind: 'done', result: { version: version + 1 } },
      { kind: 'done', result: { version: version + 2 } },
      { kind: 'stale', current: { version: version + 2 } },
      { kind: 'stale', current: { version: version + 2 } },
    ])
    expect(transactionsOf(await changesOf(names))).toBe(1)
  })

  test('statements of different texts are different groups', async () => {
    const database = open()
    const numbers = [1, 2, 3, 4]
    const answers = await Promise.all(
      numbers.map((number) =>
        database.write<string>(`SELECT to_json(pg_current_xact_id()::text) /* ${number % 2} */`, []),
      ),
    )
    expect(new Set(answers.flat()).size).toBe(4)
  })

  test('a group leaves PgBouncer no prepared statement, and parses its text once', async () => {
    const proxy = await startPostgresProxy(db.url)
    try {
      const database = open(proxy.url, { pooler: 'pgbouncer' })
      await database.query('SELECT 1')
      proxy.statements.length = 0
      const { names, updates } = updateAll(database)
      await Promise.all(updates)
      expect(proxy.statements).toHaveLength(1)
      expect(transactionsOf(await changesOf(names))).toBe(1)
    } finally {
      await proxy.close()
    }
  })
})

describe('a write that fails or is held up', () => {
  test.each(['P0001', '55000', '23514'])(
    'a refusal of PostgreSQL (%s) meets only its own write: the others run again, and are recorded once',
    (state) =>
      withForeignTrigger(
        `RAISE EXCEPTION 'not this one' USING ERRCODE = '${state}'`,
        `${rowTrigger} ${isThird}`,
        async () => {
          const { names, updates } = updateAll(open())
          const outcomes = await Promise.allSettled(updates)
          const expected = names.map((_, index) => (index === 3 ? 'rejected' : 'fulfilled'))
          expect(outcomes.map(({ status }) => status)).toEqual(expected)
          const changes = await changesOf(names)
          const done = names.filter((_, index) => index !== 3)
          expect(changes.map(({ request_id }) => request_id).sort()).toEqual(done.sort())
          expect(transactionsOf(changes)).toBe(writers - 1)
        },
      ),
  )

  test('an error at the COMMIT is no answer of success for any write', () =>
    withForeignTrigger(
      `RAISE EXCEPTION 'not at the end'`,
      `CONSTRAINT TRIGGER foreign_act AFTER UPDATE ON connections DEFERRABLE INITIALLY DEFERRED FOR EACH ROW ${isThird}`,
      async () => {
        const { names, updates } = updateAll(open())
        const outcomes = await Promise.allSettled(updates)
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(writers - 1)
        expect(outcomes[3]).toMatchObject({ reason: { message: 'not at the end' } })
        expect((await changesOf(names)).map(({ request_id }) => request_id)).not.toContain(names[3])
      },
    ))

  test('a row that another transaction holds delays its own update only', async () => {
    const database = open()
    const unlock = await db.lockConnection(connectionIds[5] as string)
    try {
      const { names, updates } = updateAll(database)
      const answered = updates.map((update) => update.then(() => true))
      const others = answered.filter((_, index) => index !== 5)
      expect(await Promise.race([Promise.all(others), delay(5_000, 'too late', { ref: false })])).toEqual(
        others.map(() => true),
      )
      expect(await Promise.race([answered[5], delay(50, 'waits')])).toBe('waits')
      await unlock()
      expect(await updates[5]).toMatchObject({ kind: 'done', result: { id: connectionIds[5] } })
      expect(await changesOf(names)).toHaveLength(writers)
    } finally {
      await unlock()
    }
  })

  test('a group that takes long holds up no later one', async () => {
    const database = open()
    const slow = database.write<number>('SELECT to_json(1) FROM pg_sleep(1.5)', [])
    await delay(20)
    const beginning = performance.now()
    await Promise.all(updateAll(database).updates)
    expect(await Promise.race([slow, 'under way'])).toBe('under way')
    expect(performance.now() - beginning).toBeLessThan(1_400)
    expect(await slow).toEqual([1])
  })

  test('after a group that takes more than a second, the next one has half as many', () =>
    withForeignTrigger('PERFORM pg_sleep(0.12)', rowTrigger, async () => {
      const database = open(db.url, { statementTimeoutMs: 2_000 })
      const first = updateAll(database)
      await Promise.all(first.updates)
      expect(transactionsOf(await changesOf(first.names))).toBe(1)
      const { names, updates } = updateAll(database)
      await Promise.all(updates)
      const changes = await changesOf(names)
      expect(changes).toHaveLength(writers)
      expect(transactionsOf(changes)).toBe(2)
    }))

  test('the end of a session answers all writes of its group with 503, and the next group is served', async () => {
    const database = open()
    const holding = 'SELECT to_json(pg_backend_pid()) FROM pg_sleep($1::int)'
    const [pid] = await database.write<number>(holding, ['0'])
    const settled = Promise.allSettled([1, 2, 3].map(() => database.write(holding, ['5'])))
    await delay(100)
    await db.query('SELECT pg_terminate_backend($1, 5000)', [pid])
    for (const answer of await settled) expect(answer).toMatchObject({ reason: { refusal: 'unavailable' } })
    const [next] = await database.write<number>(holding, ['0'])
    expect(next).not.toBe(pid)
    expect(database.load()).toMatchObject({ inUse: 0, waiting: 0 })
  })

  test('a database that does not answer refuses all writes in time, and serves the next ones', async () => {
    const proxy = await startPostgresProxy(db.url)
    try {
      const database = open(proxy.url, { statementTimeoutMs: 100, poolMax: 3, queueTimeoutMs: 300 })
      await Promise.all(updateAll(database).updates)
      proxy.freeze()
      for (const answer of await Promise.allSettled(updateAll(database).updates))
        expect(answer).toMatchObject({ reason: { refusal: 'unavailable' } })
      proxy.thaw()
      expect(await Promise.all(updateAll(database).updates)).toHaveLength(writers)
    } finally {
      await proxy.close()
    }
  })

  test('a table that is locked refuses a group after one wait for the lock', async () => {
    const database = open(db.url, { lockTimeoutMs: 500 })
    const unlock = await db.hold('LOCK TABLE connections')
    try {
      const beginning = performance.now()
      for (const answer of await Promise.allSettled(updateAll(database).updates))
        expect(answer).toMatchObject({ reason: { refusal: 'unavailable' } })
      expect(performance.now() - beginning).toBeLessThan(950)
    } finally {
      await unlock()
    }
  })
})
