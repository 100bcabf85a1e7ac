import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'
import { parseAnswers, type RawAnswer } from '../support/raw-http.ts'

let gateway: TestGateway
let fixture: Fixture
let port: number
let authorization: string
beforeAll(async () => {
  gateway = await startTestGateway({ NODE_ENV: 'production' })
  await gateway.app.listen({ host: '127.0.0.1', port: 0 })
  port = (gateway.app.server.address() as AddressInfo).port
  fixture = await gateway.connection()
  authorization = `authorization: Bearer ${gateway.issuer.mint(writer(fixture.clientId))}`
})
afterAll(() => gateway.close())

const json = 'content-type: application/json'
const head = (start: string, ...lines: string[]) => `${[start, 'host: gateway', ...lines].join('\r\n')}\r\n\r\n`
const connections = () => promisify(gateway.app.server.getConnections.bind(gateway.app.server))()

/**
 * Sends everything before it reads anything, as a simple client does. If the gateway resets the connection meanwhile,
 * the kernel throws the answer away, or the client cannot send to the end.
 */
async function sendThenRead(...parts: (string | Buffer)[]): Promise<RawAnswer[]> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  socket.pause()
  await once(socket, 'connect')
  for (const part of parts)
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.write(part, (error) => (error ? reject(error) : resolve()))
    })
  let received = ''
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()))
  socket.resume()
  await once(socket, 'close')
  return parseAnswers(received)
}

const twoMegabytes = Buffer.alloc(2 * 2 ** 20, 'x')
const length = `content-length: ${twoMegabytes.length}`
const chunks = Buffer.from(`${twoMegabytes.length.toString(16)}\r\n${twoMegabytes}\r\n0\r\n\r\n`)
const patch = (...lines: string[]) => head(`PATCH ${fixture.path} HTTP/1.1`, ...lines)

describe('a client that sends 2 MB before it reads gets its answer', () => {
  test.each<[string, number, () => [string, Buffer]]>([
    ['without a token', 401, () => [patch(json, length), twoMegabytes]],
    ['with a token that is none', 401, () => [patch(json, 'authorization: Bearer x', length), twoMegabytes]],
    ['in chunks without a token', 401, () => [patch(json, 'transfer-encoding: chunked'), chunks]],
    ['without a token over GraphQL', 401, () => [head('POST /graphql HTTP/1.1', json, length), twoMegabytes]],
    [
      'for a foreign client',
      403,
      () => [patch(json, authorization, length).replace(fixture.clientId, 'x'), twoMegabytes],
    ],
    ['to an unknown path', 404, () => [head('POST /nothing HTTP/1.1', json, length), twoMegabytes]],
    ['with an unknown method', 405, () => [head(`PUT ${fixture.path} HTTP/1.1`, json, length), twoMegabytes]],
    ['for another media type', 406, () => [patch(json, authorization, length, 'accept: text/html'), twoMegabytes]],
    ['of JSON', 413, () => [patch(json, authorization, length), twoMegabytes]],
    ['of JSON in chunks', 413, () => [patch(json, authorization, 'transfer-encoding: chunked'), chunks]],
    ['of JSON over GraphQL', 413, () => [head('POST /graphql HTTP/1.1', json, authorization, length), twoMegabytes]],
    ['of text', 415, () => [patch('content-type: text/plain', authorization, length), twoMegabytes]],
    ['to a path that cannot be decoded', 400, () => [head('PATCH /%zz HTTP/1.1', json, length), twoMegabytes]],
    ['of headers', 431, () => [`GET / HTTP/1.1\r\nhost: gateway\r\nx: `, twoMegabytes]],
    ['of nonsense', 400, () => ['nonsense\r\n', twoMegabytes]],
    ['and closes by itself', 401, () => [patch(json, length, 'connection: close'), twoMegabytes]],
    ['over HTTP/1.0', 401, () => [patch(json, length).replace('HTTP/1.1', 'HTTP/1.0'), twoMegabytes]],
  ])('%s: %i', async (_what, status, parts) => {
    for (let time = 0; time < 5; time++) {
      const answers = await sendThenRead(...parts())
      expect(answers.map((answer) => answer.status)).toEqual([status])
      expect(answers[0]?.headers['connection']).toBe('close')
      expect(JSON.parse(answers[0]?.body ?? '')).toBeTypeOf('object')
    }
  })

  test('100 times out of 100 for 200,000 bytes', async () => {
    const body = twoMegabytes.subarray(0, 200_000)
    const request = patch(json, authorization, `content-length: ${body.length}`)
    for (let time = 0; time < 100; time++)
      expect((await sendThenRead(request, body)).map(({ status }) => status)).toEqual([413])
  })

  test('a client gets its refusal behind an answer that it still waits for', async () => {
    const content = '{"redirect_uri":"https://first.example.ua/"}'
    const first = patch(json, authorization, `content-length: ${content.length}`) + content
    const [answer, ...others] = await sendThenRead(`${first}nonsense\r\n`, twoMegabytes)
    expect([answer?.status, others]).toEqual([200, []])
  })
})

test('a short body that nobody reads leaves its connection to the next request', async () => {
  const answers = await sendThenRead(
    patch(json, 'content-length: 5'),
    'hello',
    head('GET /health/live HTTP/1.1', 'connection: close'),
  )
  expect(answers.map(({ status, headers }) => [status, headers['connection']])).toEqual([
    [401, 'keep-alive'],
    [200, 'close'],
  ])
})

test('a request behind a refused body that ends its connection is not executed', async () => {
  const content = '{"redirect_uri":"https://hidden.example.ua/"}'
  const hidden = patch(json, authorization, `content-length: ${content.length}`) + content
  for (const parts of [
    [patch(json, length), twoMegabytes, hidden],
    [patch(json, authorization, 'transfer-encoding: chunked'), chunks, hidden],
    [patch(json, 'transfer-encoding: chunked'), `0\r\n\r\n${hidden}`],
  ])
    expect(await sendThenRead(...parts)).toHaveLength(1)
  expect(await gateway.redirectUriOf(fixture.connectionId)).not.toBe('https://hidden.example.ua/')
})

describe('reading on is bounded', () => {
  /** A connection that never ends its own side and has sent the head of a request that is refused. */
  async function refused() {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.resume().write(patch(json, 'transfer-encoding: chunked'))
    return socket
  }

  test('an endless body is cut off', async () => {
    const socket = await refused()
    const part = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    while (!socket.destroyed && socket.bytesWritten < 2 ** 28)
      await new Promise<unknown>((resolve) => socket.write(part, resolve))
    expect(socket.bytesWritten).toBeGreaterThan(2 * 2 ** 20)
    // The limit is 8 MB. Both kernels hold some more.
    expect(socket.bytesWritten).toBeLessThan(32 * 2 ** 20)
  })

  test('a silent client and a slow one are cut off', async () => {
    const [silent, slow] = [await refused(), await refused()]
    const timer = setInterval(() => slow.write('1\r\nx\r\n'), 500)
    await vi.waitFor(async () => expect(await connections()).toBe(1), { timeout: 30_000 })
    await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 30_000 })
    clearInterval(timer)
    for (const socket of [silent, slow]) socket.destroy()
  }, 120_000)

  test('of 150 silent clients at most 100 are waited for', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 150 }, async () => {
        const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
        socket.on('error', () => {})
        await once(socket, 'connect')
        socket.resume().write(patch(json, length))
        await once(socket, 'end')
        return socket
      }),
    )
    await vi.waitFor(async () => expect(await connections()).toBeLessThanOrEqual(100), { timeout: 1_500 })
    await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 30_000 })
    for (const socket of sockets) socket.destroy()
  })

  test('while the gateway drains it takes half a second', async () => {
    const draining = await startTestGateway({ DATABASE_URL: gateway.config.database.url ?? '' })
    await draining.app.listen({ host: '127.0.0.1', port: 0 })
    const socket = connect({
      host: '127.0.0.1',
      port: (draining.app.server.address() as AddressInfo).port,
      allowHalfOpen: true,
    })
    socket.resume().write(patch(json, length))
    await once(socket, 'end')
    const from = performance.now()
    await draining.close()
    expect(performance.now() - from).toBeLessThan(1_900)
    socket.destroy()
  })
})
