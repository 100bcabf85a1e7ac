import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { bearer, startTestGateway, writer } from '../support/gateway.ts'
import { makeKey } from '../support/tokens.ts'

test('a rotation of keys fails no request through either door, under load and in a flood of invented kids', {
  timeout: 120_000,
}, async () => {
  const gateway = await startTestGateway({ AUTH_FAILURE_LIMIT_PER_MINUTE: '0' })
  const { issuer } = gateway
  const { clientId, path } = await gateway.connection()
  const read = (token: string) => gateway.app.inject({ url: path, headers: bearer(token) })
  const view = (token: string) => gateway.graphql('{ viewer { clientId } }', {}, token)

  const begin = performance.now()
  let previous = issuer.key
  let over = false
  const statuses = { good: [] as number[], bad: [] as number[] }
  const load = async (into: number[], send: typeof read, mint: () => string) => {
    while (!over) into.push((await send(mint())).statusCode)
  }
  const withNewKey = () => issuer.mint(writer(clientId))
  const withOldKey = () => issuer.mint(writer(clientId, { key: previous }))
  const withMadeUpKid = () => issuer.mint(writer(clientId, { header: { kid: randomUUID() } }))
  const loads = [read, view].flatMap((send) => [
    load(statuses.good, send, withNewKey),
    load(statuses.good, send, withOldKey),
    ...Array.from({ length: 10 }, () => load(statuses.bad, send, withMadeUpKid)),
  ])
  for (let rotation = 0; rotation < 3; rotation += 1) {
    await sleep(500)
    previous = issuer.key
    issuer.rotate({ keepOld: true })
  }
  await sleep(1_200)
  const fetches = issuer.hits()
  const seconds = (performance.now() - begin) / 1_000
  over = true
  await Promise.all(loads)

  expect(statuses.good.length).toBeGreaterThan(100)
  expect([...new Set(statuses.good)]).toEqual([200])
  expect([...new Set(statuses.bad)]).toEqual([401])
  // One at the start, one at the first kid that nobody knew, then one a second.
  expect(fetches).toBeLessThanOrEqual(2 + seconds)
  await gateway.close()
})

test('a key that replaces another under its kid is known at once through both doors', async () => {
  const gateway = await startTestGateway()
  const { issuer } = gateway
  const { clientId, path } = await gateway.connection()
  const read = (token: string) => gateway.app.inject({ url: path, headers: bearer(token) })
  const view = (token: string) => gateway.graphql('{ viewer { clientId } }', {}, token)
  for (const send of [read, view]) {
    const old = issuer.mint(writer(clientId))
    expect((await send(old)).statusCode).toBe(200)
    issuer.rotate({ key: makeKey('ES256', issuer.key.kid) })
    expect((await send(issuer.mint(writer(clientId)))).statusCode).toBe(200)
    const other = issuer.mint(writer(clientId, { key: makeKey('ES256', issuer.key.kid) }))
    expect((await send(other)).statusCode).toBe(401)
  }
  await gateway.close()
})
