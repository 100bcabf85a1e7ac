import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ClientFilter } from '../../src/domain/client.ts'
import type { ConnectionFilter, ConsumerConnectionFilter } from '../../src/domain/connection.ts'
import { decodeCursor, type PageRequest } from '../../src/domain/page.ts'
import { migrate } from '../../src/persistence/migrations/migrate.ts'
import { MIGRATIONS } from '../../src/persistence/migrations/migration-files.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import type { SqlValue } from '../../src/persistence/pool/json-rows.ts'
import { plannedAnew } from '../../src/persistence/pool/statement-names.ts'
import { createClientStore } from '../../src/persistence/stores/client-store.ts'
import { createConnectionStore } from '../../src/persistence/stores/connection-store.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { watchStatements } from '../support/watched-database.ts'

const config = {
  ...databaseDefaults,
  poolMax: 2,
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 60_000,
  lockTimeoutMs: 5_000,
}
const clientCount = 100_000
const connectionCount = 1_000_000
/** How many connections the first client has. The others have nine or ten each. */
const connectionsOfTheBigOne = 50_000
/** A list that PostgreSQL reads as a whole takes hundreds of milliseconds. */
const limitMs = 60

/** The ids that the generated rows have, in TypeScript and in SQL. */
const clientId = (number: number) => `c0000000-0000-4000-8000-${String(number).padStart(12, '0')}`
const userId = (number: number) => clientId(number).replace('c', 'e')
const sqlClientId = (number: string) => `('c0000000-0000-4000-8000-' || lpad((${number})::text, 12, '0'))::uuid`
const sqlUserId = (number: string) => `('e0000000-0000-4000-8000-' || lpad((${number})::text, 12, '0'))::uuid`

/**
 * Mithril's tables, filled. Every 10,000th client is a rare one, and so is every 100,000th connection and every
 * 10,000th of the big client's; two clients in three are a "Клініка". Foreign keys hold by construction and are not
 * checked a million times.
 */
const fill = `
  SET synchronous_commit = off;
  SET session_replication_role = replica;
  INSERT INTO client_types (id, name, inserted_at, updated_at)
  SELECT ${sqlClientId('n')}, 'Type ' || n, '2020-01-01', '2020-01-01' FROM generate_series(1, 5) AS n;
  INSERT INTO users (id, inserted_at, updated_at)
  SELECT ${sqlUserId('n')}, '2020-01-01', '2020-01-01' FROM generate_series(0, 999) AS n;
  INSERT INTO clients (id, name, settings, priv_settings, user_id, client_type_id, is_blocked, inserted_at, updated_at)
  SELECT ${sqlClientId('n')},
         CASE WHEN n % 10000 = 77 THEN 'Аптека «Подорожник» ' || n
              WHEN n % 3 = 0 THEN 'Центр медичної допомоги № ' || n
              ELSE 'Клініка сімейного лікаря № ' || n END,
         '{}', '{}', ${sqlUserId('n % 1000')}, ${sqlClientId('1 + n % 5')}, n % 200 = 0,
         timestamp '2020-01-01' + n / 3 * interval '1 minute', '2020-01-01'
    FROM generate_series(1, ${clientCount}) AS n;
  INSERT INTO connections (id, secret, redirect_uri, client_id, consumer_id, inserted_at, updated_at)
  SELECT gen_random_uuid(), 'secret-' || n,
         CASE WHEN n <= ${connectionsOfTheBigOne} AND n % 10000 = 5000 OR n % 100000 = 99999 THEN 'https://podorozhnyk.example.ua/oauth/' || n
              ELSE 'https://consumer-' || n % 5000 || '.example.ua/oauth/callback' END,
         CASE WHEN n <= ${connectionsOfTheBigOne} THEN ${sqlClientId('1')} ELSE ${sqlClientId(`2 + n % ${clientCount - 1}`)} END,
         CASE WHEN n <= ${connectionsOfTheBigOne} THEN ${sqlClientId('n')} ELSE ${sqlClientId(`1 + n / ${clientCount - 1}`)} END,
         timestamp '2020-01-01' + n / 3 * interval '1 minute', '2020-01-01'
    FROM generate_series(1, ${connectionCount}) AS n`

let testDatabase: TestDatabase
let database: Database
let session: Client

beforeAll(async () => {
  testDatabase = await createTestDatabase({ empty: true })
  const [name] = await testDatabase.query<{ name: string }>('SELECT current_database() AS name')
  await testDatabase.query(`ALTER DATABASE ${name?.name} SET maintenance_work_mem = '256MB'`)
  const directory = await mkdtemp(join(tmpdir(), 'migrations-'))
  try {
    await cp(MIGRATIONS, directory, { recursive: true, filter: (path) => !/[/\\]00(?:0[2-9]|1\d)_[^/\\]*$/.test(path) })
    await migrate(testDatabase.url, { directory })
  } finally {
    await rm(directory, { recursive: true })
  }
  session = new Client({ connectionString: testDatabase.url })
  await session.connect()
  await session.query(fill)
  await session.query('RESET session_replication_role')
  expect(await migrate(testDatabase.url)).toEqual([
    '0002_versions_and_history',
    '0003_lists',
    '0004_faster_record',
    '0005_guarded_record',
    '0006_client_history',
    '0007_history_archives',
    '0008_ordered_record',
    '0009_checks_in_the_functions',
    '0010_consumer_list',
    '0011_guarded_archives',
    '0012_whole_history',
    '0013_events',
    '0014_waiting_events',
    '0015_first_subscription',
    '0016_replicated_inbox',
  ])
  // As autovacuum leaves the tables.
  await session.query('VACUUM ANALYZE clients, client_types, connections')
  database = createDatabase(testDatabase.url, config)
}, 180_000)

afterAll(async () => {
  await database.close()
  await session.end()
  await testDatabase.drop()
}, 120_000)

interface Statement {
  readonly sql: string
  readonly values: readonly SqlValue[]
}

/** The very statement that a store sends, and what it answers. */
async function statementOf<T>(ask: (watched: Database) => Promise<T>): Promise<Statement & { readonly answer: T }> {
  const statements: Statement[] = []
  const answer = await ask(watchStatements(database, (sql, values) => statements.push({ sql, values })))
  const [statement, ...others] = statements
  if (statement === undefined || others.length > 0) throw new Error(`${statements.length} statements`)
  return { ...statement, answer }
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Actual Loops': number
  readonly Plans?: readonly PlanNode[]
}
interface Explained {
  readonly Plan: PlanNode
  readonly 'Execution Time': number
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

/** The tables that a plan reads from end to end. */
const readWhole = (plan: PlanNode) =>
  nodesOf(plan)
    .filter((node) => node['Node Type'] === 'Seq Scan' && node['Actual Loops'] > 0)
    .map((node) => node['Relation Name'])
    .filter((table) => table !== 'client_types') // five rows

/**
 * The fastest of three runs of each of the plans that PostgreSQL may choose: for these values, and for any (once it is
 * prepared).
 */
async function measure({ sql, values }: Statement) {
  const runs = async (text: string, list: readonly SqlValue[]) => {
    const found: Explained[] = []
    for (let run = 0; run < 3; run++) {
      const { rows } = await session.query<{ 'QUERY PLAN': readonly [Explained] }>(
        `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
        [...list],
      )
      found.push(...rows.flatMap((row) => row['QUERY PLAN']))
    }
    return {
      ms: Math.min(...found.map((run) => run['Execution Time'])),
      seq: found.flatMap(({ Plan }) => readWhole(Plan)),
    }
  }
  const first = await runs(sql, values)
  const literals = values.map((value) =>
    value === null
      ? 'NULL'
      : typeof value === 'object'
        ? session.escapeLiteral(`{${value.join(',')}}`)
        : session.escapeLiteral(String(value)),
  )
  const call = `EXECUTE listing${literals.length === 0 ? '' : `(${literals.join(', ')})`}`
  await session.query(`PREPARE listing AS ${sql}`)
  try {
    for (let execution = 0; execution < 8; execution++) await session.query(call)
    const prepared = await runs(call, [])
    const [{ generic_plans } = { generic_plans: '' }] = (
      await session.query<{ generic_plans: string }>(
        `SELECT generic_plans FROM pg_prepared_statements WHERE name = 'listing'`,
      )
    ).rows
    return { first, prepared, generic: Number(generic_plans) > 0 }
  } finally {
    await session.query('DEALLOCATE listing')
  }
}
const report =
  process.env['REPORT_PLANS'] === undefined ? () => {} : (text: string) => process.stderr.write(`${text}\n`)

async function expectFast(name: string, statement: Statement): Promise<void> {
  const { first, prepared, generic } = await measure(statement)
  report(
    `${name}: ${first.ms} ms, prepared ${prepared.ms} ms${generic ? ' (generic plan)' : ''} ${JSON.stringify([first.seq, prepared.seq])}`,
  )
  expect({ readWhole: first.seq }).toEqual({ readWhole: [] })
  expect(first.ms).toBeLessThan(limitMs)
  if (statement.sql.startsWith(plannedAnew)) return
  expect({ readWhole: prepared.seq }).toEqual({ readWhole: [] })
  expect(prepared.ms).toBeLessThan(limitMs)
}

const firstPage: PageRequest = { by: 'cursor', size: 20, place: null, backward: false, withTotal: false }
const numbered = (number: number): PageRequest => ({ by: 'number', size: 50, number })

describe('of 100,000 clients', () => {
  const cases: [string, ClientFilter, PageRequest, number][] = [
    ['the first page', {}, firstPage, 20],
    ['the last page, backward', {}, { ...firstPage, backward: true }, 20],
    ['a name with a rare word, many at once', { nameContains: 'подорож' }, { ...firstPage, size: 100 }, 10],
    ['a name with a rare word, backward', { nameContains: 'Подорожник» 77' }, { ...firstPage, backward: true }, 1],
    ['a name with a rare word', { nameContains: 'подорож' }, firstPage, 10],
    ['a name with a common word', { nameContains: 'клініка' }, firstPage, 20],
    ['a name with a word that no name has', { nameContains: 'поліклініка' }, firstPage, 0],
    ['a name with two letters that most names have', { nameContains: 'КА' }, firstPage, 20],
    ['blocked ones', { isBlocked: true }, firstPage, 20],
    ['not blocked ones', { isBlocked: false }, firstPage, 20],
    ['a name with a rare word and an apostrophe', { nameContains: "подорожник' 77" }, firstPage, 0],
    ['a name with a letter that can be decomposed', { nameContains: 'нічийна' }, firstPage, 0],
    ['blocked ones with a rare word', { isBlocked: true, nameContains: 'подорож' }, firstPage, 0],
    ['those of a user', { userId: userId(7) }, firstPage, 20],
    ['those of a user, with a common word', { userId: userId(7), nameContains: 'клініка' }, firstPage, 20],
    ['one by its id', { id: clientId(50_000) }, firstPage, 1],
  ]
  test.each(cases)('%s', async (name, filter, page, size) => {
    const statement = await statementOf((watched) => createClientStore(watched).page(filter, 'INSERTED_AT_DESC', page))
    expect(statement.answer.items).toHaveLength(size)
    await expectFast(`clients, ${name}`, statement)
  })

  test.each(['INSERTED_AT_DESC', 'INSERTED_AT_ASC'] as const)('a page deep in the list, %s', async (order) => {
    const [middle] = (
      await createClientStore(database).page({}, order, { by: 'number', size: 1, number: clientCount / 2 })
    ).items
    const place = decodeCursor(middle?.cursor ?? '', 'time')
    for (const backward of [false, true]) {
      const statement = await statementOf((watched) =>
        createClientStore(watched).page({}, order, { ...firstPage, place, backward }),
      )
      expect(statement.answer.items).toHaveLength(20)
      await expectFast(`clients, deep in the list, ${order}${backward ? ', backward' : ''}`, statement)
    }
  })
})

describe('of a million connections', () => {
  const cases: [string, string, ConnectionFilter, PageRequest, number][] = [
    ["a client's first page", clientId(2), {}, firstPage, 10],
    ["a client's connection with a consumer", clientId(2), { consumerId: clientId(3) }, firstPage, 1],
    ["a client's with a rare host", clientId(2), { redirectUriContains: 'PODOROZHNYK' }, firstPage, 1],
    ["a client's with a common host", clientId(2), { redirectUriContains: 'example.ua' }, firstPage, 10],
    ["a client's with two letters", clientId(2), { redirectUriContains: 'zz' }, firstPage, 0],
    ["the big client's first page", clientId(1), {}, firstPage, 20],
    ["the big client's connection with a consumer", clientId(1), { consumerId: clientId(49_000) }, firstPage, 1],
    ["the big client's with a common host", clientId(1), { redirectUriContains: 'example.ua' }, firstPage, 20],
  ]
  test.each(cases)('%s', async (name, id, filter, page, size) => {
    const statement = await statementOf((watched) => createConnectionStore(watched).pagesOf([id], filter, page))
    expect(statement.answer.map((one) => one?.items.length)).toEqual([size])
    await expectFast(`connections, ${name}`, statement)
  })
})

describe('of the 100,000 connections of a consumer', () => {
  const cases: [string, ConsumerConnectionFilter, PageRequest, number][] = [
    ['the first page', {}, firstPage, 20],
    ['the last page, backward', {}, { ...firstPage, backward: true }, 20],
    ['a common host', { hosts: ['example.ua'] }, firstPage, 20],
    ['a text that all have', { redirectUriContains: 'oauth' }, firstPage, 20],
  ]
  test.each(cases)('%s', async (name, filter, page, size) => {
    const statement = await statementOf((watched) =>
      createConnectionStore(watched).pageOfConsumer(clientId(3), filter, page),
    )
    expect(statement.answer.items).toHaveLength(size)
    await expectFast(`consumer, ${name}`, statement)
  })

  test('a page deep in the list', async () => {
    const middle = await createConnectionStore(database).pageOfConsumer(clientId(3), {}, numbered(1_000))
    const place = decodeCursor(middle.items[0]?.cursor ?? '', 'time')
    const statement = await statementOf((watched) =>
      createConnectionStore(watched).pageOfConsumer(clientId(3), {}, { ...firstPage, place }),
    )
    expect(statement.answer.items).toHaveLength(20)
    await expectFast('consumer, deep in the list', statement)
  })

  test.each<[string, ConsumerConnectionFilter, number]>([
    ['a rare host', { hosts: ['podorozhnyk.example.ua'] }, 1],
    ['a host that is nowhere', { hosts: ['nowhere.example'] }, 0],
    ['a text that is nowhere', { redirectUriContains: 'nowhere' }, 0],
  ])('%s, within the index of the consumer', async (name, filter, size) => {
    const statement = await statementOf((watched) =>
      createConnectionStore(watched).pageOfConsumer(clientId(3), filter, firstPage),
    )
    expect(statement.answer.items).toHaveLength(size)
    const { first } = await measure(statement)
    report(`consumer, ${name}: ${first.ms} ms`)
    expect(first.seq).toEqual([])
  })
})

// What the indexes do not serve (ARCHITECTURE.md, decision 13): right all the same, and measured with REPORT_PLANS.
describe('slower, but right:', () => {
  test.each([
    ['two letters that few names have', 'ож', 10],
    ['two letters that no name has', 'zz', 0],
    ['one letter that no name has', 'z', 0],
  ])('a name with %s', async (name, nameContains, size) => {
    const statement = await statementOf((watched) =>
      createClientStore(watched).page({ nameContains }, 'INSERTED_AT_DESC', firstPage),
    )
    expect(statement.answer.items).toHaveLength(size)
    report(`clients, ${name}: ${(await measure(statement)).first.ms} ms`)
  })

  test.each([
    ['rare', 'podorozhnyk', 5],
    ['that is nowhere', 'nowhere.example', 0],
  ])(
    "one client's 50,000 connections with a host that is %s, within the client's index",
    async (name, redirectUriContains, size) => {
      const statement = await statementOf((watched) =>
        createConnectionStore(watched).pagesOf([clientId(1)], { redirectUriContains }, firstPage),
      )
      expect(statement.answer.map((one) => one?.items.length)).toEqual([size])
      const { first } = await measure(statement)
      report(`connections, ${name}: ${first.ms} ms`)
      expect(first.seq).toEqual([])
    },
  )
})

describe.runIf(process.env['REPORT_PLANS'])('what counting costs', () => {
  const clients: [string, ClientFilter, PageRequest][] = [
    ['clients, page 1 of all', {}, numbered(1)],
    ['clients, page 1000 of all', {}, numbered(1000)],
    ['clients, page 1 of the blocked', { isBlocked: true }, numbered(1)],
    ['clients, page 1 of a common word', { nameContains: 'клініка' }, numbered(1)],
    ['clients, page 1 of a rare word', { nameContains: 'подорож' }, numbered(1)],
    ['clients, page 1 of a user', { userId: userId(7) }, numbered(1)],
    ['clients, total of all', {}, { ...firstPage, withTotal: true }],
  ]
  test.each(clients)('%s', async (name, filter, page) => {
    const statement = await statementOf((watched) => createClientStore(watched).page(filter, 'INSERTED_AT_DESC', page))
    const { first, prepared, generic } = await measure(statement)
    report(
      `${name}: ${first.ms} ms, prepared ${prepared.ms} ms${generic ? ' (generic plan)' : ''} ${JSON.stringify([first.seq, prepared.seq])}`,
    )
  })
  const connections: [string, string, ConnectionFilter][] = [
    ["a client's page 1", clientId(2), {}],
    ["the big client's page 1", clientId(1), {}],
    ["the big client's page 1 of a common host", clientId(1), { redirectUriContains: 'example.ua' }],
    ["the big client's page 1 of a rare host", clientId(1), { redirectUriContains: 'podorozhnyk' }],
  ]
  test.each(connections)('%s', async (name, id, filter) => {
    const statement = await statementOf((watched) => createConnectionStore(watched).pagesOf([id], filter, numbered(1)))
    const { first, prepared, generic } = await measure(statement)
    report(
      `${name}: ${first.ms} ms, prepared ${prepared.ms} ms${generic ? ' (generic plan)' : ''} ${JSON.stringify([first.seq, prepared.seq])}`,
    )
  })
  test.each([50, 100])('the first pages of %i clients come from one statement', async (count) => {
    const ids = Array.from({ length: count }, (_, index) => clientId(index + 1))
    for (const filter of [{}, { redirectUriContains: 'podorozhnyk' }, { redirectUriContains: 'zz' }]) {
      const statement = await statementOf((watched) => createConnectionStore(watched).pagesOf(ids, filter, firstPage))
      const { first, prepared, generic } = await measure(statement)
      report(
        `pages of ${count} ${JSON.stringify(filter)}: ${first.ms} ms, prepared ${prepared.ms} ms${generic ? ' (generic plan)' : ''} ${JSON.stringify([first.seq, prepared.seq])}`,
      )
    }
  })
})
