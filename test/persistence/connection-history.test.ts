import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { DatabaseConfig } from '../../src/config/shape.ts'
import type { ChangeAuthor, ConnectionStore } from '../../src/domain/connection.ts'
import type { ChangeFilter, ConnectionHistory } from '../../src/domain/connection-change.ts'
import { decodeCursor, type PageRequest } from '../../src/domain/page.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { createConnectionHistory } from '../../src/persistence/stores/connection-history.ts'
import { createConnectionStore } from '../../src/persistence/stores/connection-store.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { watchStatements } from '../support/watched-database.ts'

const config: DatabaseConfig = {
  ...databaseDefaults,
  poolMax: 16,
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 10_000,
  lockTimeoutMs: 10_000,
}
const first = 'http://old.example.ua/callback'

let testDatabase: TestDatabase
let database: Database
let store: ConnectionStore
let history: ConnectionHistory
let key: { readonly clientId: string; readonly connectionId: string }
let consumerId: string

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  database = createDatabase(testDatabase.url, config)
  store = createConnectionStore(database)
  history = createConnectionHistory(database)
})
afterAll(async () => {
  await database.close()
  await testDatabase.drop()
})

/** Every secret that any connection here has ever had. */
const secrets: string[] = []
function newSecret(): string {
  const secret = `secret-${randomUUID()}`
  secrets.push(secret)
  return secret
}

beforeEach(async () => {
  const clientId = await testDatabase.insertClient({ type: 'MSP' })
  consumerId = await testDatabase.insertClient({ type: 'MIS' })
  key = {
    clientId,
    connectionId: await testDatabase.insertConnection({
      clientId,
      consumerId,
      redirectUri: first,
      secret: newSecret(),
    }),
  }
})

const caller = { clientId: '20000000-0000-4000-8000-000000000002', clientType: 'MITHRIL ADMIN', userId: 'a-user' }
const author = (requestId: string): ChangeAuthor => ({
  caller: { ...caller, scopes: [] },
  door: 'GRAPHQL',
  requestId,
})
const write = (requestId: string) => ({ ...key, expectedVersions: null, author: author(requestId) })

const update = (requestId: string, redirectUri: string) =>
  store.updateRedirectUri({ ...write(requestId), redirectUri, revertedChangeId: null })
const revert = (requestId: string, redirectUri: string, revertedChangeId: string) =>
  store.updateRedirectUri({ ...write(requestId), redirectUri, revertedChangeId })
const refresh = (requestId: string) => store.replaceSecret({ ...write(requestId), consumerId, secret: newSecret() })
const remove = (requestId: string) => store.delete(write(requestId))
const foreign = (assignments: string, values: readonly string[] = []) =>
  testDatabase.query(`UPDATE connections SET ${assignments} WHERE id = $1`, [key.connectionId, ...values])

const all: PageRequest = { by: 'cursor', size: 100, place: null, backward: false, withTotal: false }
const changesOf = async (of = key) => {
  const [page] = await history.pagesOf([of], all)
  return (page?.items ?? []).map(({ item }) => item)
}

/** A change as the gateway's own statement leaves it. */
const ours = (
  requestId: string,
  kind: string,
  before: string,
  after: string | null,
  revertedChangeId: string | null = null,
) => ({
  id: expect.stringMatching(/^\d+$/),
  ...key,
  consumerId,
  version: expect.any(Number),
  kind,
  before,
  after,
  door: 'GRAPHQL',
  caller,
  brokerClientId: null,
  requestId,
  revertedChangeId,
  changedAt: expect.any(Date),
})
/** A change by somebody who knows nothing of us. */
const external = (kind: string, before: string, after: string | null) => ({
  ...ours('', kind, before, after),
  door: 'EXTERNAL',
  caller: null,
  requestId: null,
})

describe('the history of a connection', () => {
  test('a history is an unbroken chain over all kinds of changes, ours and foreign, newest first', async () => {
    const [a, b, c] = ['https://a.example.ua/', 'https://b.example.ua/', 'http://c.example.ua/']
    await update('1-update', a)
    await update('2-update', b)
    const [toTakeBack] = await changesOf()
    await revert('3-revert', a, toTakeBack?.id ?? '')
    await refresh('4-refresh')
    await foreign('redirect_uri = $2', [c])
    await foreign('secret = $2', [newSecret()])
    await foreign('redirect_uri = $2, secret = $3', [b, newSecret()])
    await foreign('updated_at = now()')
    await refresh('5-refresh')
    await update('6-same-value', b)
    await remove('7-delete')

    expect((await changesOf()).toReversed()).toEqual([
      ours('1-update', 'UPDATED', first, a),
      ours('2-update', 'UPDATED', a, b),
      ours('3-revert', 'REVERTED', b, a, toTakeBack?.id),
      ours('4-refresh', 'SECRET_REFRESHED', a, a),
      external('UPDATED', a, c),
      external('SECRET_REFRESHED', c, c),
      external('UPDATED', c, b),
      external('SECRET_REFRESHED', b, b),
      ours('5-refresh', 'SECRET_REFRESHED', b, b),
      ours('7-delete', 'DELETED', b, null),
    ])
    expect(await store.find(key)).toBeNull()
  })

  test.each([
    ['by itself', () => testDatabase.query('DELETE FROM connections WHERE id = $1', [key.connectionId])],
    ['with its client', () => testDatabase.query('DELETE FROM clients WHERE id = $1', [key.clientId])],
    ['with its consumer', () => testDatabase.query('DELETE FROM clients WHERE id = $1', [consumerId])],
  ])('tells of a connection that somebody else deleted %s', async (_name, deleteIt) => {
    await update('update', 'https://a.example.ua/')
    await deleteIt()

    expect(await store.find(key)).toBeNull()
    expect(await changesOf()).toEqual([
      external('DELETED', 'https://a.example.ua/', null),
      ours('update', 'UPDATED', first, 'https://a.example.ua/'),
    ])
  })

  test('the record accepts a new secret and the deletion of an old http: connection', async () => {
    expect(await refresh('refresh')).toMatchObject({ kind: 'done', result: { connection: { redirectUri: first } } })
    expect(await remove('delete')).toMatchObject({ kind: 'done', result: { redirectUri: first } })
    expect(await changesOf()).toEqual([
      ours('delete', 'DELETED', first, null),
      ours('refresh', 'SECRET_REFRESHED', first, first),
    ])
  })

  test('the record refuses an http: value that the gateway would bring back, and so its write', async () => {
    await update('update', 'https://a.example.ua/')
    const [change] = await changesOf()
    await expect(revert('revert', first, change?.id ?? '')).rejects.toThrow('connection_changes_redirect_uri_is_https')
    expect(await store.find(key)).toMatchObject({ redirectUri: 'https://a.example.ua/', version: 2 })
    expect(await changesOf()).toEqual([change])
  })

  test('a history is unbroken under 16 writers of every kind', async () => {
    await Promise.all(
      Array.from({ length: 16 }, async (_, writer) => {
        for (let round = 0; round < 10; round++) {
          const uri = `https://a.example.ua/${writer}/${round}`
          if (writer % 4 === 0) await refresh(`${writer}-${round}`)
          else if (writer % 4 === 1) await foreign('redirect_uri = $2, secret = $3', [uri, newSecret()])
          else if (writer % 4 === 2) await revert(`${writer}-${round}`, uri, '1')
          else await update(`${writer}-${round}`, uri)
        }
      }),
    )
    const rows = await testDatabase.query<{ before: string; after: string; kind: string }>(
      `SELECT redirect_uri_before AS before, redirect_uri_after AS after, kind FROM connection_changes WHERE connection_id = $1 ORDER BY id`,
      [key.connectionId],
    )
    expect(rows.map(({ before }) => before)).toEqual([first, ...rows.slice(0, -1).map(({ after }) => after)])
    expect(await store.find(key)).toMatchObject({ version: 161, redirectUri: rows.at(-1)?.after })
    const count = (kind: string) => rows.filter((row) => row.kind === kind).length
    expect(['UPDATED', 'REVERTED', 'SECRET_REFRESHED'].map(count)).toEqual([80, 40, 80])
  })

  test('ids go on above the largest one after a copy without the sequence', async () => {
    for (const number of [1, 2, 3]) await update(`${number}`, `https://${number}.example.ua/`)
    const [newest] = await changesOf()
    await testDatabase.query(`SELECT setval('connection_changes_id_seq', greatest(1, $1::bigint - 2))`, [newest?.id])
    try {
      for (const number of [4, 5, 6, 7]) await update(`${number}`, `https://${number}.example.ua/`)
      await refresh('8')
      await foreign(`secret = 'another', redirect_uri = 'http://foreign.example.ua/'`)
      await remove('9')

      const changes = await changesOf()
      expect(changes.map(({ kind, after }) => [kind, after])).toEqual([
        ['DELETED', null],
        ['SECRET_REFRESHED', 'http://foreign.example.ua/'],
        ['UPDATED', 'http://foreign.example.ua/'],
        ['SECRET_REFRESHED', 'https://7.example.ua/'],
        ...[7, 6, 5, 4, 3, 2, 1].map((number) => ['UPDATED', `https://${number}.example.ua/`]),
      ])
      expect(await history.latest([key])).toEqual([changes[0]])
    } finally {
      await testDatabase.query(`SELECT setval('connection_changes_id_seq', (SELECT max(id) FROM connection_changes))`)
    }
  })

  test('a history keeps its order where sessions cache numbers of the sequence', async () => {
    await testDatabase.query('ALTER SEQUENCE connection_changes_id_seq CACHE 20')
    const sessions = await Promise.all([testDatabase.pool.connect(), testDatabase.pool.connect()])
    try {
      for (let number = 1; number <= 6; number++)
        await sessions[number % 2]?.query('UPDATE connections SET redirect_uri = $1 WHERE id = $2', [
          `http://${number}.example.ua/`,
          key.connectionId,
        ])
    } finally {
      for (const session of sessions) session.release(true)
      await testDatabase.query('ALTER SEQUENCE connection_changes_id_seq CACHE 1')
    }
    expect((await changesOf()).map(({ after }) => after)).toEqual(
      [6, 5, 4, 3, 2, 1].map((number) => `http://${number}.example.ua/`),
    )
  })

  test('the history has times in UTC, in any time zone of the database', async () => {
    const [name] = await testDatabase.query<{ name: string }>('SELECT current_database() AS name')
    await testDatabase.query(`ALTER DATABASE ${name?.name} SET timezone = 'Pacific/Auckland'`)
    const elsewhere = createDatabase(testDatabase.url, config)
    try {
      await createConnectionStore(elsewhere).updateRedirectUri({
        ...write('update'),
        redirectUri: 'https://a.ua/',
        revertedChangeId: null,
      })
      const there = createConnectionHistory(elsewhere)
      const [change] = await there.latest([key])
      expect(Math.abs(Date.now() - Number(change?.changedAt))).toBeLessThan(60_000)
      expect(await there.find(key, change?.id ?? '')).toEqual(change)
      expect((await there.pagesOf([key], all))[0]?.items.map(({ item }) => item)).toEqual([change])
      expect(await history.latest([key])).toEqual([change])
    } finally {
      await testDatabase.query(`ALTER DATABASE ${name?.name} RESET timezone`)
      await elsewhere.close()
    }
  })
})

test('no secret that a connection ever had is in the record', async () => {
  await refresh('refresh')
  await foreign('secret = $2', [newSecret()])
  await remove('delete')

  const record = JSON.stringify(await testDatabase.query('SELECT * FROM connection_changes'))
  expect(record).toContain('SECRET_REFRESHED')
  expect(secrets.filter((secret) => record.includes(secret))).toEqual([])
  const columns = await testDatabase.query(
    `SELECT column_name FROM information_schema.columns WHERE table_name = 'connection_changes' AND column_name LIKE '%secret%'`,
  )
  expect(columns).toEqual([])
})

describe('the record refuses', () => {
  // Several statements in one message are one transaction.
  const as = (setting: object, statement: string) =>
    testDatabase.pool.query(`SELECT set_config('gateway.caller', '${JSON.stringify(setting)}', true); ${statement}`)
  const known = { door: 'REST', clientId: caller.clientId, clientType: 'MSP', userId: null, requestId: 'request' }

  test.each([
    [
      'a deletion through no known door',
      (id: string) => as({ ...known, door: 'WINDOW' }, `DELETE FROM connections WHERE id = '${id}'`),
    ],
    ['a deletion by nobody', (id: string) => as({ door: 'REST' }, `DELETE FROM connections WHERE id = '${id}'`)],
    [
      'a new secret from nobody',
      (id: string) => as({ door: 'REST' }, `UPDATE connections SET secret = 'x' WHERE id = '${id}'`),
    ],
    [
      'a revert of no change',
      (id: string) =>
        as(
          { ...known, revertedChangeId: 'x' },
          `UPDATE connections SET redirect_uri = 'https://a.ua/' WHERE id = '${id}'`,
        ),
    ],
  ])('%s, and the write with it', async (_name, attempt) => {
    await expect(attempt(key.connectionId)).rejects.toThrow(/violates check constraint|invalid input syntax/)
    expect(await changesOf()).toEqual([])
    expect(await store.find(key)).toMatchObject({ version: 1, redirectUri: first })
  })
})

describe('one change', () => {
  test('a change is found by its connection and id', async () => {
    await update('update', 'https://a.example.ua/')
    const [change] = await changesOf()
    expect(await history.find(key, change?.id ?? '')).toEqual(ours('update', 'UPDATED', first, 'https://a.example.ua/'))
  })

  test('a change stays after the deletion of its connection', async () => {
    await update('update', 'https://a.example.ua/')
    const [change] = await changesOf()
    await remove('delete')
    expect(await history.find(key, change?.id ?? '')).toEqual(change)
  })

  test('a change is not found under another connection, another client or an unknown number', async () => {
    await update('update', 'https://a.example.ua/')
    const id = (await changesOf())[0]?.id ?? ''
    expect(await history.find({ ...key, connectionId: randomUUID() }, id)).toBeNull()
    expect(await history.find({ ...key, clientId: consumerId }, id)).toBeNull()
    expect(await history.find(key, '999999999999999999')).toBeNull()
  })
})

test('a client sees the changes from its own time of a connection only', async () => {
  const before = key
  await update('update', 'https://a.example.ua/')
  const clientId = await testDatabase.insertClient({ type: 'MSP' })
  await foreign('client_id = $2', [clientId])
  key = { ...key, clientId }
  const arrived = external('MOVED', 'https://a.example.ua/', 'https://a.example.ua/')
  expect(await changesOf()).toEqual([arrived])
  expect(await history.latest([key])).toEqual([arrived])
  await update('another', 'https://b.example.ua/')
  const another = ours('another', 'UPDATED', 'https://a.example.ua/', 'https://b.example.ua/')
  expect(await changesOf()).toEqual([another, arrived])
  const left = { ...external('MOVED', 'https://a.example.ua/', null), ...before }
  expect(await history.latest([before, key])).toEqual([left, another])
  expect(await changesOf(before)).toEqual([left, expect.objectContaining({ requestId: 'update', ...before })])
  const [page] = await history.pagesOf([key], { ...all, withTotal: true })
  expect(page?.total).toBe(2)
})

describe('the latest changes', () => {
  test('the latest changes come in the order of the connections; null where there is none', async () => {
    const untouched = key.connectionId
    consumerId = key.clientId
    key = {
      ...key,
      connectionId: await testDatabase.insertConnection({
        ...key,
        consumerId,
        redirectUri: first,
        secret: newSecret(),
      }),
    }
    await update('update', 'https://a.example.ua/')
    await refresh('refresh')
    const refreshed = ours('refresh', 'SECRET_REFRESHED', 'https://a.example.ua/', 'https://a.example.ua/')

    expect(
      await history.latest([key, { ...key, connectionId: untouched }, { ...key, connectionId: randomUUID() }, key]),
    ).toEqual([refreshed, null, null, refreshed])
    await remove('delete')
    expect(await history.latest([{ ...key, connectionId: untouched }, key])).toEqual([
      null,
      ours('delete', 'DELETED', 'https://a.example.ua/', null),
    ])
    expect(await history.latest([])).toEqual([])
  })
})

describe('a history among many', () => {
  const length = 3_000
  beforeEach(async () => {
    await testDatabase.query(
      `INSERT INTO connection_changes
              (connection_id, client_id, kind, redirect_uri_before, redirect_uri_after, door, changed_at)
       SELECT connection, connection, 'UPDATED', 'http://a.ua/', 'http://b.ua/', 'EXTERNAL', now()
         FROM (SELECT gen_random_uuid() AS connection FROM generate_series(1, 2000)) AS many, generate_series(1, 10)`,
    )
    await testDatabase.query(
      `INSERT INTO connection_changes
              (connection_id, client_id, kind, redirect_uri_before, redirect_uri_after, door, changed_at)
       SELECT $1, $2, 'UPDATED', 'http://a.ua/', 'http://b.ua/', 'EXTERNAL', now() FROM generate_series(1, $3)`,
      [key.connectionId, key.clientId, length],
    )
    await testDatabase.query('ANALYZE connection_changes')
  })

  interface PlanNode {
    readonly 'Relation Name'?: string
    readonly 'Actual Rows': number
    readonly 'Actual Loops': number
    readonly Plans?: readonly PlanNode[]
  }
  const rowsRead = (node: PlanNode): number =>
    (node['Relation Name'] === 'connection_changes' ? node['Actual Rows'] * node['Actual Loops'] : 0) +
    (node.Plans ?? []).reduce((sum, plan) => sum + rowsRead(plan), 0)

  test('the latest change is read without the others, for these values and for any', async () => {
    const statements: (readonly [sql: string, values: readonly unknown[]])[] = []
    const watched = watchStatements(database, (sql, values) => statements.push([sql, values]))
    await createConnectionHistory(watched).latest([key])
    const read: number[] = []
    const session = await testDatabase.pool.connect()
    try {
      for (const mode of ['force_custom_plan', 'force_generic_plan'])
        for (const [sql, values] of statements) {
          await session.query(`SET plan_cache_mode = ${mode}`)
          const text = `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`
          const { rows } = await session.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>({
            name: mode,
            text,
            values: [...values],
          })
          read.push(...rows.map((row) => rowsRead(row['QUERY PLAN'][0].Plan)))
        }
    } finally {
      session.release(true)
    }
    expect(read).toEqual([1, 1])
  })
})

describe('pages of histories', () => {
  const uri = (number: number) => `https://a.example.ua/${number}`
  const ids = async () => (await changesOf()).map(({ id }) => id)
  beforeEach(async () => {
    for (let number = 1; number <= 7; number++) await update(`update-${number}`, uri(number))
  })

  test.each([1, 2, 3, 7, 8])(
    'histories in pages of %i are walked to the end both ways during new changes',
    async (size) => {
      const before = await ids()
      for (const backward of [false, true]) {
        const walked: string[] = []
        let request: PageRequest & { by: 'cursor' } = { by: 'cursor', size, place: null, backward, withTotal: false }
        for (let steps = 0; ; steps++) {
          const [page] = await history.pagesOf([key], request)
          const found = page?.items ?? []
          if (backward) walked.unshift(...found.map(({ item }) => item.id))
          else walked.push(...found.map(({ item }) => item.id))
          const cursor = (backward ? found[0] : found.at(-1))?.cursor ?? ''
          request = { ...request, place: decodeCursor(cursor, 'number') }
          if (!(backward ? page?.hasPrevious : page?.hasNext)) break
          if (steps < 3) await update('meanwhile', uri(Math.random()))
        }
        expect(walked.filter((id) => before.includes(id))).toEqual(before)
        expect(new Set(walked).size).toBe(walked.length)
        // What happens meanwhile is newer: a walk to older changes does not meet it.
        if (!backward) expect(walked.slice(0, before.length)).toEqual(walked)
      }
    },
  )

  test('a page says whether there is more on either side, and counts only if asked', async () => {
    const items = (await history.pagesOf([key], all))[0]?.items ?? []
    const third = decodeCursor(items[2]?.cursor ?? '', 'number')
    const page = async (more: Partial<PageRequest & { by: 'cursor' }>) => {
      const [found] = await history.pagesOf([key], { ...all, size: 2, ...more })
      return { ...found, items: found?.items.map(({ cursor }) => items.findIndex((item) => item.cursor === cursor)) }
    }
    const rest = { size: 2, total: null, number: null }
    expect(await page({})).toEqual({ items: [0, 1], hasPrevious: false, hasNext: true, ...rest })
    expect(await page({ withTotal: true })).toEqual({
      items: [0, 1],
      hasPrevious: false,
      hasNext: true,
      ...rest,
      total: 7,
    })
    expect(await page({ place: third })).toEqual({ items: [3, 4], hasPrevious: true, hasNext: true, ...rest })
    expect(await page({ place: third, size: 4 })).toEqual({
      items: [3, 4, 5, 6],
      hasPrevious: true,
      hasNext: false,
      ...rest,
      size: 4,
    })
    expect(await page({ backward: true })).toEqual({ items: [5, 6], hasPrevious: true, hasNext: false, ...rest })
    expect(await page({ backward: true, place: third })).toEqual({
      items: [0, 1],
      hasPrevious: false,
      hasNext: true,
      ...rest,
    })
  })

  test('pages of several histories come in the order of their connections', async () => {
    const other = await testDatabase.insertConnection({
      ...key,
      consumerId: key.clientId,
      redirectUri: first,
      secret: newSecret(),
    })
    await testDatabase.query(`UPDATE connections SET redirect_uri = 'http://other.example.ua/' WHERE id = $1`, [other])
    const pages = await history.pagesOf(
      [other, randomUUID(), key.connectionId, other].map((connectionId) => ({ ...key, connectionId })),
      { ...all, size: 3, withTotal: true },
    )

    expect(pages.map((page) => page.items.map(({ item }) => [item.connectionId, item.after]))).toEqual([
      [[other, 'http://other.example.ua/']],
      [],
      [7, 6, 5].map((number) => [key.connectionId, uri(number)]),
      [[other, 'http://other.example.ua/']],
    ])
    expect(pages.map(({ total, hasNext }) => [total, hasNext])).toEqual([
      [1, false],
      [0, false],
      [7, true],
      [1, false],
    ])
    expect(await history.pagesOf([], all)).toEqual([])
  })

  test.each([
    [1, 1, [7, 6, 5], false, true],
    [3, 3, [1], true, false],
    [4, 3, [1], true, false],
    [999_999_999, 3, [1], true, false],
  ])('number %i is page %i', async (number, answered, numbers, hasPrevious, hasNext) => {
    const [page] = await history.pagesOf([key], { by: 'number', size: 3, number })
    expect(page?.items.map(({ item }) => item.after)).toEqual(numbers.map(uri))
    expect(page).toMatchObject({ total: 7, number: answered, size: 3, hasPrevious, hasNext })
  })
})

describe('the history of a client', () => {
  /** What a page says, newest first: the connection and the kind of each change. */
  const pageOf = async (filter: ChangeFilter, more: Partial<PageRequest & { by: 'cursor' }> = {}) => {
    const page = await history.pageOfClient(key.clientId, filter, { ...all, ...more })
    return { ...page, items: page.items.map(({ item }) => [item.connectionId, item.kind]) }
  }
  let gone: string
  let other: string
  beforeEach(async () => {
    gone = key.connectionId
    other = await testDatabase.insertConnection({
      ...key,
      consumerId: key.clientId,
      redirectUri: first,
      secret: newSecret(),
    })
    await update('1', 'https://a.example.ua/')
    await store.replaceSecret({
      ...write('2'),
      connectionId: other,
      consumerId: key.clientId,
      secret: newSecret(),
    })
    await remove('3')
    const foreignClient = await testDatabase.insertClient({ type: 'MSP' })
    const foreignId = await testDatabase.insertConnection({
      clientId: foreignClient,
      consumerId,
      redirectUri: first,
      secret: newSecret(),
    })
    await testDatabase.query('DELETE FROM connections WHERE id = $1', [foreignId])
  })

  test('the history of a client holds the changes of its connections, also deleted ones, and no others', async () => {
    expect(await pageOf({}, { withTotal: true })).toEqual({
      items: [
        [gone, 'DELETED'],
        [other, 'SECRET_REFRESHED'],
        [gone, 'UPDATED'],
      ],
      hasPrevious: false,
      hasNext: false,
      size: 100,
      total: 3,
      number: null,
    })
    expect((await history.pageOfClient(randomUUID(), {}, all)).items).toEqual([])
  })

  test('the history of a client is filtered by connection and by kind', async () => {
    expect((await pageOf({ connectionId: gone })).items).toEqual([
      [gone, 'DELETED'],
      [gone, 'UPDATED'],
    ])
    expect((await pageOf({ kind: 'DELETED' })).items).toEqual([[gone, 'DELETED']])
    expect((await pageOf({ connectionId: other, kind: 'DELETED' }, { withTotal: true })).total).toBe(0)
  })

  test('the history of a client is read to the end in both directions', async () => {
    const whole = (await pageOf({})).items
    for (const backward of [false, true]) {
      const walked: string[][] = []
      let place: PageRequest & { by: 'cursor' } = { ...all, size: 1, backward }
      for (let step = 0; step < whole.length; step++) {
        const page = await history.pageOfClient(key.clientId, {}, place)
        expect(backward ? page.hasPrevious : page.hasNext).toBe(step < whole.length - 1)
        walked.push(...page.items.map(({ item }) => [item.connectionId, item.kind]))
        place = { ...place, place: decodeCursor(page.items[0]?.cursor ?? '', 'number') }
      }
      expect(backward ? walked.reverse() : walked).toEqual(whole)
    }
  })

  test('the history of a client has numbered pages', async () => {
    const page = await history.pageOfClient(key.clientId, {}, { by: 'number', size: 2, number: 9 })
    expect(page.items.map(({ item }) => item.kind)).toEqual(['UPDATED'])
    expect(page).toMatchObject({ total: 3, number: 2, hasPrevious: true, hasNext: false })
  })
})
