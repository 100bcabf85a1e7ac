import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ClientFilter, ClientOrder, ClientStore } from '../../src/domain/client.ts'
import { decodeCursor, type PageRequest } from '../../src/domain/page.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { plannedAnew } from '../../src/persistence/pool/statement-names.ts'
import { createClientStore } from '../../src/persistence/stores/client-store.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { watchStatements } from '../support/watched-database.ts'

const config = {
  ...databaseDefaults,
  poolMax: 5,
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 10_000,
  lockTimeoutMs: 10_000,
}
const userId = randomUUID()
const typeId = randomUUID()

let testDatabase: TestDatabase
let database: Database
let store: ClientStore

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  database = createDatabase(testDatabase.url, config)
  store = createClientStore(database)
  await testDatabase.query(
    `INSERT INTO client_types (id, name, inserted_at, updated_at) VALUES ($1, 'MSP', now(), now())`,
    [typeId],
  )
  await testDatabase.query('INSERT INTO users (id, inserted_at, updated_at) VALUES ($1, now(), now())', [userId])
})
afterAll(async () => {
  await database.close()
  await testDatabase.drop()
})
afterEach(() => testDatabase.query('DELETE FROM clients'))

interface Row {
  readonly id?: string
  readonly name?: string | null
  readonly settings?: string | null
  readonly userId?: string | null
  readonly isBlocked?: boolean
  readonly blockReason?: string | null
  readonly at?: string
}
async function insert({
  id = randomUUID(),
  name = 'Client',
  settings = null,
  at = '2020-01-01 10:00:00',
  ...row
}: Row): Promise<string> {
  await testDatabase.query(
    `INSERT INTO clients (id, name, secret, settings, priv_settings, user_id, client_type_id, is_blocked, block_reason, inserted_at, updated_at)
     VALUES ($1, $2, 'legacy-secret', $3, '{"private":true}', $4, $5, $6, $7, $8, '2021-02-03 04:05:06.789012')`,
    [id, name, settings, row.userId ?? null, typeId, row.isBlocked ?? false, row.blockReason ?? null, at],
  )
  return id
}

const first: PageRequest & { by: 'cursor' } = {
  by: 'cursor',
  size: 100,
  place: null,
  backward: false,
  withTotal: false,
}
const idsOf = async (filter: ClientFilter, order: ClientOrder = 'INSERTED_AT_ASC', page: PageRequest = first) =>
  (await store.page(filter, order, page)).items.map(({ item }) => item.id)

/** Walks a list to its end and answers the ids in the order of the list. */
async function walk(
  filter: ClientFilter,
  order: ClientOrder,
  size: number,
  backward: boolean,
  between: () => Promise<unknown> = async () => {},
) {
  const pages: string[][] = []
  let request: PageRequest = { ...first, size, backward }
  for (;;) {
    const page = await store.page(filter, order, request)
    pages.push(page.items.map(({ item }) => item.id))
    expect(page).toMatchObject({ size, total: null, number: null })
    expect(backward ? page.hasNext : page.hasPrevious).toBe(request.place !== null)
    if (!(backward ? page.hasPrevious : page.hasNext)) return (backward ? pages.reverse() : pages).flat()
    const edge = backward ? page.items[0] : page.items.at(-1)
    request = { ...first, size, backward, place: decodeCursor(edge?.cursor ?? '', 'time') }
    await between()
  }
}

describe('a client', () => {
  test('a client is read whole, with the name of its type, and without its secrets', async () => {
    const id = await insert({
      name: 'Клініка «Борис»',
      settings: '{"a":[1,"ї"]}',
      userId,
      isBlocked: true,
      blockReason: 'Борги',
      at: '2019-03-31 03:30:00.123456',
    })
    const client = {
      id,
      name: 'Клініка «Борис»',
      settings: { a: [1, 'ї'] },
      isBlocked: true,
      blockReason: 'Борги',
      userId,
      clientTypeId: typeId,
      clientTypeName: 'MSP',
      insertedAt: new Date('2019-03-31T03:30:00.123Z'),
      updatedAt: new Date('2021-02-03T04:05:06.789Z'),
    }
    expect(await store.find(id)).toEqual(client)
    expect(
      (await store.page({}, 'INSERTED_AT_DESC', first)).items.map(({ item, cursor }) => ({ item, cursor })),
    ).toEqual([{ item: client, cursor: expect.any(String) }])
  })

  test('a client may have no name, no settings and no user', async () => {
    const id = await insert({ name: null })
    expect(await store.find(id)).toMatchObject({
      name: null,
      settings: null,
      userId: null,
      blockReason: null,
      isBlocked: false,
    })
    expect(await idsOf({ nameContains: 'a' })).toEqual([])
    expect(await idsOf({})).toEqual([id])
  })

  test('a client that does not exist is null', async () => {
    expect(await store.find(randomUUID())).toBeNull()
  })

  test('references have id and name, in the order of the ids, also twice', async () => {
    const [a, b, none] = [await insert({ name: 'A' }), await insert({ name: null }), randomUUID()]
    expect(await store.references([b, none, a, b])).toEqual([
      { id: b, name: null },
      null,
      { id: a, name: 'A' },
      { id: b, name: null },
    ])
    expect(await store.references([])).toEqual([])
  })

  test('references to any number of clients have one text of a statement', async () => {
    const texts = new Set<string>()
    const watched = createClientStore(watchStatements(database, (sql) => texts.add(sql)))
    for (const count of [0, 1, 2, 50]) await watched.references(Array.from({ length: count }, () => randomUUID()))
    expect(texts.size).toBe(1)
  })
})

describe('a filter', () => {
  test.each([
    ['a part of a name in another case', 'БОРИС', ['Клініка «Борис»']],
    ['Ukrainian letters in either case', 'їжаЄ', ['ЇЖАЄҐ']],
    ['one letter', 'ґ', ['ЇЖАЄҐ']],
    ['two letters', 'КЛ', ['Клініка «Борис»']],
    ['a percent sign', '50%', ['До 50% знижки']],
    ['a percent sign alone', '%', ['До 50% знижки', 'e\\%f']],
    ['an underscore', 'a_b', ['a_b']],
    ['a backslash', 'c\\d', ['c\\d']],
    ['a backslash alone', '\\', ['c\\d', 'e\\%f']],
    ['a backslash before a percent sign', '\\%', ['e\\%f']],
    ['a quote', "'", ["o'clock"]],
    ['spaces', '  ', []],
    ['a whole name', 'aXb', ['aXb']],
    ['more than a name', 'aXbc', []],
    ['what breaks an array literal', '{","}', ['x{","}y']],
    ['nothing, which every name has', '', null],
  ])('by name finds %s', async (_case, nameContains, expected) => {
    const names = ['Клініка «Борис»', 'ЇЖАЄҐ', 'До 50% знижки', 'a_b', 'aXb', 'c\\d', 'e\\%f', "o'clock", 'x{","}y']
    for (const [index, name] of names.entries()) await insert({ name, at: `2020-01-01 10:00:0${index}` })
    for (const page of [first, { by: 'number', size: 100, number: 1 } as const]) {
      const found = await store.page({ nameContains }, 'INSERTED_AT_ASC', page)
      expect(found.items.map(({ item }) => item.name)).toEqual(expected ?? names)
    }
  })

  const signs: [name: string, sign: string][] = [
    ['U+0027', "'"],
    ['U+2019', '\u2019'],
    ['U+02BC', '\u02bc'],
  ]
  test.each(signs)(
    'by name takes the apostrophe %s for each of the three, and for nothing else',
    async (_name, sign) => {
      const names = [...signs.map(([, each]) => `Центр здоров${each}я`), 'Центр здоров-я', 'Центр здоровя', 'здоров_я']
      for (const [index, name] of names.entries()) await insert({ name, at: `2020-01-01 10:00:0${index}` })
      for (const text of [`здоров${sign}я`, `ЗДОРОВ${sign}Я`, `${sign}`]) {
        const found = await store.page({ nameContains: text }, 'INSERTED_AT_ASC', first)
        expect(found.items.map(({ item }) => item.name)).toEqual(names.slice(0, 3))
      }
    },
  )

  test('a filter by name finds composed and decomposed letters, in both spellings', async () => {
    const composed = "Київ, лікарня Йосипа, об'їзд".normalize('NFC')
    const decomposed = composed.normalize('NFD')
    expect(decomposed).not.toBe(composed)
    await insert({ name: composed, at: '2020-01-01' })
    await insert({ name: decomposed, at: '2020-01-02' })
    await insert({ name: 'Киiв', at: '2020-01-03' })
    for (const text of ['КИЇВ', 'йосип', 'об\u2019їзд', 'Київ, лікарня Й'])
      for (const form of ['NFC', 'NFD']) {
        const found = await store.page({ nameContains: text.normalize(form) }, 'INSERTED_AT_ASC', first)
        expect(found.items.map(({ item }) => item.name)).toEqual([composed, decomposed])
      }
  })

  test('filters by id, user and block narrow the list, alone and together', async () => {
    const plain = await insert({ at: '2020-01-01' })
    const ours = await insert({ at: '2020-01-02', userId })
    const blocked = await insert({ at: '2020-01-03', userId, isBlocked: true })
    expect(await idsOf({})).toEqual([plain, ours, blocked])
    expect(await idsOf({ id: ours })).toEqual([ours])
    expect(await idsOf({ userId })).toEqual([ours, blocked])
    expect(await idsOf({ isBlocked: true })).toEqual([blocked])
    expect(await idsOf({ isBlocked: false })).toEqual([plain, ours])
    expect(await idsOf({ userId, isBlocked: false, nameContains: 'lie' })).toEqual([ours])
    expect(await idsOf({ id: plain, userId })).toEqual([])
    expect(await idsOf({ id: randomUUID() })).toEqual([])
    expect(await idsOf({ userId: randomUUID() })).toEqual([])
  })

  test('the id of a connection finds the client that has it, and not its consumer', async () => {
    const [clientId, consumerId] = [await insert({ at: '2020-01-01' }), await insert({ at: '2020-01-02' })]
    const connectionId = randomUUID()
    await testDatabase.query(
      `INSERT INTO connections (id, secret, redirect_uri, client_id, consumer_id, inserted_at, updated_at)
       VALUES ($1, 'secret', 'https://example.ua', $2, $3, now(), now())`,
      [connectionId, clientId, consumerId],
    )
    expect(await idsOf({ connectionId })).toEqual([clientId])
    expect(await idsOf({ connectionId: clientId })).toEqual([])
    await testDatabase.query('DELETE FROM connections')
  })
})

describe('walking the list', () => {
  /** Fifteen clients at five times a microsecond apart, three at each: the id decides between them. */
  async function insertMany(): Promise<string[]> {
    const rows = Array.from({ length: 15 }, (_, index) => ({
      id: randomUUID(),
      at: `2020-01-01 10:00:00.00000${1 + (index % 5)}`,
    }))
    for (const row of rows) await insert(row)
    return rows.sort((a, b) => (a.at + a.id < b.at + b.id ? -1 : 1)).map(({ id }) => id)
  }

  const ways = ([1, 2, 7, 15, 16] as const).flatMap((size) =>
    (['INSERTED_AT_ASC', 'INSERTED_AT_DESC'] as const).flatMap((order) =>
      [false, true].map((backward) => ({ size, order, backward })),
    ),
  )
  test.each(ways)(
    'by $size, $order, backward: $backward, meets every client once',
    async ({ size, order, backward }) => {
      const ids = await insertMany()
      const expected = order === 'INSERTED_AT_ASC' ? ids : ids.toReversed()
      expect(await walk({}, order, size, backward)).toEqual(expected)
      expect(await walk({ nameContains: 'client', isBlocked: false }, order, size, backward)).toEqual(expected)
    },
  )

  test.each(ways.filter(({ size }) => size < 15))(
    'by $size, $order, backward: $backward, stays right while others insert before, between and after',
    async ({ size, order, backward }) => {
      const ids = await insertMany()
      let round = 0
      const others = async () => {
        round += 1
        for (const at of [
          '2019-01-01',
          `2020-01-01 10:00:00.00000${1 + (round % 5)}`,
          `2020-01-01 10:00:00.00000${(round * 3) % 7}`,
          '2021-01-01',
        ])
          await insert({ at })
      }
      const walked = await walk({}, order, size, backward, others)
      expect(new Set(walked).size).toBe(walked.length)
      expect(walked.filter((id) => ids.includes(id))).toEqual(order === 'INSERTED_AT_ASC' ? ids : ids.toReversed())
    },
  )

  test('a filter by name finds the same with and without the index', async () => {
    // One name in 7 is common, one in 1,000 is rare, and the first 2,500 of the list have a word that no other has.
    await testDatabase.query(
      `INSERT INTO clients (id, name, client_type_id, is_blocked, inserted_at, updated_at)
       SELECT gen_random_uuid(), 'n' || n || CASE WHEN n % 1000 = 0 THEN ' Рідкісний' WHEN n % 7 = 0 THEN ' Звичайний' ELSE '' END
                                  || CASE WHEN n <= 2500 THEN ' Ранній' ELSE ' Пізній' END,
              $1, n % 2 = 0, timestamp '2020-01-01' + n / 3 * interval '1 second', now()
         FROM generate_series(1, 6000) AS n`,
      [typeId],
    )
    const all = await testDatabase.query<{ id: string; name: string; is_blocked: boolean }>(
      'SELECT id, name, is_blocked FROM clients ORDER BY inserted_at, id',
    )
    for (const needle of ['рідкісний', 'ЗВИЧАЙНИЙ', 'ранній', 'пізній', 'щ', 'n4999', 'немає'])
      for (const isBlocked of [undefined, true]) {
        const filter = { nameContains: needle, ...(isBlocked !== undefined && { isBlocked }) }
        const expected = all
          .filter(
            ({ name, is_blocked }) =>
              name.toLowerCase().includes(needle.toLowerCase()) && (isBlocked === undefined || is_blocked),
          )
          .map(({ id }) => id)
        for (const order of ['INSERTED_AT_ASC', 'INSERTED_AT_DESC'] as const)
          for (const backward of [false, true]) {
            const inOrder = order === 'INSERTED_AT_ASC' ? expected : expected.toReversed()
            expect(await walk(filter, order, expected.length > 20 ? 499 : 2, backward)).toEqual(inOrder)
          }
        const counted = await store.page(filter, 'INSERTED_AT_ASC', { ...first, size: 3, withTotal: true })
        expect([counted.total, counted.items.map(({ item }) => item.id)]).toEqual([
          expected.length,
          expected.slice(0, 3),
        ])
        const second = await store.page(filter, 'INSERTED_AT_ASC', { by: 'number', size: 3, number: 2 })
        const from = expected.length > 3 ? 3 : 0
        expect([second.total, second.items.map(({ item }) => item.id)]).toEqual([
          expected.length,
          expected.slice(from, from + 3),
        ])
      }
  }, 120_000)
})

describe('numbered pages', () => {
  const numbered = (number: number, size = 3): PageRequest => ({ by: 'number', size, number })
  const answer = async (number: number, filter: ClientFilter = {}, size = 3) => {
    const page = await store.page(filter, 'INSERTED_AT_ASC', numbered(number, size))
    return { ...page, items: page.items.map(({ item }) => item.name) }
  }

  test.each([[{}], [{ nameContains: 'n' }]])(
    'under %j: first, middle, last, and the last one past the end',
    async (filter) => {
      for (let index = 0; index < 8; index++) await insert({ name: `n${index}`, at: `2020-01-01 10:00:0${index}` })
      const last = { items: ['n6', 'n7'], size: 3, total: 8, number: 3, hasPrevious: true, hasNext: false }
      expect(await answer(1, filter)).toEqual({
        items: ['n0', 'n1', 'n2'],
        size: 3,
        total: 8,
        number: 1,
        hasPrevious: false,
        hasNext: true,
      })
      expect(await answer(2, filter)).toEqual({
        items: ['n3', 'n4', 'n5'],
        size: 3,
        total: 8,
        number: 2,
        hasPrevious: true,
        hasNext: true,
      })
      for (const number of [3, 4, 2_147_483_647, 2_147_483_648, Number.MAX_SAFE_INTEGER])
        expect(await answer(number, filter)).toEqual(last)
      expect(await answer(9, filter, 4)).toMatchObject({ items: ['n4', 'n5', 'n6', 'n7'], number: 2, total: 8 })
    },
  )

  test.each([[{}], [{ nameContains: 'n' }]])('under %j: an empty list is page 1 of nothing', async (filter) => {
    for (const number of [1, 2, Number.MAX_SAFE_INTEGER])
      expect(await answer(number, filter)).toEqual({
        items: [],
        size: 3,
        total: 0,
        number: 1,
        hasPrevious: false,
        hasNext: false,
      })
  })
})

test('a total is counted only if it is asked for, and under the filter', async () => {
  for (let index = 0; index < 5; index++)
    await insert({ name: `n${index}`, isBlocked: index < 2, at: `2020-01-01 10:00:0${index}` })
  const totalOf = async (filter: ClientFilter, page: PageRequest) =>
    (await store.page(filter, 'INSERTED_AT_ASC', page)).total
  expect(await totalOf({}, first)).toBeNull()
  expect(await totalOf({}, { ...first, size: 1, withTotal: true })).toBe(5)
  expect(await totalOf({ isBlocked: true }, { ...first, size: 1, withTotal: true })).toBe(2)
  expect(await totalOf({ nameContains: '3' }, { ...first, withTotal: true })).toBe(1)
  expect(await totalOf({ nameContains: 'none' }, { ...first, withTotal: true })).toBe(0)
  const { items } = await store.page({}, 'INSERTED_AT_ASC', first)
  const place = decodeCursor(items[4]?.cursor ?? '', 'time')
  expect(await store.page({}, 'INSERTED_AT_ASC', { ...first, place, withTotal: true })).toEqual({
    items: [],
    size: 100,
    total: 5,
    number: null,
    hasPrevious: true,
    hasNext: false,
  })
})

test('every read is one statement that names no secret, no private settings and no value', async () => {
  const proxy = await startPostgresProxy(testDatabase.url)
  const watched = createDatabase(proxy.url, { ...config, poolMax: 1 })
  try {
    const id = await insert({ userId })
    await watched.query('SELECT 1')
    const reads = createClientStore(watched)
    const filter = { id, userId, isBlocked: false }
    const calls: (() => Promise<unknown>)[] = [
      () => reads.find(id),
      () => reads.page({}, 'INSERTED_AT_DESC', first),
      () => reads.page(filter, 'INSERTED_AT_DESC', { ...first, withTotal: true }),
      () => reads.page({ ...filter, nameContains: 'Client' }, 'INSERTED_AT_DESC', { ...first, withTotal: true }),
      () => reads.page(filter, 'INSERTED_AT_ASC', { by: 'number', size: 5, number: 1 }),
      () => reads.references([id, randomUUID()]),
    ]
    for (const call of calls) {
      proxy.statements.length = 0
      const before = proxy.roundTrips()
      await call()
      await call()
      expect(proxy.roundTrips() - before).toBe(2)
      expect(proxy.statements).toHaveLength(proxy.statements[0]?.startsWith(plannedAnew) ? 2 : 1)
      expect(
        proxy.statements.filter((sql) =>
          /secret|priv_settings|\*\s+FROM\s+"?clients|legacy|[0-9a-f]{8}-|'%/i.test(sql),
        ),
      ).toEqual([])
    }
  } finally {
    await watched.close()
    await proxy.close()
  }
})
