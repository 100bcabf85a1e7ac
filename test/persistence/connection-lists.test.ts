import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ConnectionFilter, ConnectionStore } from '../../src/domain/connection.ts'
import { decodeCursor, type PageRequest } from '../../src/domain/page.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { createConnectionStore } from '../../src/persistence/stores/connection-store.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { watchStatements } from '../support/watched-database.ts'

const config = {
  ...databaseDefaults,
  poolMax: 5,
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 10_000,
  lockTimeoutMs: 10_000,
}

let testDatabase: TestDatabase
let database: Database
let store: ConnectionStore
let one: string
let two: string
/** The statements that the store has sent. */
const sent: string[] = []

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  database = createDatabase(testDatabase.url, config)
  store = createConnectionStore(watchStatements(database, (sql) => sent.push(sql)))
})
afterAll(async () => {
  await database.close()
  await testDatabase.drop()
})
beforeEach(async () => {
  one = await testDatabase.insertClient({ type: 'MSP' })
  two = await testDatabase.insertClient({ type: 'MSP' })
  sent.length = 0
})

type CursorRequest = PageRequest & { readonly by: 'cursor' }
const firstPage: CursorRequest = { by: 'cursor', size: 100, place: null, backward: false, withTotal: false }
const second = (number: number) => `2026-01-01 00:00:${String(number).padStart(2, '0')}.000001`

/** Inserts connections with consumers of their own, three at each microsecond, and returns the consumers. */
async function insertConnections(clientId: string, count: number, at?: string): Promise<string[]> {
  const consumers: string[] = []
  for (let number = 0; number < count; number++) {
    const consumerId = await testDatabase.insertClient({ type: 'MIS' })
    const redirectUri =
      number % 2 === 0 ? `https://even.example.ua/${number}?q=100%25_\\` : `http://odd.example.ua/${number}`
    await testDatabase.insertConnection({
      clientId,
      consumerId,
      redirectUri,
      insertedAt: at ?? second(Math.floor(number / 3)),
    })
    consumers.push(consumerId)
  }
  return consumers
}

/** What a client's list has to be, by a plain statement. */
async function listOf(clientId: string): Promise<string[]> {
  const rows = await testDatabase.query<{ id: string }>(
    'SELECT id FROM connections WHERE client_id = $1 ORDER BY inserted_at DESC, id DESC',
    [clientId],
  )
  return rows.map(({ id }) => id)
}

async function pageOf(clientId: string, request: PageRequest, filter: ConnectionFilter = {}) {
  const [page] = await store.pagesOf([clientId], filter, request)
  if (page == null) throw new Error('no such client')
  return page
}

describe('walking the connections of a client', () => {
  const ways = [1, 2, 7].flatMap((size) => [false, true].map((backward) => ({ size, backward })))

  /** From one end to the other, page by page, in the order of the list. */
  async function walk(
    { size, backward }: (typeof ways)[number],
    meanwhile: (step: number) => Promise<unknown>,
    filter: ConnectionFilter = {},
  ) {
    const walked: string[] = []
    let request: CursorRequest = { ...firstPage, size, backward }
    for (let step = 0; ; step++) {
      const page = await pageOf(one, request, filter)
      const ids = page.items.map(({ item }) => item.id)
      expect(backward ? page.hasNext : page.hasPrevious).toBe(step > 0)
      if (backward) walked.unshift(...ids)
      else walked.push(...ids)
      if (!(backward ? page.hasPrevious : page.hasNext)) return walked
      expect(ids).toHaveLength(size)
      request = {
        ...request,
        place: decodeCursor((backward ? page.items[0] : page.items.at(-1))?.cursor ?? '', 'time'),
      }
      await meanwhile(step)
    }
  }

  test.each(ways)('a walk by $size, backward $backward, has no gap and no double during inserts', async (way) => {
    await insertConnections(one, 11)
    await insertConnections(two, 5)
    const before = await listOf(one)
    // Newer ones, older ones, and at the very same microsecond as ones that are there.
    const walked = await walk(
      way,
      async (step) => step < 8 && insertConnections(one, 1, [second(59), '2020-01-01', second(2)][step % 3]),
    )

    expect(new Set(walked).size).toBe(walked.length)
    expect(before.filter((id) => !walked.includes(id))).toEqual([])
    expect(walked).toEqual((await listOf(one)).filter((id) => walked.includes(id)))
  })

  test.each(ways)(
    'by $size, backward $backward, under a filter, meets each that passes once, in order',
    async (way) => {
      await insertConnections(one, 16)
      const { items } = await pageOf(one, firstPage)
      const even = items.filter(({ item }) => item.redirectUri.includes('even')).map(({ item }) => item.id)
      expect(await walk(way, async () => {}, { redirectUriContains: 'EVEN' })).toEqual(even)
      expect(even).toHaveLength(8)
    },
  )

  test('a page continues from a place whose connection was deleted', async () => {
    await insertConnections(one, 5)
    const [first, next, ...rest] = (await pageOf(one, firstPage)).items
    await testDatabase.query('DELETE FROM connections WHERE id = ANY($1)', [[first?.item.id, next?.item.id]])
    const page = await pageOf(one, { ...firstPage, place: decodeCursor(next?.cursor ?? '', 'time') })
    expect(page.items).toEqual(rest)
  })

  test('a cursor holds all microseconds', async () => {
    await insertConnections(one, 1, '2026-10-25 03:30:00.123456')
    const { items } = await pageOf(one, firstPage)
    expect(items.map(({ cursor }) => decodeCursor(cursor, 'time'))).toEqual([
      ['2026-10-25 03:30:00.123456', items[0]?.item.id],
    ])
  })
})

describe('connections of several clients', () => {
  test('the lists of several clients come in one statement and in order; null for an unknown client', async () => {
    const [consumerId = ''] = await insertConnections(one, 4)
    await insertConnections(two, 2)
    const empty = await testDatabase.insertClient({ type: 'MSP' })
    const pagesOf = async (filter: ConnectionFilter, request: PageRequest) =>
      (await store.pagesOf([two, randomUUID(), one, empty, one], filter, request)).map(
        (page) => page && { ids: page.items.map(({ item }) => item.id), total: page.total, more: page.hasNext },
      )
    const ofOne = await listOf(one)
    const ofTwo = { ids: await listOf(two), total: 2, more: false }
    const nothing = { ids: [], total: 0, more: false }

    const three = { ids: ofOne.slice(0, 3), total: 4, more: true }
    expect(await pagesOf({}, { ...firstPage, size: 3, withTotal: true })).toEqual([ofTwo, null, three, nothing, three])
    expect(await pagesOf({}, { by: 'number', size: 3, number: 1 })).toEqual([ofTwo, null, three, nothing, three])
    const last = { ids: ofOne.slice(3), total: 4, more: false }
    expect(await pagesOf({}, { by: 'number', size: 3, number: 7 })).toEqual([ofTwo, null, last, nothing, last])
    const found = { ids: [expect.any(String)], total: null, more: false }
    expect(await pagesOf({ consumerId }, firstPage)).toEqual([
      { ...nothing, total: null },
      null,
      found,
      { ...nothing, total: null },
      found,
    ])
    expect(sent).toHaveLength(4)
    expect(sent[3]).not.toMatch(/count\(/i)
    expect(await store.pagesOf([], {}, firstPage)).toEqual([])
  })

  test('a page past the end is the last page of each list, and page 1 of an empty list', async () => {
    await insertConnections(one, 4)
    const pages = await store.pagesOf([one, two], {}, { by: 'number', size: 3, number: 999_999_999 })
    expect(pages).toMatchObject([
      { number: 2, total: 4, hasPrevious: true, hasNext: false, items: [expect.anything()] },
      { number: 1, total: 0, hasPrevious: false, hasNext: false, items: [] },
    ])
  })
})

test.each([
  ['EVEN.example', 2],
  ['http://', 2],
  ['%', 2],
  ['100%25_\\', 2],
  ['_', 2],
  ['.UA/3', 1],
  ['ua_', 0],
  ['odd%3', 0],
  ['', 4],
])(
  'redirect URIs that contain %j are %i, of one client and of several, by cursor and by number',
  async (redirectUriContains, count) => {
    await insertConnections(one, 4)
    await insertConnections(two, 4)
    const requests: PageRequest[] = [
      firstPage,
      { ...firstPage, backward: true, withTotal: true },
      { by: 'number', size: 50, number: 1 },
    ]
    for (const ids of [[one], [one, two]])
      for (const request of requests) {
        const pages = await store.pagesOf(ids, { redirectUriContains }, request)
        expect(pages.map((page) => page?.items.length)).toEqual(ids.map(() => count))
        if (request !== firstPage) expect(pages.map((page) => page?.total)).toEqual(ids.map(() => count))
      }
  },
)
