import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startTestGateway, type TestGateway, writer } from '../support/gateway.ts'
import { openRaw, parseAnswers, type RawAnswer } from '../support/raw-http.ts'
import { type RawCase, rawRequests, smuggled } from './raw-requests.ts'

// Production, as it is on the internet: real sockets, since `inject()` has no parser.
const gateway: TestGateway = await startTestGateway({ NODE_ENV: 'production' })
const fixture = await gateway.connection()
const token = gateway.issuer.mint(
  writer(fixture.clientId, { scope: 'client:read connection:read connection:write connection:delete' }),
)
const cases = rawRequests(token, fixture)

let port: number
beforeAll(async () => {
  await gateway.app.listen({ host: '127.0.0.1', port: 0 })
  port = (gateway.app.server.address() as AddressInfo).port
})
afterAll(() => gateway.close())

const origin = 'https://gateway.example.ua'
const changes = async () => (await gateway.auditOf(fixture.connectionId)).length
const generatedId = /^[0-9a-f-]{36}#\d+$/

/** Words of our own files, of our libraries and of the database. */
const internal =
  /node_modules|\.ts\b|\n\s+at |\.js:\d|fastify|prisma|postgres|\bpg_|select |update .+ set|syntax ?error|unexpected token|HPE_|FST_|ERR_|ECONN/i

async function exchange(bytes: string | Buffer): Promise<string> {
  const connection = await openRaw(port)
  connection.write(bytes)
  return connection.untilClosed()
}

/** A whole answer with its envelope, which names the request that it answers and nothing of what is inside. */
function expectWellFormed({ status, headers, body }: RawAnswer, { url }: RawCase): void {
  expect(headers['x-content-type-options']).toBe('nosniff')
  expect(headers['x-request-id']).toMatch(generatedId)
  expect(Number(headers['content-length'])).toBe(Buffer.byteLength(body))
  const { meta, error, extensions, errors } = JSON.parse(body)
  if (status >= 400 && extensions === undefined) {
    expect({ meta, error }).toMatchObject({
      meta: { code: status, type: 'object' },
      error: { type: expect.any(String), message: expect.any(String) },
    })
  }
  if (extensions !== undefined) expect([extensions.requestId, errors.length]).toEqual([headers['x-request-id'], 1])
  if (meta !== undefined) expect([meta.code, meta.request_id]).toEqual([status, headers['x-request-id']])
  if (meta !== undefined && url !== undefined) expect(meta.url).toBe(origin + url)
}

describe('in production every raw request is answered whole, in the envelope, or has its connection closed', () => {
  test(`the table has ${cases.length} cases, each with a name of its own`, () => {
    expect(cases.length).toBeGreaterThan(100)
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
  })

  test.each(cases)('$name', async (sent) => {
    const before = await changes()
    const received = await exchange(sent.bytes)
    const answers = parseAnswers(received).filter(({ status }) => status !== 100)

    expect(answers.map(({ status }) => status)).toEqual(sent.statuses)
    for (const answer of answers) expectWellFormed(answer, sent)
    if (sent.allow !== undefined) expect(answers[0]?.headers['allow']).toBe(sent.allow)
    expect(received).not.toContain(smuggled)
    expect(received).not.toContain(token)
    expect(received).not.toContain(fixture.secret)
    expect(received.replace(/"url":"[^"]*"/g, '')).not.toMatch(internal)
    expect(await changes()).toBe(before + (sent.writes ?? 0))

    const [next] = parseAnswers(
      await exchange('GET /health/live HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n'),
    )
    expect(next?.body).toMatch(/^\{"status":"ok","version":"[\d.]+"\}$/)
  })

  test('each raw request leaves a line without a fault and without a token', async () => {
    await vi.waitFor(() => expect(gateway.log.length).toBeGreaterThan(cases.length * 0.8), { timeout: 30_000 })
    const lines = gateway.log.map((line) => JSON.parse(line))
    expect(lines.filter(({ level, status }) => level > 30 || status >= 500)).toEqual([])
    expect(gateway.log.join('')).not.toContain(token)
  })
})
