import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Fixture, startProxiedGateway, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'
import { openRaw, parseAnswers, type RawAnswer } from '../support/raw-http.ts'

let gateway: TestGateway
let fixture: Fixture
let token: string
let port: number
beforeAll(async () => {
  gateway = await startTestGateway()
  await gateway.app.listen({ host: '127.0.0.1', port: 0 })
  port = (gateway.app.server.address() as AddressInfo).port
  fixture = await gateway.connection()
  token = gateway.issuer.mint(writer(fixture.clientId))
})
afterAll(() => gateway.close())
beforeEach(() => {
  gateway.log.length = 0
})

const origin = 'https://gateway.example.ua'
const requestId = 'a-request-id-of-20-characters'
const body = (redirectUri = 'https://after.example.ua/') => JSON.stringify({ redirect_uri: redirectUri })

/** A whole request, line by line. */
const head = (start: string, ...lines: string[]) => `${[start, 'host: gateway', ...lines].join('\r\n')}\r\n\r\n`
const authorization = () => `authorization: Bearer ${token}`
const patch = (content = body(), lines: string[] = [], target = fixture.path) =>
  head(
    `PATCH ${target} HTTP/1.1`,
    `x-request-id: ${requestId}`,
    'content-type: application/json',
    authorization(),
    `content-length: ${Buffer.byteLength(content)}`,
    ...lines,
  ) + content

/** Sends it all at once and reads until the server closes. */
async function exchange(text: string | Buffer): Promise<RawAnswer[]> {
  const connection = await openRaw(port)
  connection.write(text)
  return parseAnswers(await connection.untilClosed())
}

const close = 'connection: close'
const json = (answer: RawAnswer | undefined) => JSON.parse(answer?.body ?? 'null')
const generatedId = /^[0-9a-f-]{36}#\d+$/

function expectStrayRefusal(answers: RawAnswer[], status: number, type: string, message: string): void {
  expect(answers).toHaveLength(1)
  const [answer] = answers
  expect(json(answer)).toEqual({
    meta: { code: status, url: origin, type: 'object', request_id: expect.stringMatching(generatedId) },
    error: { type, message },
  })
  expect(answer?.status).toBe(status)
  expect(answer?.headers).toMatchObject({
    connection: 'close',
    'content-type': 'application/json; charset=utf-8',
    'x-request-id': json(answer).meta.request_id,
  })
}

/** The lines of requests. A change has a line of its own beside them. */
const requestLines = () => gateway.log.map((line) => JSON.parse(line)).filter(({ msg }) => msg !== 'change')

async function expectOneLine(expected: object): Promise<void> {
  await vi.waitFor(() => expect(requestLines()).toHaveLength(1), { timeout: 30_000, interval: 5 })
  expect(requestLines()[0]).toMatchObject({ msg: 'request', ...expected })
}

describe('what is not HTTP is refused in the envelope, closed, and logged', () => {
  test.each<[string, () => string | Buffer]>([
    ['nonsense', () => 'hello\r\n\r\n'],
    ['a TLS handshake', () => Buffer.from('16030100c8010000c4030300', 'hex')],
    ['HTTP/2 without being asked', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a method that does not exist', () => head('PETCH / HTTP/1.1')],
    ['a space in the target', () => head('GET /a b HTTP/1.1')],
    ['a header without a colon', () => head('GET / HTTP/1.1', 'nonsense')],
    ['a space before a colon', () => head('GET / HTTP/1.1', 'x-a : b')],
    ['a folded header', () => head('GET / HTTP/1.1', 'x-a: b', ' c')],
    ['a NUL in a header', () => head('GET / HTTP/1.1', 'x-a: b\0c')],
    ['a bare CR in a header', () => head('GET / HTTP/1.1', 'x-a: b\rx-c: d')],
    ['a Content-Length that is none', () => head(`PATCH ${fixture.path} HTTP/1.1`, 'content-length: five')],
    ['a negative Content-Length', () => head(`PATCH ${fixture.path} HTTP/1.1`, 'content-length: -5')],
    ['two Content-Lengths', () => head(`PATCH ${fixture.path} HTTP/1.1`, 'content-length: 2', 'content-length: 3')],
    [
      'Content-Length and Transfer-Encoding',
      () =>
        `${head(`PATCH ${fixture.path} HTTP/1.1`, authorization(), 'content-length: 5', 'transfer-encoding: chunked')}0\r\n\r\n`,
    ],
    [
      'a Transfer-Encoding that is not chunked',
      () => head(`PATCH ${fixture.path} HTTP/1.1`, 'transfer-encoding: chunked, gzip'),
    ],
  ])('%s', async (_name, text) => {
    expectStrayRefusal(await exchange(text()), 400, 'request_malformed', 'Malformed request')
    await expectOneLine({ code: 'BAD_REQUEST', status: 400, requestId: expect.stringMatching(generatedId), door: null })
  })

  test('a request without a Host is refused', async () => {
    const [answer] = await exchange(
      `GET /health/live HTTP/1.1\r\nx-request-id: ${requestId}\r\nconnection: close\r\n\r\n`,
    )
    expect(json(answer)).toEqual({
      meta: { code: 400, url: `${origin}/health/live`, type: 'object', request_id: requestId },
      error: { type: 'request_malformed', message: 'Malformed request: one Host header is required' },
    })
    expect(answer?.status).toBe(400)
    await expectOneLine({ code: 'BAD_REQUEST', status: 400, requestId })
  })

  test.each<[string, () => string]>([
    ['one header of 20 kB', () => head('GET / HTTP/1.1', `x-a: ${'x'.repeat(20_000)}`)],
    ['a target of 20 kB', () => head(`GET /${'x'.repeat(20_000)} HTTP/1.1`)],
  ])('431: %s', async (_name, text) => {
    expectStrayRefusal(await exchange(text()), 431, 'request_too_large', 'Request headers are too large')
    await expectOneLine({ code: 'HEADERS_TOO_LARGE', status: 431 })
  })

  test.each([160, 1_000])('431: a second Authorization behind %s other headers', async (count) => {
    const many = Array.from({ length: count }, (_, number) => `x-${number}: a`)
    const [answer] = await exchange(
      head('GET /health/live HTTP/1.1', authorization(), ...many, 'authorization: Bearer two'),
    )
    expect(answer?.status).toBe(431)
    expect(json(answer)).toMatchObject({ error: { message: 'Request headers are too large' } })
    await expectOneLine({ code: 'HEADERS_TOO_LARGE', status: 431 })
  })

  test('a connection that is opened and closed without a word is nobody’s request', async () => {
    const connection = await openRaw(port)
    connection.socket.end()
    await connection.untilClosed()
    expect(gateway.log).toEqual([])
  })

  test('a connection that breaks in the middle of the headers harms nobody', async () => {
    const connection = await openRaw(port)
    connection.write(`PATCH ${fixture.path} HTTP/1.1\r\nhost: a`)
    connection.socket.resetAndDestroy()
    expect((await exchange(patch(body(), [close])))[0]?.status).toBe(200)
  })
})

describe('authentication', () => {
  test.each([
    ['twice the same', () => [authorization(), authorization()]],
    ['a good one first', () => [authorization(), 'authorization: Bearer rubbish']],
    ['a good one last', () => ['Authorization: Basic eDp5', 'AUTHORIZATION: '.concat(authorization().slice(15))]],
  ])('two Authorization headers are 401: %s', async (_name, lines) => {
    const text = head(
      `PATCH ${fixture.path} HTTP/1.1`,
      close,
      'content-type: application/json',
      'content-length: 0',
      ...lines(),
    )
    const [answer] = await exchange(text)
    expect(answer?.status).toBe(401)
    expect(answer?.headers['www-authenticate']).toBe('Bearer realm="mithril", error="invalid_token"')
    expect(json(answer).error).toEqual({ type: 'access_denied', message: 'Access denied' })
  })

  test('401 comes before the body is sent', async () => {
    const connection = await openRaw(port)
    connection.write(head(`PATCH ${fixture.path} HTTP/1.1`, 'content-type: application/json', 'content-length: 60000'))
    const [answer] = parseAnswers(await connection.until(/\}\}$/))
    expect(answer?.status).toBe(401)
    connection.socket.destroy()
  })
})

describe('a body', () => {
  test('a body in chunks is read', async () => {
    const content = body('https://chunked.example.ua/')
    const chunks = [content.slice(0, 10), content.slice(10)]
      .map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`)
      .join('')
    const lines = ['content-type: application/json', authorization(), 'transfer-encoding: chunked', close]
    const [answer] = await exchange(`${head(`PATCH ${fixture.path} HTTP/1.1`, ...lines)}${chunks}0\r\n\r\n`)
    expect(answer?.status).toBe(200)
    expect(json(answer).data.redirect_uri).toBe('https://chunked.example.ua/')
  })

  test('a body in chunks is 413 as soon as it is too large', async () => {
    const connection = await openRaw(port)
    const lines = [
      `x-request-id: ${requestId}`,
      'content-type: application/json',
      authorization(),
      'transfer-encoding: chunked',
    ]
    connection.write(head(`PATCH ${fixture.path} HTTP/1.1`, ...lines))
    // It never ends.
    for (let chunk = 0; chunk < 9; chunk++) connection.write(`2000\r\n${'x'.repeat(0x2000)}\r\n`)
    const [answer] = parseAnswers(await connection.until(/\}\}$/))
    expect(answer?.status).toBe(413)
    expect(json(answer)).toEqual({
      meta: { code: 413, url: origin + fixture.path, type: 'object', request_id: requestId },
      error: { type: 'request_too_large', message: 'Request body is too large' },
    })
    connection.socket.destroy()
  })

  test('a body in malformed chunks is 400', async () => {
    const lines = ['content-type: application/json', authorization(), 'transfer-encoding: chunked']
    const [answer] = await exchange(`${head(`PATCH ${fixture.path} HTTP/1.1`, ...lines)}zz\r\nhello\r\n0\r\n\r\n`)
    expect(answer?.status).toBe(400)
  })

  test('a body that breaks after the answer gets no second answer', async () => {
    const connection = await openRaw(port)
    connection.write(
      head(`PATCH ${fixture.path} HTTP/1.1`, 'content-type: application/json', 'transfer-encoding: chunked'),
    )
    const answered = await connection.until(/\}\}$/)
    expect(parseAnswers(answered).map(({ status }) => status)).toEqual([401])
    connection.write('zz\r\n')
    expect(await connection.untilClosed()).toBe(answered)
  })

  test('100 Continue comes only after the caller has been authenticated', async () => {
    const content = body()
    const lines = ['content-type: application/json', `content-length: ${content.length}`, 'expect: 100-continue', close]
    const connection = await openRaw(port)
    connection.write(head(`PATCH ${fixture.path} HTTP/1.1`, authorization(), ...lines))
    await connection.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/)
    connection.write(content)
    expect(parseAnswers(await connection.untilClosed()).map((answer) => answer.status)).toEqual([100, 200])
  })

  test.each([
    ['no token', () => `PATCH ${fixture.path}`, 401],
    ['no token', () => 'POST /graphql', 401],
    ['nothing there', () => 'POST /nothing', 404],
    ['another method', () => `PUT ${fixture.path}`, 405],
  ])('is not asked for by 100 Continue where the head of a request is refused: %s', async (_why, line, status) => {
    const connection = await openRaw(port)
    connection.write(
      head(
        `${line()} HTTP/1.1`,
        'content-type: application/json',
        'content-length: 20',
        'expect: 100-continue',
        'connection: close',
      ),
    )
    expect(parseAnswers(await connection.until(/\}\]?[^{]*\}$/)).map((answer) => answer.status)).toEqual([status])
    connection.socket.destroy()
  })
})

test('a refused connection is closed even if its caller never closes', async () => {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  await once(socket, 'connect')
  socket.resume().write('nonsense\r\n\r\n')
  await once(socket, 'end')
  const connections = promisify(gateway.app.server.getConnections.bind(gateway.app.server))
  await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 30_000 })
  socket.destroy()
})

describe('HTTP/1', () => {
  test.each<[string, string[]]>([
    ['of the last header', ['x-request-id: of-the-caller-0123456789', `x-request-id: ${requestId}`]],
    ['of the last acceptable header', [`x-request-id: ${requestId}`, 'x-request-id: short']],
    ['of a header that a proxy has joined', [`x-request-id: of-the-caller-0123456789, ${requestId}`]],
  ])('the id of a request is the one %s, and the line has a number of the gateway beside it', async (_which, lines) => {
    const [answer] = await exchange(head('GET /nothing HTTP/1.1', close, ...lines))
    expect(answer?.headers['x-request-id']).toBe(requestId)
    await expectOneLine({ requestId, ownId: expect.stringMatching(generatedId) })
  })

  test('HEAD has no body, so that the next answer on its connection is the next one', async () => {
    const connection = await openRaw(port)
    connection.write(head('HEAD /health/live HTTP/1.1') + head('GET /health/live HTTP/1.1', close))
    const received = await connection.untilClosed()
    expect(received).toMatch(
      /^HTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)+\r\nHTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)+\r\n\{"status":"ok","version":"[\d.]+"\}$/,
    )
  })

  test('an expectation that nobody knows is ignored', async () => {
    const [answer] = await exchange(patch(body(), ['expect: miracles', close]))
    expect(answer?.status).toBe(200)
    expect(json(answer).meta.request_id).toBe(requestId)
  })

  test('pipelined requests are answered in their order', async () => {
    const ids = ['1', '2', '3'].map((number) => requestId + number)
    const text = ids.map((id) => patch(body(`https://pipelined.example.ua/${id}`)).replace(requestId, id)).join('')
    const answers = await exchange(text + head('GET /health/live HTTP/1.1', close))
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200])
    expect(
      answers.slice(0, 3).map((answer) => [answer.headers['x-request-id'], json(answer).data.redirect_uri]),
    ).toEqual(ids.map((id) => [id, `https://pipelined.example.ua/${id}`]))
  })

  test('nonsense behind a request does not harm its answer, and ends the connection', async () => {
    const answers = await exchange(`${patch(body('https://first.example.ua/'))}nonsense\r\n\r\n`)
    expect(answers).toHaveLength(1)
    expect(answers[0]?.headers).toMatchObject({ connection: 'close', 'x-request-id': requestId })
    expect(json(answers[0]).data.redirect_uri).toBe('https://first.example.ua/')
    await vi.waitFor(() => expect(requestLines()).toHaveLength(2), { timeout: 30_000, interval: 5 })
  })

  test('a request of HTTP/1.0 is answered, and its connection closed', async () => {
    const content = body()
    const text = patch(content).replace('HTTP/1.1', 'HTTP/1.0').replace('host: gateway\r\n', '')
    const [answer] = await exchange(text)
    expect(answer?.status).toBe(200)
    expect(answer?.headers['connection']).toBe('close')
  })

  test('an absolute target names its path only; its host is believed by nobody', async () => {
    const [answer] = await exchange(patch(body(), [close], `http://evil.example${fixture.path}?a=b`))
    expect(answer?.status).toBe(200)
    expect(json(answer).meta.url).toBe(origin + fixture.path)
    const [lost] = await exchange(head('GET http://evil.example/nothing HTTP/1.1', close))
    expect(lost?.status).toBe(404)
    expect(json(lost).meta.url).toBe(`${origin}/nothing`)
  })

  test.each(['*', 'OPTIONS *'])('an asterisk for a target is no page: %s', async (form) => {
    const method = form === '*' ? 'GET' : 'OPTIONS'
    const [answer] = await exchange(head(`${method} * HTTP/1.1`, close))
    expect([400, 404]).toContain(answer?.status)
    expect(json(answer).error.type).toMatch(/not_found|request_malformed/)
  })

  test.each([
    ['CONNECT', () => head('CONNECT evil.example:443 HTTP/1.1')],
    [
      'an upgrade',
      () => head('GET /nothing HTTP/1.1', 'connection: upgrade', 'upgrade: websocket', 'sec-websocket-key: x', close),
    ],
  ])('%s leads nowhere', async (_name, text) => {
    const connection = await openRaw(port)
    connection.write(text())
    const received = await connection.untilClosed()
    expect(received).not.toMatch(/^HTTP\/1\.1 (101|2\d\d)/)
  })

  test('a caller that disconnects before its answer leaves its change, its audit row and its line', async () => {
    const { clientId, connectionId, path } = await gateway.connection()
    const sent = gateway.issuer.mint(writer(clientId))
    const release = await gateway.database.lockConnection(connectionId)
    try {
      gateway.log.length = 0
      const connection = await openRaw(port)
      connection.write(patch(body(), [], path).replace(token, sent))
      await gateway.database.untilLockWaited()
      connection.socket.resetAndDestroy()
    } finally {
      await release()
    }
    await vi.waitFor(async () => expect(await gateway.auditOf(connectionId)).toHaveLength(1), {
      timeout: 30_000,
      interval: 5,
    })
    expect(await gateway.redirectUriOf(connectionId)).toBe('https://after.example.ua/')
    await expectOneLine({
      level: 30,
      operation: 'updateClientConnection',
      code: 'OK',
      requestId,
      clientId,
      aborted: true,
    })
  })

  test('a caller that disconnects in the middle of its body is no fault of the gateway', async () => {
    const connection = await openRaw(port)
    connection.write(patch().slice(0, -10))
    await delay(50)
    connection.socket.resetAndDestroy()
    await expectOneLine({ level: 30, door: 'REST', code: 'BAD_REQUEST', status: 400, requestId, aborted: true })
  })

  test('a body that is no HTTP from its middle on has one line, and one answer with the same id', async () => {
    const connection = await openRaw(port)
    connection.write(
      head(
        `PATCH ${fixture.path} HTTP/1.1`,
        `x-request-id: ${requestId}`,
        'content-type: application/json',
        authorization(),
        'transfer-encoding: chunked',
      ),
    )
    connection.write('5\r\n{"red\r\nnonsense\r\n')
    const answers = parseAnswers(await connection.untilClosed())
    expect(answers).toHaveLength(1)
    expect(json(answers[0])).toMatchObject({
      meta: { code: 400, request_id: requestId },
      error: { type: 'request_malformed' },
    })
    await expectOneLine({
      level: 30,
      door: 'REST',
      operation: 'updateClientConnection',
      code: 'BAD_REQUEST',
      status: 400,
      requestId,
    })
    expect(gateway.log[0]).not.toContain('aborted')
    await delay(50)
    expect(gateway.log).toHaveLength(1)
  })
})

test('every wait for a caller is bounded', () => {
  const { headersTimeout, requestTimeout, timeout, keepAliveTimeout, maxConnections } = gateway.app.server
  expect({ headersTimeout, requestTimeout, timeout, keepAliveTimeout, maxConnections }).toEqual({
    headersTimeout: 15_000,
    requestTimeout: 30_000,
    timeout: 75_000,
    keepAliveTimeout: 72_000,
    maxConnections: 5_000,
  })
})

test('a draining gateway answers requests in flight, closes kept-alive connections, and is not ready', async () => {
  const draining = await startTestGateway({
    DATABASE_URL: gateway.config.database.url ?? '',
    TOKEN_JWKS_URL: gateway.issuer.jwksUrl,
  })
  const release = await gateway.database.lockConnection(fixture.connectionId)
  try {
    await draining.app.listen({ host: '127.0.0.1', port: 0 })
    const address = draining.app.server.address() as AddressInfo
    const [busy, idle] = [await openRaw(address.port), await openRaw(address.port)]
    idle.write(head('GET /health/live HTTP/1.1'))
    await idle.until(/"status":"ok"/)

    busy.write(patch(body('https://drained.example.ua/')))
    await gateway.database.untilLockWaited()
    const closed = draining.app.close()
    expect(parseAnswers(await idle.untilClosed())).toHaveLength(1)
    // One more on the busy connection, behind the one in flight.
    busy.write(head('GET /health/ready HTTP/1.1'))
    await expect(openRaw(address.port)).rejects.toThrow(/ECONNREFUSED/)
    await release()

    const answers = parseAnswers(await busy.untilClosed())
    expect(answers[0]?.status).toBe(200)
    expect(json(answers[0]).data.redirect_uri).toBe('https://drained.example.ua/')
    expect(answers.at(-1)?.headers['connection']).toBe('close')
    if (answers.length > 1) expect(json(answers[1])).toMatchObject({ status: 'closing' })
    await closed
  } finally {
    await release()
    await draining.close()
  }
})

test('a draining gateway ends the request of a disconnected caller before it closes the database', async () => {
  const draining = await startTestGateway({ DATABASE_URL: gateway.config.database.url ?? '' })
  const release = await gateway.database.lockConnection(fixture.connectionId)
  const closed = Promise.withResolvers<void>()
  try {
    await draining.app.listen({ host: '127.0.0.1', port: 0 })
    const gone = await openRaw((draining.app.server.address() as AddressInfo).port)
    // Two writes: the second one begins when the gateway has been closing for a while.
    const update = (redirectUri: string) =>
      `updateClientConnection(input: { clientId: "${fixture.clientId}", connectionId: "${fixture.connectionId}", redirectUri: "${redirectUri}" }) { clientConnection { id } }`
    const query = `mutation { one: ${update('https://one.example.ua/')} two: ${update('https://two.example.ua/')} }`
    const content = JSON.stringify({ query })
    gone.write(
      head(
        'POST /graphql HTTP/1.1',
        'content-type: application/json',
        `authorization: Bearer ${draining.issuer.mint(writer(fixture.clientId))}`,
        `content-length: ${Buffer.byteLength(content)}`,
      ) + content,
    )
    await gateway.database.untilLockWaited()
    gone.socket.destroy()
    draining.close().then(closed.resolve, closed.reject)
    await delay(100)
    await release()
    await closed.promise

    expect(await gateway.redirectUriOf(fixture.connectionId)).toBe('https://two.example.ua/')
    const lines = draining.log
      .map((line) => JSON.parse(line))
      .filter(({ operation }) => operation === 'updateClientConnection')
    expect(lines).toMatchObject([{ level: 30, code: 'OK', aborted: true }])
  } finally {
    await release()
    await closed.promise
  }
})

test('callers that disconnect during authentication have a line each, and do not delay the end', {
  timeout: 120_000,
}, async () => {
  const { gateway: waiting, proxy } = await startProxiedGateway()
  const there = Number(new URL(await waiting.listen()).port)
  const { clientId, path } = await waiting.connection()
  await vi.waitFor(async () => expect((await waiting.app.inject('/health/ready')).statusCode).toBe(200), 30_000)
  waiting.log.length = 0
  proxy.freeze()
  const query = JSON.stringify({ query: '{ viewer { clientId } }' })
  for (const [line, content] of [
    [`PATCH ${path}`, body()],
    ['POST /graphql', query],
    [`PATCH ${path}`, body().slice(0, 5)],
    ['POST /graphql', query.slice(0, 5)],
  ]) {
    const connection = await openRaw(there)
    const length = line?.startsWith('POST') ? query.length : body().length
    const lines = [`authorization: Bearer ${waiting.issuer.mint(writer(clientId))}`, 'content-type: application/json']
    connection.write(head(`${line} HTTP/1.1`, ...lines, `content-length: ${length}`) + content)
    await delay(50)
    connection.socket.resetAndDestroy()
  }
  await delay(100)
  proxy.thaw()
  await vi.waitFor(() => expect(waiting.log).toHaveLength(4), 30_000)
  for (const line of waiting.log) expect(JSON.parse(line)).toMatchObject({ msg: 'request', clientId, aborted: true })

  // Refused for its body by then, and for the database, which nobody is told, later.
  waiting.log.length = 0
  proxy.freeze()
  const connection = await openRaw(there)
  const lines = [
    `authorization: Bearer ${waiting.issuer.mint(writer(clientId, { userId: randomUUID() }))}`,
    'content-type: application/json',
  ]
  connection.write(`${head(`PATCH ${path} HTTP/1.1`, ...lines, 'transfer-encoding: chunked')}zz\r\n`)
  expect(parseAnswers(await connection.untilClosed()).map(({ status }) => status)).toEqual([400])
  await vi.waitFor(() => expect(waiting.log.filter((line) => line.includes('"msg":"request"'))).toHaveLength(1), 30_000)
  proxy.thaw()
  const [line] = waiting.log
    .map((text): Record<string, unknown> => JSON.parse(text))
    .filter(({ msg }) => msg === 'request')
  expect(line).toMatchObject({ level: 30, status: 400, code: 'BAD_REQUEST' })
  expect(line).not.toHaveProperty('cause')

  const from = performance.now()
  await waiting.close()
  expect(performance.now() - from).toBeLessThan(5_000)
})
