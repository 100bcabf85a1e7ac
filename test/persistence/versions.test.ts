import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Connection, ConnectionStore, WriteOutcome } from '../../src/domain/connection.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { createConnectionStore } from '../../src/persistence/stores/connection-store.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase, whole } from '../support/database.ts'

const config = {
  ...databaseDefaults,
  poolMax: 20,
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 10_000,
  lockTimeoutMs: 10_000,
}
const before = 'https://before.example.ua/callback'
const after = 'https://after.example.ua/callback'

let testDatabase: TestDatabase
let database: Database
let store: ConnectionStore
let clientId: string
let consumerId: string
let connectionId: string
let secret: string

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  database = createDatabase(testDatabase.url, config)
  store = createConnectionStore(database)
})
afterAll(async () => {
  await database.close()
  await testDatabase.drop()
})

async function insertConnection(redirectUri: string) {
  secret = `secret-${randomUUID()}`
  consumerId = await testDatabase.insertClient({ type: 'MIS' })
  connectionId = await testDatabase.insertConnection({
    clientId,
    consumerId,
    redirectUri,
    secret,
    insertedAt: '2019-03-31 03:30:00.123456',
    updatedAt: '2020-10-25 03:30:00.654321',
  })
}
beforeEach(async () => {
  clientId = await testDatabase.insertClient({ type: 'MSP' })
  await insertConnection(before)
})

const author = {
  apiKey: null,
  caller: { clientId: '20000000-0000-4000-8000-000000000002', clientType: 'MITHRIL ADMIN', scopes: [], userId: null },
  door: 'REST',
  requestId: 'request',
} as const
const write = (expectedVersions: readonly number[] | null = null) => ({
  clientId,
  connectionId,
  expectedVersions,
  author,
})
const update = async (redirectUri: string, expectedVersions: readonly number[] | null = null) =>
  settled(await store.updateRedirectUri({ ...write(expectedVersions), redirectUri, revertedChangeId: null }))
/** What a write led to, with the whole connection. */
const settled = (outcome: WriteOutcome<Connection>) =>
  'result' in outcome
    ? { ...outcome, result: whole(outcome.result) }
    : outcome.kind === 'stale'
      ? { ...outcome, current: whole(outcome.current) }
      : outcome
const replaceSecret = (to: string, expectedVersions: readonly number[] | null = null) =>
  store.replaceSecret({ ...write(expectedVersions), consumerId, secret: to })

const storedRow = async () =>
  (await testDatabase.query('SELECT xmin::text, * FROM connections WHERE id = $1', [connectionId]))[0]
const audit = () =>
  testDatabase.query('SELECT * FROM connection_changes WHERE connection_id = $1 ORDER BY id', [connectionId])
const version = async () => (await storedRow())?.['version']

const connection = (more: Partial<Connection>): Connection => ({
  id: connectionId,
  clientId,
  consumerId,
  redirectUri: before,
  version: 1,
  insertedAt: new Date('2019-03-31T03:30:00.123Z'),
  updatedAt: new Date('2020-10-25T03:30:00.654Z'),
  ...more,
})

/** Runs a write that has to be refused, and sees that nothing was written. */
async function expectStale(attempt: () => Promise<WriteOutcome<unknown>>) {
  const old = { row: await storedRow(), audit: await audit() }
  const current = await store.find({ clientId, connectionId })
  const outcome = await attempt()
  expect(outcome.kind === 'stale' && whole(outcome.current)).toEqual(current && whole(current))
  expect({ row: await storedRow(), audit: await audit() }).toEqual(old)
}

describe('the version', () => {
  test('a version begins with 1 and grows with every write of ours and of others', async () => {
    expect(await version()).toBe(1)
    expect(await update(after)).toMatchObject({ kind: 'done', result: { version: 2 } })
    expect(await replaceSecret(randomUUID())).toMatchObject({ kind: 'done', result: { connection: { version: 3 } } })
    await testDatabase.query('UPDATE connections SET redirect_uri = $1 WHERE id = $2', [before, connectionId])
    await testDatabase.query('UPDATE connections SET updated_at = updated_at WHERE id = $1', [connectionId])
    expect(await version()).toBe(5)
    expect(await store.find({ clientId, connectionId })).toMatchObject({ version: 5 })
  })

  test('no writer can set a version or turn it back', async () => {
    await testDatabase.query('UPDATE connections SET version = 100 WHERE id = $1', [connectionId])
    await testDatabase.query('UPDATE connections SET version = 1 WHERE id = $1', [connectionId])
    expect(await version()).toBe(3)
  })

  test('the version stays when the value is the stored one', async () => {
    expect(await update(before)).toEqual({ kind: 'unchanged', result: connection({}) })
    expect(await version()).toBe(1)
    expect(await audit()).toEqual([])
  })
})

describe('a write that expects versions', () => {
  test('a write is done when the row has the expected version', async () => {
    expect(await update(after, [1])).toEqual({
      kind: 'done',
      result: connection({ redirectUri: after, version: 2, updatedAt: expect.any(Date) as Date }),
    })
  })

  test('a write is done when the row has one of several expected versions', async () => {
    expect(await update(after, [7, 1, 2_147_483_647])).toMatchObject({ kind: 'done', result: { version: 2 } })
    expect(await update(before, [1, 2])).toMatchObject({ kind: 'done', result: { version: 3 } })
  })

  test.each([[[2]], [[0, -1, 2]], [[]]])(
    'of %j is refused with the connection as it is, and writes nothing',
    async (versions) => {
      await expectStale(() => update(after, versions))
      await expectStale(() => replaceSecret(randomUUID(), versions))
      await expectStale(() => store.delete(write(versions)))
    },
  )

  test('a write is refused after the write of a program that knows no versions', async () => {
    await testDatabase.query('UPDATE connections SET updated_at = now() WHERE id = $1', [connectionId])
    await expectStale(() => update(after, [1]))
  })

  test('a write with the stored value counts as a repeated one, whatever version it expects', async () => {
    expect(await update(before, [2])).toEqual({ kind: 'unchanged', result: connection({}) })
    await update(after, [1])
    expect(await update(after, [1])).toMatchObject({ kind: 'unchanged', result: { redirectUri: after, version: 2 } })
    expect(await version()).toBe(2)
    expect(await audit()).toHaveLength(1)
  })

  test('a delete or a new secret does not count as a repeated write', async () => {
    await replaceSecret(randomUUID(), [1])
    await expectStale(() => replaceSecret(randomUUID(), [1]))
    await expectStale(() => store.delete(write([1])))
  })

  test('a write finds nothing under another client or id, whatever it expects', async () => {
    const elsewhere = { ...write([1]), clientId: consumerId }
    const unknown = { ...write([]), connectionId: randomUUID() }
    for (const key of [elsewhere, unknown]) {
      expect(await store.updateRedirectUri({ ...key, redirectUri: after, revertedChangeId: null })).toEqual({
        kind: 'missing',
      })
      expect(await store.replaceSecret({ ...key, consumerId, secret: randomUUID() })).toEqual({ kind: 'missing' })
      expect(await store.delete(key)).toEqual({ kind: 'missing' })
    }
    expect(await version()).toBe(1)
  })

  test('a write that expects no version wins as the last one', async () => {
    await update(after, [1])
    expect(await update(before)).toMatchObject({ kind: 'done', result: { redirectUri: before, version: 3 } })
  })

  test('of 16 writers that expect one version exactly one is done, in each of 20 rounds', async () => {
    const uris: string[] = [before]
    for (let round = 1; round <= 20; round++) {
      const outcomes = await Promise.all(
        Array.from({ length: 16 }, (_, writer) => update(`https://a.ua/${round}/${writer}`, [round])),
      )
      const done = outcomes.flatMap((outcome) => (outcome.kind === 'done' ? [outcome.result] : []))
      const stale = outcomes.flatMap((outcome) => (outcome.kind === 'stale' ? [outcome.current] : []))
      const found = await store.find({ clientId, connectionId })
      expect(done).toEqual([found && whole(found)])
      expect(stale).toEqual(Array.from({ length: 15 }, () => done[0]))
      expect(done[0]?.version).toBe(round + 1)
      uris.push(String(done[0]?.redirectUri))
    }
    expect((await audit()).map((row) => [row['redirect_uri_before'], row['redirect_uri_after']])).toEqual(
      uris.slice(1).map((uri, index) => [uris[index], uri]),
    )
  })

  test('of 16 deletes and refreshes at once exactly one is done', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, (_, writer) =>
        writer % 2 === 0 ? store.delete(write([1])) : replaceSecret(randomUUID(), [1]),
      ),
    )
    expect(outcomes.filter((outcome) => outcome.kind === 'done')).toHaveLength(1)
    expect(await audit()).toHaveLength(1)
  })
})

describe('replacing the secret', () => {
  test('a refresh answers and stores the new secret, and moves version and updated_at only', async () => {
    const old = await storedRow()
    const next = `next-${randomUUID()}`
    const outcome = await replaceSecret(next, [1])
    const row = await storedRow()

    expect(outcome).toMatchObject({ kind: 'done', result: { secret: next } })
    expect(outcome.kind === 'done' && whole(outcome.result.connection)).toEqual(
      connection({ version: 2, updatedAt: expect.any(Date) as Date }),
    )
    expect(row).toEqual({ ...old, xmin: expect.any(String), secret: next, version: 2, updated_at: expect.any(Date) })
    expect(row?.['updated_at']).not.toEqual(old?.['updated_at'])
    expect(await store.clientOfSecret(next)).toBe(clientId)
    expect(await store.clientOfSecret(secret)).toBeNull()
    expect(JSON.stringify(await store.find({ clientId, connectionId }))).not.toContain(next)
  })

  test('a stale refresh keeps the old secret', async () => {
    await expectStale(() => replaceSecret(`next-${randomUUID()}`, [2]))
    expect(await store.clientOfSecret(secret)).toBe(clientId)
  })
})

describe('a refresh while Mithril changes the consumer', () => {
  test('a refresh that waits for the change of its consumer finds no connection and writes nothing', async () => {
    const other = await testDatabase.insertClient({ type: 'MIS' })
    const commit = await testDatabase.hold('UPDATE connections SET consumer_id = $1 WHERE id = $2', [
      other,
      connectionId,
    ])
    const outcome = replaceSecret(`next-${randomUUID()}`)
    await testDatabase.untilLockWaited()
    await commit('COMMIT')

    expect(await outcome).toEqual({ kind: 'missing' })
    expect(await storedRow()).toMatchObject({ consumer_id: other, secret })
    const changes = await audit()
    expect(new Set(changes.map(({ kind }) => kind))).toEqual(new Set(['MOVED']))
  })
})

describe('deleting', () => {
  test('a delete answers the connection as it was, and no row is left', async () => {
    expect(settled(await store.delete(write([1])))).toEqual({ kind: 'done', result: connection({}) })
    expect(await storedRow()).toBeUndefined()
    expect(await store.find({ clientId, connectionId })).toBeNull()
    expect(await update(after)).toEqual({ kind: 'missing' })
    expect(await update(after, [1])).toEqual({ kind: 'missing' })
    expect(await replaceSecret(randomUUID())).toEqual({ kind: 'missing' })
    expect(await store.delete(write())).toEqual({ kind: 'missing' })
    expect(await audit()).toHaveLength(1)
  })
})

describe('an old http: row', () => {
  const old = 'http://old.example.ua/callback'
  beforeEach(() => insertConnection(old))

  test('an old http: connection can get a new secret and be deleted through the gateway', async () => {
    expect(await replaceSecret(randomUUID())).toMatchObject({
      kind: 'done',
      result: { connection: { redirectUri: old, version: 2 } },
    })
    expect(await store.delete(write([2]))).toMatchObject({ kind: 'done', result: { redirectUri: old } })
    expect(
      (await audit()).map((row) => [row['kind'], row['door'], row['redirect_uri_before'], row['redirect_uri_after']]),
    ).toEqual([
      ['SECRET_REFRESHED', 'REST', old, old],
      ['DELETED', 'REST', old, null],
    ])
  })

  test('the database refuses an update or revert to http: by the gateway', async () => {
    await expect(update('http://other.example.ua')).rejects.toThrow()
    await expect(
      store.updateRedirectUri({ ...write(), redirectUri: 'http://other.example.ua', revertedChangeId: '1' }),
    ).rejects.toThrow()
    expect(await storedRow()).toMatchObject({ redirect_uri: old, version: 1 })
    expect(await audit()).toEqual([])
  })
})

test('a write that a trigger of somebody else swallows is not acknowledged', async () => {
  await testDatabase.query(`
    CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
    CREATE TRIGGER swallow BEFORE UPDATE OR DELETE ON connections FOR EACH ROW EXECUTE FUNCTION swallow()`)
  try {
    const swallowed = 'a trigger on connections that is not ours has suppressed a write'
    await expect(update(after)).rejects.toThrow(swallowed)
    await expect(replaceSecret(randomUUID())).rejects.toThrow(swallowed)
    await expect(store.delete(write())).rejects.toThrow(swallowed)
    await expectStale(() => update(after, [9]))
    expect(await update(before)).toEqual({ kind: 'unchanged', result: connection({}) })
  } finally {
    await testDatabase.query('DROP FUNCTION swallow CASCADE')
  }
  expect(await audit()).toEqual([])
})
