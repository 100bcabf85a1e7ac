import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { bearer, type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

let gateway: TestGateway
let url: string
let port: number
const callers: { readonly fixture: Fixture; readonly token: string }[] = []
beforeAll(async () => {
  gateway = await startTestGateway({ NODE_ENV: 'production' })
  // As in production (sockets.test.ts holds those), but sooner.
  gateway.app.server.headersTimeout = 3_000
  gateway.app.server.requestTimeout = 5_000
  gateway.app.server.timeout = 5_000
  gateway.app.server.on('connection', () => (accepted += 1))
  await gateway.app.listen({ host: '127.0.0.1', port: 0 })
  port = (gateway.app.server.address() as AddressInfo).port
  url = `http://127.0.0.1:${port}`
  for (let number = 0; number < 20; number++) {
    const fixture = await gateway.connection()
    callers.push({ fixture, token: gateway.issuer.mint(writer(fixture.clientId)) })
  }
})
afterAll(() => gateway.close())

interface SlowConnection {
  readonly socket: Socket
  /** What it was told so far. */
  readonly told: () => string
}

/** A connection that is never done. */
async function slow(
  first: string,
  { drip = '', reads = true }: { drip?: string; reads?: boolean },
): Promise<SlowConnection> {
  const socket = connect({ host: '127.0.0.1', port })
  socket.on('error', () => {})
  await once(socket, 'connect')
  let told = ''
  if (reads) socket.on('data', (data: Buffer) => (told += data.toString()))
  socket.write(first)
  const timer = setInterval(() => drip !== '' && socket.write(drip), 100)
  socket.on('close', () => clearInterval(timer))
  return { socket, told: () => told }
}

/** Connections that the server has accepted so far. */
let accepted = 0
const connections = () => promisify(gateway.app.server.getConnections.bind(gateway.app.server))()

test('240 connections of slow or silent clients are closed, and 20 callers are served meanwhile', async () => {
  const { fixture, token } = callers[0] ?? expect.fail('no caller')
  const authorization = `authorization: Bearer ${token}`
  const memory = process.memoryUsage().rss
  const body = `PATCH ${fixture.path} HTTP/1.1\r\nhost: gateway\r\n${authorization}\r\ncontent-type: application/json\r\ncontent-length: 60000\r\n\r\n{`
  // More than the buffers of both kernels hold.
  const large = 'GET /api/docs/static/swagger-ui-bundle.js HTTP/1.1\r\nhost: gateway\r\n\r\n'.repeat(6)

  const times = (count: number, open: () => Promise<SlowConnection>) => Promise.all(Array.from({ length: count }, open))
  const silent = await times(40, () => slow('', {}))
  const withHeaders = await times(80, () =>
    slow(`GET ${fixture.path} HTTP/1.1\r\nhost: gateway\r\n`, { drip: 'x: y\r\n' }),
  )
  const withBodies = await times(80, () => slow(body, { drip: ' ' }))
  const reading = await times(40, () => slow(large, { reads: false }))
  const all = [...silent, ...withHeaders, ...withBodies, ...reading]

  await expect.poll(() => accepted, { timeout: 30_000, interval: 5 }).toBe(all.length)

  let closed = false
  const answers: { status: number; redirectUri: unknown; wanted: string; milliseconds: number }[] = []
  const good = callers.map(async (caller, number) => {
    for (let round = 0; !closed; round++) {
      const wanted = `https://good.example.ua/${number}/${round}`
      const started = performance.now()
      const answer = await fetch(url + caller.fixture.path, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json', ...bearer(caller.token) },
        body: JSON.stringify({ redirect_uri: wanted }),
      })
      const { data } = (await answer.json()) as { data?: { redirect_uri: string } }
      answers.push({
        status: answer.status,
        redirectUri: data?.redirect_uri,
        wanted,
        milliseconds: performance.now() - started,
      })
      await delay(50)
    }
  })
  try {
    // Counted by the server: who does not read does not see that it was closed.
    await vi.waitFor(async () => expect(await connections()).toBeLessThanOrEqual(callers.length), {
      timeout: 60_000,
      interval: 100,
    })
  } finally {
    closed = true
    await Promise.all(good)
    for (const { socket } of all) socket.destroy()
  }

  expect(answers.length).toBeGreaterThan(100)
  expect(answers.filter(({ status, redirectUri, wanted }) => status !== 200 || redirectUri !== wanted)).toEqual([])
  expect(Math.max(...answers.map(({ milliseconds }) => milliseconds))).toBeLessThan(10_000)
  expect(process.memoryUsage().rss - memory).toBeLessThan(300 * 1024 * 1024)

  const told = (slowOnes: SlowConnection[]) => new Set(slowOnes.map((slowOne) => slowOne.told().slice(0, 12)))
  expect([told(withHeaders), told(withBodies)]).toEqual([new Set(['HTTP/1.1 408']), new Set(['HTTP/1.1 408'])])
  const refused = withBodies[0]?.told() ?? ''
  expect(JSON.parse(refused.slice(refused.indexOf('{')))).toMatchObject({
    error: { type: 'request_timeout', message: 'The request did not arrive in time' },
  })
}, 120_000)
