import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { DatabaseConfig } from '../../src/config/shape.ts'
import type { ConnectionStore } from '../../src/domain/connection.ts'
import { GatewayError } from '../../src/domain/errors.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { classifyFailure } from '../../src/persistence/pool/failure.ts'
import { createConnectionStore } from '../../src/persistence/stores/connection-store.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase, whole } from '../support/database.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'

type RedirectUriChange = Parameters<ConnectionStore['updateRedirectUri']>[0]

/**
 * What is tested here, its outcomes taken apart: the connection, or null where there is none. `versions.test.ts` has
 * the rest.
 */
function plainStore(of: Database) {
  const { find, updateRedirectUri } = createConnectionStore(of)
  return {
    find: (clientId: string, connectionId: string) => find({ clientId, connectionId }),
    async updateRedirectUri(change: RedirectUriChange) {
      const outcome = await updateRedirectUri(change)
      if (outcome.kind === 'stale') throw new Error('no version was expected')
      return outcome.kind !== 'missing' ? outcome.result : null
    },
  }
}

const config: DatabaseConfig = {
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
let store: ReturnType<typeof plainStore>
let clientId: string
let consumerId: string
let connectionId: string

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  database = createDatabase(testDatabase.url, config)
  store = plainStore(database)
})
afterAll(async () => {
  await database.close()
  await testDatabase.drop()
})

beforeEach(async () => {
  clientId = await testDatabase.insertClient({ type: 'MSP' })
  consumerId = await testDatabase.insertClient({ type: 'MIS' })
  connectionId = await testDatabase.insertConnection({
    clientId,
    consumerId,
    redirectUri: before,
    insertedAt: '2019-03-31 03:30:00.123456',
    updatedAt: '2020-10-25 03:30:00.654321',
  })
})

const callerId = '20000000-0000-4000-8000-000000000002'
const userId = '30000000-0000-4000-8000-000000000003'
const change = (redirectUri: string, more: Partial<RedirectUriChange> = {}): RedirectUriChange => ({
  clientId,
  connectionId,
  redirectUri,
  expectedVersions: null,
  revertedChangeId: null,
  author: {
    caller: { clientId: callerId, clientType: 'MITHRIL ADMIN', scopes: ['connection:write'], userId },
    door: 'GRAPHQL',
    requestId: 'a-request-id-of-20-characters',
  },
  ...more,
})
const changeBy = (requestId: string, redirectUri: string): RedirectUriChange => ({
  ...change(redirectUri),
  author: { ...change(redirectUri).author, requestId },
})

/** The whole row as it is stored, the version of the row with it. */
const storedRow = async () =>
  (
    await testDatabase.query(
      `SELECT xmin::text, id, secret, redirect_uri, client_id, consumer_id, inserted_at::text, updated_at::text
         FROM connections WHERE id = $1`,
      [connectionId],
    )
  )[0]
const audit = () =>
  testDatabase.query<AuditRow>('SELECT * FROM connection_changes WHERE connection_id = $1 ORDER BY id', [connectionId])

interface AuditRow {
  readonly redirect_uri_before: string
  readonly redirect_uri_after: string
  readonly door: string
  readonly caller_client_id: string | null
  readonly request_id: string | null
}

/** PostgreSQL's text of a UTC timestamp as the Date that it is, in milliseconds. */
const utc = (text: unknown) => new Date(`${String(text).replace(' ', 'T').slice(0, 23)}Z`)

describe('an update', () => {
  test('an update answers the changed connection, with times in UTC', async () => {
    const answer = await store.updateRedirectUri(change(after))
    const row = await storedRow()

    expect(answer && whole(answer)).toEqual({
      id: connectionId,
      clientId,
      consumerId,
      redirectUri: after,
      version: 2,
      insertedAt: new Date('2019-03-31T03:30:00.123Z'),
      updatedAt: utc(row?.['updated_at']),
    })
    expect(Math.abs(Date.now() - Number(answer?.updatedAt))).toBeLessThan(60_000)
    expect(await store.find(clientId, connectionId)).toEqual(answer)
  })

  test('an update changes the redirect URI and updated_at, and no other column', async () => {
    const old = await storedRow()
    await store.updateRedirectUri(change(after))
    const row = await storedRow()

    expect(row).toEqual({ ...old, xmin: expect.any(String), redirect_uri: after, updated_at: expect.any(String) })
    expect(row?.['xmin']).not.toBe(old?.['xmin'])
    expect(row?.['updated_at']).not.toBe(old?.['updated_at'])
  })

  test('an update changes no other connection of the same client', async () => {
    const other = await testDatabase.insertConnection({
      clientId,
      consumerId: await testDatabase.insertClient({ type: 'MIS' }),
      redirectUri: before,
    })
    await store.updateRedirectUri(change(after))
    expect(await testDatabase.query('SELECT redirect_uri FROM connections WHERE id = $1', [other])).toEqual([
      { redirect_uri: before },
    ])
  })

  test('an update is recorded with its caller, door, request id and previous value', async () => {
    await store.updateRedirectUri(change(after))

    expect(await audit()).toEqual([
      {
        id: expect.stringMatching(/^\d+$/),
        connection_id: connectionId,
        client_id: clientId,
        consumer_id: consumerId,
        version: 2,
        kind: 'UPDATED',
        redirect_uri_before: before,
        redirect_uri_after: after,
        door: 'GRAPHQL',
        caller_client_id: callerId,
        caller_client_type: 'MITHRIL ADMIN',
        caller_user_id: userId,
        broker_client_id: null,
        request_id: 'a-request-id-of-20-characters',
        reverted_change_id: null,
        changed_at: expect.any(Date),
      },
    ])
  })

  test('an update by a client that speaks for itself is recorded without a user', async () => {
    const { author } = change(after)
    await store.updateRedirectUri(
      change(after, { author: { ...author, door: 'REST', caller: { ...author.caller, userId: null } } }),
    )
    expect(await audit()).toEqual([
      expect.objectContaining({ door: 'REST', caller_client_id: callerId, caller_user_id: null }),
    ])
  })

  test('an update with the stored value writes nothing, and answers the connection', async () => {
    const first = await store.updateRedirectUri(change(after))
    const row = await storedRow()

    expect(await store.updateRedirectUri(change(after))).toEqual(first)
    expect(await storedRow()).toEqual(row)
    expect(await audit()).toHaveLength(1)
  })

  test('a value that differs in case only is a change', async () => {
    await store.updateRedirectUri(change(before.toUpperCase().replace('HTTPS', 'https')))
    expect(await audit()).toHaveLength(1)
  })

  test.each<[string, () => Partial<RedirectUriChange>]>([
    ['a connection that does not exist', () => ({ connectionId: randomUUID() })],
    ["another client's connection", () => ({ clientId: randomUUID() })],
    ['a connection under its consumer instead of its client', () => ({ clientId: consumerId })],
  ])('of %s answers null and writes nothing', async (_name, target) => {
    const row = await storedRow()
    expect(await store.updateRedirectUri(change(after, target()))).toBeNull()
    expect(await storedRow()).toEqual(row)
    expect(await testDatabase.query('SELECT FROM connection_changes WHERE client_id = $1', [clientId])).toEqual([])
  })

  test.each([
    ['quotes', `https://a.ua/'"\`?x=''&y='; DROP TABLE connections; --`],
    ['backslashes', "https://a.ua/\\\\\\'\\n\\u0000?\\"],
    ['percent signs', 'https://a.ua/%27%00%s%%d%(x)s%I%L'],
    ['dollars and placeholders', 'https://a.ua/$1$2::uuid$$x$$$'],
    ['emoji and a combining letter', 'https://a.ua/👩‍⚕️/ї/ї?🇺🇦'],
    ['what looks like the other form of itself', 'https://xn--80aaxitdbjk.укр/é/é'],
    ['line breaks and tabs', 'https://a.ua/\r\n\t\u2028\u0001'],
    ['255 code points outside the basic plane', `https://a.ua/${'🙂'.repeat(242)}`],
  ])('brings %s back byte for byte', async (_name, redirectUri) => {
    expect((await store.updateRedirectUri(change(redirectUri)))?.redirectUri).toBe(redirectUri)
    expect((await store.find(clientId, connectionId))?.redirectUri).toBe(redirectUri)
    expect((await storedRow())?.['redirect_uri']).toBe(redirectUri)
    expect((await audit()).map((row) => row.redirect_uri_after)).toEqual([redirectUri])
  })

  test('a caller and a request id with quotes of JSON and SQL are recorded as they are', async () => {
    const clientType = `M"S'P\\",{"door":"EXTERNAL"}🙂`
    const { author } = change(after)
    await store.updateRedirectUri(
      change(after, {
        author: { ...author, requestId: `"}'; --${'x'.repeat(192)}`, caller: { ...author.caller, clientType } },
      }),
    )
    expect(await audit()).toEqual([
      expect.objectContaining({
        door: 'GRAPHQL',
        caller_client_type: clientType,
        request_id: `"}'; --${'x'.repeat(192)}`,
      }),
    ])
  })

  test.each(['Pacific/Auckland', 'America/St_Johns'])(
    'is in UTC wherever the database (%s) and the process are',
    async (zone) => {
      const { TZ } = process.env
      const [name] = await testDatabase.query<{ name: string }>('SELECT current_database() AS name')
      await testDatabase.query(`ALTER DATABASE ${name?.name} SET timezone = '${zone}'`)
      const elsewhere = createDatabase(testDatabase.url, config)
      try {
        process.env['TZ'] = 'Asia/Kathmandu'
        const answer = await plainStore(elsewhere).updateRedirectUri(change(after))
        expect(Math.abs(Date.now() - Number(answer?.updatedAt))).toBeLessThan(60_000)
        expect(answer?.insertedAt).toEqual(new Date('2019-03-31T03:30:00.123Z'))
      } finally {
        if (TZ === undefined) delete process.env['TZ']
        else process.env['TZ'] = TZ
        await testDatabase.query(`ALTER DATABASE ${name?.name} RESET timezone`)
        await elsewhere.close()
      }
    },
  )
})

describe('finding', () => {
  test('a read answers the whole connection, with times in UTC', async () => {
    const found = await store.find(clientId, connectionId)
    expect(found && whole(found)).toEqual({
      id: connectionId,
      clientId,
      consumerId,
      redirectUri: before,
      version: 1,
      insertedAt: new Date('2019-03-31T03:30:00.123Z'),
      updatedAt: new Date('2020-10-25T03:30:00.654Z'),
    })
  })

  test('a read answers null for an unknown connection and for one of another client', async () => {
    expect(await store.find(clientId, randomUUID())).toBeNull()
    expect(await store.find(consumerId, connectionId)).toBeNull()
  })
})

describe('on the wire', () => {
  test('an update is one statement in one round trip, prepared once, and nothing names the secret', async () => {
    const proxy = await startPostgresProxy(testDatabase.url)
    const watched = createDatabase(proxy.url, { ...config, poolMax: 1 })
    try {
      const watchedStore = plainStore(watched)
      // Whatever a connection costs at its start is not the operation's.
      await watched.query('SELECT 1')
      const atStart = proxy.roundTrips()
      proxy.statements.length = 0

      await watchedStore.updateRedirectUri(change(after))
      expect(proxy.statements).toEqual([expect.stringContaining('UPDATE connections')])
      expect(proxy.roundTrips() - atStart).toBe(1)

      await watchedStore.updateRedirectUri(change(`${after}2`))
      expect(proxy.statements).toHaveLength(1)
      expect(proxy.roundTrips() - atStart).toBe(2)

      await watchedStore.find(clientId, connectionId)
      expect(proxy.statements).toHaveLength(2)
      expect(proxy.roundTrips() - atStart).toBe(3)

      // Where nothing was written, a second statement says why.
      await watchedStore.updateRedirectUri(change(`${after}2`))
      expect(proxy.statements).toHaveLength(3)
      expect(proxy.roundTrips() - atStart).toBe(5)

      expect(proxy.statements.filter((sql) => /secret|\*\s+FROM\s+"?connections|RETURNING\s+\*/i.test(sql))).toEqual([])
      // Values travel apart from the text.
      expect(proxy.statements.filter((sql) => /https:|[0-9a-f]{8}-/.test(sql))).toEqual([])
    } finally {
      await watched.close()
      await proxy.close()
    }
  })
})

describe('concurrent writers', () => {
  const writers = 16
  const rounds = 50

  /** Each row's before is the previous row's after, from the first value to the stored one. */
  async function expectUnbrokenChain(): Promise<AuditRow[]> {
    const rows = await audit()
    const row = await storedRow()
    expect(rows.map((entry) => entry.redirect_uri_before)).toEqual([
      before,
      ...rows.slice(0, -1).map((entry) => entry.redirect_uri_after),
    ])
    expect(rows.at(-1)?.redirect_uri_after ?? before).toBe(row?.['redirect_uri'])
    return rows
  }

  const countOf = (rows: readonly AuditRow[], requestId: string) =>
    rows.filter((row) => row.request_id === requestId).length

  test('concurrent updates have exactly one audit row each, in an unbroken chain', async () => {
    const acknowledged: string[] = []
    await Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        for (let round = 0; round < rounds; round++) {
          const name = `writer-${writer}-round-${round}`
          const answer = await store.updateRedirectUri(changeBy(name, `https://a.ua/${name}`))
          if (answer?.redirectUri === `https://a.ua/${name}`) acknowledged.push(name)
        }
      }),
    )
    const rows = await expectUnbrokenChain()
    expect(acknowledged).toHaveLength(writers * rounds)
    expect(rows.map((row) => row.request_id).sort()).toEqual(acknowledged.sort())
    expect(rows.filter((row) => row.redirect_uri_after !== `https://a.ua/${row.request_id}`)).toEqual([])
  })

  test('concurrent writers of the same values, also foreign ones, leave an unbroken chain', async () => {
    const unique: string[] = []
    const shared: string[] = []
    let foreign = 0
    await Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        for (let round = 0; round < rounds; round++) {
          const name = `writer-${writer}-round-${round}`
          if (writer % 4 === 0) {
            await testDatabase.query('UPDATE connections SET redirect_uri = $1 WHERE id = $2', [
              `http://foreign.ua/${name}`,
              connectionId,
            ])
            foreign += 1
          } else if (writer % 4 === 1) {
            await store.updateRedirectUri(changeBy(name, `https://a.ua/${name}`))
            unique.push(name)
          } else {
            // Two values that six writers keep on setting.
            const answer = await store.updateRedirectUri(changeBy(name, `https://a.ua/shared-${round % 2}`))
            expect(answer?.redirectUri).toBe(`https://a.ua/shared-${round % 2}`)
            shared.push(name)
          }
        }
      }),
    )
    const rows = await expectUnbrokenChain()
    expect(rows.filter((row) => row.redirect_uri_before === row.redirect_uri_after)).toEqual([])
    expect(unique.filter((name) => countOf(rows, name) !== 1)).toEqual([])
    expect(shared.filter((name) => countOf(rows, name) > 1)).toEqual([])
    const external = rows.filter((row) => row.door === 'EXTERNAL')
    expect(external).toHaveLength(foreign)
    expect(external.filter((row) => row.caller_client_id !== null || row.request_id !== null)).toEqual([])
  })

  test('concurrent writers of one value make one change, and all are answered', async () => {
    const answers = await Promise.all(
      Array.from({ length: writers }, (_, writer) => store.updateRedirectUri(changeBy(`writer-${writer}`, after))),
    )
    const found = await store.find(clientId, connectionId)
    expect(answers).toEqual(answers.map(() => found))
    expect(await audit()).toHaveLength(1)
  })

  test('writers see the value that an earlier writer has just committed', async () => {
    const connection = await updateBehind('UPDATE connections SET redirect_uri = $2 WHERE id = $1', [
      connectionId,
      after,
    ])
    expect(connection?.redirectUri).toBe(after)
    expect((await audit()).map((row) => row.door)).toEqual(['EXTERNAL'])
  })

  test('an update of a connection that is being deleted answers null', async () => {
    expect(await updateBehind('DELETE FROM connections WHERE id = $1', [connectionId])).toBeNull()
    expect(await audit()).toEqual([expect.objectContaining({ kind: 'DELETED', door: 'EXTERNAL' })])
  })

  test('an update of a connection that moves to another client answers null', async () => {
    expect(
      await updateBehind('UPDATE connections SET client_id = consumer_id WHERE id = $1', [connectionId]),
    ).toBeNull()
    // Both clients read of the move, and neither of an update.
    expect(await audit()).toMatchObject([
      { kind: 'MOVED', door: 'EXTERNAL', client_id: clientId },
      { kind: 'MOVED', door: 'EXTERNAL', client_id: consumerId },
    ])
  })

  test.each(['repeatable read', 'serializable'])(
    'under %s by default are served or asked to come back, and never half',
    async (level) => {
      const [name] = await testDatabase.query<{ name: string }>('SELECT current_database() AS name')
      await testDatabase.query(`ALTER DATABASE ${name?.name} SET default_transaction_isolation = '${level}'`)
      const strict = createDatabase(testDatabase.url, config)
      try {
        const strictStore = plainStore(strict)
        const acknowledged: string[] = []
        const refused: string[] = []
        await Promise.all(
          Array.from({ length: 8 }, async (_, writer) => {
            for (let round = 0; round < 10; round++) {
              const requestId = `writer-${writer}-round-${round}`
              try {
                await strictStore.updateRedirectUri(changeBy(requestId, `https://a.ua/${requestId}`))
                acknowledged.push(requestId)
              } catch (error) {
                expect(error).toMatchObject({ refusal: 'unavailable', details: { retryAfter: 1 } })
                refused.push(requestId)
              }
            }
          }),
        )
        const rows = await expectUnbrokenChain()
        expect(acknowledged.length + refused.length).toBe(80)
        expect(acknowledged.length).toBeGreaterThan(0)
        expect(rows.map((row) => row.request_id).sort()).toEqual(acknowledged.sort())
      } finally {
        await testDatabase.query(`ALTER DATABASE ${name?.name} RESET default_transaction_isolation`)
        await strict.close()
      }
    },
  )
})

describe('the caller of a write', () => {
  test('the caller setting ends with its statement: the next write in the same session is EXTERNAL', async () => {
    const single = createDatabase(testDatabase.url, { ...config, poolMax: 1 })
    try {
      const pid = () => single.query('SELECT pg_backend_pid() AS pid')
      const first = await pid()
      await plainStore(single).updateRedirectUri(change(after))
      await single.run(
        (prisma) =>
          prisma.$executeRaw`UPDATE connections SET redirect_uri = 'https://plain.ua/' WHERE id = ${connectionId}::uuid`,
      )
      expect(await pid()).toEqual(first)
      expect(await single.query(`SELECT current_setting('gateway.caller', true) AS caller`)).toEqual([{ caller: '' }])
    } finally {
      await single.close()
    }
    expect(
      (await audit()).map(({ door, caller_client_id, request_id }) => ({ door, caller_client_id, request_id })),
    ).toEqual([
      { door: 'GRAPHQL', caller_client_id: callerId, request_id: 'a-request-id-of-20-characters' },
      { door: 'EXTERNAL', caller_client_id: null, request_id: null },
    ])
  })

  test('the caller setting also ends with a statement that failed or wrote nothing', async () => {
    const single = createDatabase(testDatabase.url, { ...config, poolMax: 1 })
    const callerNow = async () =>
      (await single.query(`SELECT coalesce(current_setting('gateway.caller', true), '') AS caller`))[0]
    try {
      await plainStore(single).updateRedirectUri(change(before))
      expect(await callerNow()).toEqual({ caller: '' })
      await expect(plainStore(single).updateRedirectUri(change('http://a.ua/'))).rejects.toThrow()
      expect(await callerNow()).toEqual({ caller: '' })
    } finally {
      await single.close()
    }
  })
})

describe('the last lock: were validation bypassed,', () => {
  test.each([
    'http://after.example.ua/',
    'HTTPS://after.example.ua/',
    'javascript:alert(1)',
    'https://',
    '',
    ' https://after.example.ua/',
  ])('the database itself would refuse %j, write nothing, and it would be our fault', async (redirectUri) => {
    const row = await storedRow()
    const error = await store.updateRedirectUri(change(redirectUri)).catch((thrown: unknown) => thrown)

    expect(error).toBeInstanceOf(Error)
    expect(error).not.toBeInstanceOf(GatewayError)
    expect(classifyFailure(error)).toBe('fault')
    expect(String(error)).toContain('connection_changes_redirect_uri_is_https')
    expect(await storedRow()).toEqual(row)
    expect(await audit()).toEqual([])
  })

  test('256 characters are refused as well', async () => {
    const row = await storedRow()
    const error = await store
      .updateRedirectUri(change(`https://a.ua/${'a'.repeat(243)}`))
      .catch((thrown: unknown) => thrown)
    expect(classifyFailure(error)).toBe('fault')
    expect(await storedRow()).toEqual(row)
  })
})

/** An update that has to wait for a statement of somebody else's, which is then committed. */
async function updateBehind(sql: string, params: readonly unknown[]) {
  const end = await testDatabase.hold(sql, params)
  const updated = store.updateRedirectUri(change(after))
  try {
    await testDatabase.untilLockWaited()
    await end('COMMIT')
  } finally {
    await end()
  }
  return updated
}
