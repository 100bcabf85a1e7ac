import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { both, updateThroughBoth } from '../support/both-doors.ts'
import type { TestDatabase } from '../support/database.ts'
import { startProxiedGateway, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'
import type { PostgresProxy } from '../support/postgres-proxy.ts'

let db: TestDatabase
let proxy: PostgresProxy
let gateway: TestGateway
let clientId: string
let connectionId: string
let path: string
beforeAll(async () => {
  ;({ gateway, proxy } = await startProxiedGateway({ OPAQUE_TOKENS: 'mithril' }))
  db = gateway.database
  ;({ clientId, connectionId, path } = await gateway.connection())
})
afterAll(() => gateway.close())

const update = (sent: string, to = gateway) => updateThroughBoth(to, { clientId, connectionId, path }, sent)

describe('an opaque token of Mithril', () => {
  test('an opaque token changes a connection through both doors, and the audit names its client and user', async () => {
    const userId = await db.insertUser()
    expect(await update(await db.insertToken({ clientId, userId }))).toEqual(both('200 OK'))
    const rows = await db.query(
      'SELECT door, caller_client_id, caller_client_type, caller_user_id FROM connection_changes WHERE connection_id = $1 ORDER BY id',
      [connectionId],
    )
    const caller = { caller_client_id: clientId, caller_client_type: 'MSP', caller_user_id: userId }
    expect(rows).toEqual([
      { door: 'REST', ...caller },
      { door: 'GRAPHQL', ...caller },
    ])
  })

  test('an opaque token has the same rights as a JWT of the same client', async () => {
    expect(await update(await db.insertToken({ clientId, scope: 'connection:read' }))).toEqual(
      both('403 Invalid scopes'),
    )
    expect(await update(await db.insertToken({ clientId: await db.insertClient({ type: 'MSP' }) }))).toEqual(
      both('403 Forbidden'),
    )
    expect(await update(await db.insertToken({ clientId: await db.insertClient({ type: 'MITHRIL ADMIN' }) }))).toEqual(
      both('200 OK'),
    )
  })

  test.each<[string, () => Promise<string>]>([
    ['that nobody has', async () => randomUUID()],
    ['that has ended', () => db.insertToken({ clientId, expiresAt: Math.floor(Date.now() / 1_000) - 1 })],
    ['for refreshing', () => db.insertToken({ clientId, name: 'refresh_token' })],
    ['of an unknown client', () => db.insertToken({ clientId: randomUUID() })],
    ['whose client id is no UUID', () => db.insertToken({ clientId: "' OR 1=1" })],
    ['whose scope is a list', () => db.insertToken({ clientId, scope: ['connection:write'] })],
    ['without details', () => db.insertToken({ details: null })],
    ['that is too long', async () => 'a'.repeat(256)],
    [
      'of a blocked client',
      async () => {
        const blocked = await db.insertClient({ type: 'MITHRIL ADMIN' })
        await db.query('UPDATE clients SET is_blocked = true WHERE id = $1', [blocked])
        return db.insertToken({ clientId: blocked })
      },
    ],
    [
      'of a blocked user',
      async () => {
        const userId = await db.insertUser()
        await db.query('UPDATE users SET is_blocked = true WHERE id = $1', [userId])
        return db.insertToken({ clientId, userId })
      },
    ],
  ])('%s is answered 401', async (_which, make) => {
    expect(await update(await make())).toEqual(both('401 Access denied'))
  })

  test('without the database an opaque token is 503, and a JWT is still verified', async () => {
    const token = await db.insertToken({ clientId })
    await proxy.stop()
    const answers = [
      await update(token),
      await update(randomUUID()),
      await update(gateway.issuer.mint({ expiresInSeconds: -60 })),
      await update(gateway.issuer.mint(writer(clientId, { scope: '' }))),
    ]
    await proxy.start()
    expect(answers).toEqual([
      both('503 Service temporarily unavailable'),
      both('503 Service temporarily unavailable'),
      both('401 Access denied'),
      both('403 Invalid scopes'),
    ])
    await vi.waitFor(async () => expect(await update(token)).toEqual(both('200 OK')), { timeout: 30_000, interval: 50 })
  })

  test('no log line holds an opaque token', async () => {
    const token = await db.insertToken({ clientId })
    await update(token)
    await update(`${token}x`)
    expect(gateway.log.length).toBeGreaterThan(3)
    expect(gateway.log.join('')).not.toContain(token)
  })
})

test('a JWT whose text is in the table is judged by its signature alone', async () => {
  const forged = gateway.issuer
    .mint({ clientId, header: { kid: 'x' }, claims: { iss: 'https://elsewhere.test/' } })
    .slice(-250)
  await db.insertToken({ clientId, value: forged })
  expect(forged).toContain('.')
  expect(await update(forged)).toEqual(both('401 Access denied'))
})

test('after too many failures an address may look up no token; remembered tokens and JWTs still work', async () => {
  const limited = await startTestGateway({
    DATABASE_URL: proxy.url,
    OPAQUE_TOKENS: 'mithril',
    AUTH_FAILURE_LIMIT_PER_MINUTE: '2',
  })
  const [known, fresh] = [await db.insertToken({ clientId }), await db.insertToken({ clientId })]
  expect(await update(known, limited)).toEqual(both('200 OK'))
  expect(await update(randomUUID(), limited)).toEqual(both('401 Access denied'))
  const before = proxy.roundTrips()
  for (let request = 0; request < 5; request += 1)
    expect(await update(randomUUID(), limited)).toEqual(both('429 Too many requests'))
  expect(await update(fresh, limited)).toEqual(both('429 Too many requests'))
  expect(proxy.roundTrips()).toBe(before)
  expect(await update(known, limited)).toEqual(both('200 OK'))
  expect(await update(limited.issuer.mint(writer(clientId)), limited)).toEqual(both('200 OK'))
  await limited.close()
})

test('by default an opaque token gets 401 without a lookup', async () => {
  const strict = await startTestGateway({ DATABASE_URL: proxy.url })
  const token = await db.insertToken({ clientId })
  const before = proxy.roundTrips()
  expect(await update(token, strict)).toEqual(both('401 Access denied'))
  expect(proxy.roundTrips()).toBe(before)
  await strict.close()
})
