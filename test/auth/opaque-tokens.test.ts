import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createOpaqueTokens, isOpaque } from '../../src/auth/opaque-tokens.ts'
import { TokenRefused } from '../../src/auth/token-refused.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { createCallerRegistry } from '../../src/persistence/stores/caller-registry.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { startTestIssuer } from '../support/tokens.ts'

let db: TestDatabase
let database: Database
let clientId: string
beforeAll(async () => {
  db = await createTestDatabase()
  database = createDatabase(db.url, databaseDefaults)
  await database.prepare()
  clientId = await db.insertClient({ type: 'MIS' })
})
afterAll(async () => {
  await database.close()
  await db.drop()
})

/** Milliseconds of the two clocks; the tests move them. */
let time: number
let wallTime: number
let lookUps: number
beforeEach(() => {
  time = 0
  wallTime = Date.now()
  lookUps = 0
})

function open() {
  const registry = createCallerRegistry(database)
  const tokenOf: typeof registry.tokenOf = (value) => {
    lookUps += 1
    return registry.tokenOf(value)
  }
  const { verify } = createOpaqueTokens({ registry: { tokenOf }, now: () => time, wallClock: () => wallTime })
  /** The caller, or the reason of the refusal. */
  return async (token: string, mayLookUp = true) => {
    try {
      return await verify(token, mayLookUp)
    } catch (error) {
      if (error instanceof TokenRefused) return error.reason
      throw error
    }
  }
}

describe('a token', () => {
  it('an opaque token gives its client and user, its scopes and the type of the client', async () => {
    const userId = await db.insertUser()
    const judge = open()
    expect(await judge(await db.insertToken({ clientId, userId, scope: 'connection:read connection:write' }))).toEqual({
      clientId,
      clientType: 'MIS',
      scopes: ['connection:read', 'connection:write'],
      userId,
    })
    expect(await judge(await db.insertToken({ clientId, scope: '' }))).toEqual({
      clientId,
      clientType: 'MIS',
      scopes: [],
      userId: null,
    })
  })

  it('a token without a row is refused', async () => {
    expect(await open()(randomUUID())).toBe('opaque_unknown')
  })

  it.each([
    ['a second ago', -1, 'expired'],
    ['now', 0, 'expired'],
    ['never, as far as the row says', null, 'claims'],
  ])('is refused where it ended %s', async (_when, seconds, reason) => {
    wallTime = Math.floor(wallTime / 1_000) * 1_000
    const expiresAt = seconds === null ? null : wallTime / 1_000 + seconds
    expect(await open()(await db.insertToken({ clientId, expiresAt }))).toBe(reason)
  })

  it.each([' connection:read', 'connection:read ', '  connection:read   '])(
    'has the words of its scope, whatever blanks are around them: %j',
    async (scope) => {
      expect(await open()(await db.insertToken({ clientId, scope }))).toMatchObject({ scopes: ['connection:read'] })
    },
  )

  it.each([['connection:read\nconnection:write'], ['"'], ['обсяг'], [1], [null], [['connection:read']]])(
    'is refused with a scope of %j',
    async (scope) => {
      expect(await open()(await db.insertToken({ clientId, scope }))).toBe('claims')
    },
  )

  it('a token with more characters than the column holds is not looked up', async () => {
    const judge = open()
    expect(await judge(await db.insertToken({ clientId, value: 'a'.repeat(255) }))).toMatchObject({ clientId })
    expect(lookUps).toBe(1)
    expect(await judge('a'.repeat(256))).toBe('opaque_unknown')
    expect(lookUps).toBe(1)
  })
})

describe('a token that is remembered', () => {
  it('a token is looked up once in 4 s, known or unknown', async () => {
    const judge = open()
    const tokens = [await db.insertToken({ clientId }), randomUUID()]
    for (const token of tokens) for (let request = 0; request < 3; request += 1) await judge(token)
    expect(lookUps).toBe(2)
    time += 4_000
    for (const token of tokens) await judge(token)
    expect(lookUps).toBe(4)
  })

  it('a remembered token still ends at its expiry', async () => {
    const judge = open()
    const token = await db.insertToken({ clientId, expiresAt: Math.floor(wallTime / 1_000) + 2 })
    expect(await judge(token)).toMatchObject({ clientId })
    wallTime += 2_000
    expect(await judge(token)).toBe('expired')
    expect(lookUps).toBe(1)
  })

  it('a revoked token is refused after 4 s', async () => {
    const judge = open()
    const token = await db.insertToken({ clientId })
    await judge(token)
    await db.query('DELETE FROM tokens WHERE value = $1', [token])
    time += 3_999
    expect(await judge(token)).toMatchObject({ clientId })
    time += 1
    expect(await judge(token)).toBe('opaque_unknown')
  })

  it('without lookups only remembered tokens are accepted', async () => {
    const judge = open()
    const token = await db.insertToken({ clientId })
    expect(await judge(token, false)).toBe('opaque_not_looked_up')
    expect(lookUps).toBe(0)
    await judge(token)
    expect(await judge(token, false)).toMatchObject({ clientId })
    expect(lookUps).toBe(1)
  })
})

it('a text with a dot is never looked up, whether it is a JWT or a part of one', async () => {
  const issuer = await startTestIssuer()
  const jwt = issuer.mint()
  await issuer.close()
  const [header = '', payload = ''] = jwt.split('.')
  for (const token of [jwt, `${header}.${payload}.`, `${header}.${payload}`, `${header}.`, '.', `${header}.a.b.c.d`])
    expect(isOpaque(token)).toBe(false)
  for (const token of ['a', randomUUID(), 'cTlTYTdDUXhxRDhoYVpUQ1J1cTRRdz09', 'a==', header])
    expect(isOpaque(token)).toBe(true)
})
