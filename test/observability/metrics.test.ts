import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { UpdateClientConnectionDocument } from '../../src/client/documents/graphql.ts'
import { bearer, type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'
import { parsePrometheus } from '../support/prometheus.ts'
import { openRaw, parseAnswers } from '../support/raw-http.ts'

const production = {
  NODE_ENV: 'production',
  DATABASE_POOL_MAX: '2',
}

/** Samples of one metric as `{ 'door=REST operation=… code=OK': 2 }`. */
function samplesOf(text: string, family: string, name = family): Record<string, number> {
  const samples =
    parsePrometheus(text)
      .get(family)
      ?.samples.filter((sample) => sample.name === name) ?? []
  return Object.fromEntries(samples.map(({ labels, value }) => [Object.values(labels).join(' '), value]))
}

describe('after a script of requests through both doors', () => {
  const callersText = 'a-text-that-only-a-caller-would-write'
  let gateway: TestGateway
  let fixture: Fixture
  let url: string
  let metrics: string

  beforeAll(async () => {
    gateway = await startTestGateway()
    fixture = await gateway.connection()
    url = await gateway.listen()
    await runScript()
    metrics = await (await fetch(`${url}/metrics`)).text()
  })
  afterAll(() => gateway.close())

  const mint = (scope: string) => gateway.issuer.mint(writer(fixture.clientId, { scope }))
  const patch = (body: string, token: string | null, path = fixture.path) =>
    fetch(url + path, { method: 'PATCH', headers: { 'content-type': 'application/json', ...bearer(token) }, body })
  const post = (query: string, token: string | null, input: object = {}, operationName?: string) =>
    fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(token) },
      body: JSON.stringify({
        query,
        variables: { input: { clientId: fixture.clientId, connectionId: fixture.connectionId, ...input } },
        operationName,
      }),
    })

  async function runScript(): Promise<void> {
    const token = mint('connection:read connection:write')
    const update = UpdateClientConnectionDocument.toString()
    const good = JSON.stringify({ redirect_uri: 'https://after.example.ua/' })
    // Through REST.
    await patch(good, token)
    await patch(good, token)
    await patch(good, mint('connection:read'))
    await patch(good, token, fixture.path.replace(fixture.clientId, randomUUID()))
    await patch(JSON.stringify({ redirect_uri: `http://${callersText}.ua` }), token)
    await patch(good, token, fixture.path.replace(fixture.connectionId, randomUUID()))
    await patch('{', token)
    await patch(good, null)
    await patch(good, callersText)
    await patch(good, gateway.issuer.mint(writer(fixture.clientId, { expiresInSeconds: -3_600 })))
    await fetch(url + fixture.path, { headers: bearer(token) })
    // Through GraphQL: documents that are executed, and those that are not.
    await post(update, token, { redirectUri: 'https://graphql.example.ua/' })
    await post(update, token, { redirectUri: `http://${callersText}.ua` })
    await post(update, null, { redirectUri: 'https://graphql.example.ua/' })
    await post(`query ${callersText.replaceAll('-', '_')} { alias: viewer { clientId } }`, token)
    await post(`{ ${callersText.replaceAll('-', '_')} }`, token)
    await post('{ viewer { clientId } }', token, {}, callersText)
    // At no door.
    await fetch(`${url}/${callersText}`)
    await fetch(url + fixture.path, { method: 'PUT' })
    await fetch(`${url}/health/live`)
    const raw = await openRaw(Number(new URL(url).port))
    raw.write(`${callersText}\r\n\r\n`)
    expect(parseAnswers(await raw.untilClosed())).toMatchObject([{ status: 400 }])
  }

  const counts = {
    'REST updateClientConnection OK': 2,
    'REST updateClientConnection FORBIDDEN': 2,
    'REST updateClientConnection UNPROCESSABLE_ENTITY': 1,
    'REST updateClientConnection NOT_FOUND': 1,
    'REST updateClientConnection BAD_REQUEST': 1,
    'REST updateClientConnection UNAUTHENTICATED': 3,
    'REST readClientConnection OK': 1,
    'GRAPHQL updateClientConnection OK': 1,
    'GRAPHQL updateClientConnection UNPROCESSABLE_ENTITY': 1,
    'GRAPHQL none UNAUTHENTICATED': 1,
    'GRAPHQL readViewer OK': 1,
    'GRAPHQL none GRAPHQL_VALIDATION_FAILED': 1,
    'GRAPHQL none OPERATION_RESOLUTION_FAILURE': 1,
    'none none NOT_FOUND': 1,
    'none none METHOD_NOT_ALLOWED': 1,
    'none none BAD_REQUEST': 1,
    'none none OK': 1,
  }

  test('each request counts once, by door, operation and code', () => {
    expect(samplesOf(metrics, 'gateway_requests_total')).toEqual(counts)
  })

  test('each request is in the histogram of durations', () => {
    expect(samplesOf(metrics, 'gateway_request_duration_seconds', 'gateway_request_duration_seconds_count')).toEqual(
      counts,
    )
    const buckets = samplesOf(metrics, 'gateway_request_duration_seconds', 'gateway_request_duration_seconds_bucket')
    const bounds = ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf']
    const expected = Object.keys(counts).flatMap((series) => bounds.map((bound) => `${bound} ${series}`))
    expect(Object.keys(buckets).sort()).toEqual(expected.sort())
    const sums = samplesOf(metrics, 'gateway_request_duration_seconds', 'gateway_request_duration_seconds_sum')
    expect(sums['REST updateClientConnection OK']).toBeGreaterThan(0.0005)
    expect(sums['REST updateClientConnection OK']).toBeLessThan(30)
  })

  test('each refusal counts once, by the rule that refused it', () => {
    expect(samplesOf(metrics, 'gateway_refusals_total')).toEqual({
      'authentication:no_token': 2,
      'authentication:malformed': 1,
      'authentication:expired': 1,
      invalidScopes: 1,
      forbidden: 1,
      validationFailed: 2,
      // Of the connection, and of the unknown path.
      notFound: 2,
      // Of the body, and of what is no HTTP.
      malformedRequest: 2,
      methodNotAllowed: 1,
      GRAPHQL_VALIDATION_FAILED: 1,
      OPERATION_RESOLUTION_FAILURE: 1,
    })
  })

  test('a scrape measures database, keys and event loop', () => {
    expect(samplesOf(metrics, 'gateway_database_connections')).toEqual({ in_use: 0, idle: expect.any(Number) })
    expect(samplesOf(metrics, 'gateway_database_waiting')).toEqual({ '': 0 })
    expect(samplesOf(metrics, 'gateway_faults_total')).toEqual({ '': 0 })
    expect(samplesOf(metrics, 'gateway_keys_fetch_failures_total')).toEqual({ '': 0 })
    const age = samplesOf(metrics, 'gateway_keys_age_seconds')['']
    expect(age).toBeGreaterThan(0)
    expect(age).toBeLessThan(60)
    expect(samplesOf(metrics, 'gateway_shed_total')).toEqual({ queue_full: 0, queue_timeout: 0, event_loop: 0 })
    expect(samplesOf(metrics, 'gateway_limited_total')).toEqual({ write: 0, authentication: 0 })
    const delays = samplesOf(metrics, 'gateway_event_loop_delay_seconds')
    expect(Object.keys(delays).sort()).toEqual(['100', '50', '90', '99'])
    for (const delay of Object.values(delays)) expect(delay).toBeLessThan(5)
  })

  test('a scrape measures the process under the usual names', () => {
    expect([...parsePrometheus(metrics).keys()]).toEqual(
      expect.arrayContaining([
        'process_cpu_seconds_total',
        'process_resident_memory_bytes',
        'process_open_fds',
        'nodejs_eventloop_lag_seconds',
        'nodejs_heap_size_used_bytes',
        'nodejs_gc_duration_seconds',
        'nodejs_version_info',
      ]),
    )
  })

  test('the build names the version of the gateway and of Node', () => {
    const labels = { version: manifest.version, node: process.versions.node }
    expect(parsePrometheus(metrics).get('gateway_build_info')?.samples).toEqual([
      { name: 'gateway_build_info', labels, value: 1 },
    ])
  })

  test('no label holds what a caller has written', () => {
    expect(metrics).not.toContain(callersText)
    expect(metrics).not.toContain(callersText.replaceAll('-', '_'))
    expect(metrics).not.toContain(fixture.clientId)
    expect(metrics).not.toContain('example.ua')
  })

  test('the answer is in the text format of Prometheus', async () => {
    const answer = await fetch(`${url}/metrics`)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ])
    // Twice, since what is filled at a scrape must not add up.
    const again = await answer.text()
    expect(samplesOf(again, 'gateway_refusals_total')).toEqual(samplesOf(metrics, 'gateway_refusals_total'))
    expect(samplesOf(again, 'gateway_requests_total')).toEqual({ ...counts, 'none none OK': 2 })
  })
})

test('faults count from the first one', async () => {
  const gateway = await startTestGateway()
  try {
    const { clientId, path } = await gateway.connection()
    await gateway.database.query(
      `CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a fault'; END $$`,
    )
    await gateway.database.query(
      'CREATE TRIGGER broken BEFORE UPDATE ON connections FOR EACH ROW EXECUTE FUNCTION broken()',
    )
    const answer = await gateway.patch(
      path,
      { redirect_uri: 'https://after.example.ua/' },
      gateway.issuer.mint(writer(clientId)),
    )
    expect(answer.statusCode).toBe(500)
    expect(samplesOf((await gateway.app.inject('/metrics')).body, 'gateway_faults_total')).toEqual({ '': 1 })
  } finally {
    await gateway.close()
  }
})

test('the metrics have the pool connections in use, and the statements that wait', async () => {
  const gateway = await startTestGateway({ DATABASE_POOL_MAX: '1' })
  try {
    const fixture = await gateway.connection()
    const token = gateway.issuer.mint(writer(fixture.clientId))
    // The registry has been asked for this caller, so that only the writes want a connection.
    await gateway.graphql('{ viewer { clientId } }', {}, token)
    const release = await gateway.database.lockConnection(fixture.connectionId)
    const writes = [1, 2, 3].map((n) =>
      gateway.patch(fixture.path, { redirect_uri: `https://${n}.example.ua/` }, token),
    )
    await vi.waitFor(
      async () => {
        const { body } = await gateway.app.inject('/metrics')
        expect(samplesOf(body, 'gateway_database_connections')).toEqual({ in_use: 1, idle: 0 })
        expect(samplesOf(body, 'gateway_database_waiting')).toEqual({ '': 2 })
      },
      { timeout: 30_000 },
    )
    await release()
    expect((await Promise.all(writes)).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200])
  } finally {
    await gateway.close()
  }
})

test('the metrics have the refusals by a limit and by overload', async () => {
  const gateway = await startTestGateway({
    WRITE_LIMIT_PER_MINUTE: '1',
    AUTH_FAILURE_LIMIT_PER_MINUTE: '1',
    DATABASE_POOL_MAX: '1',
    DATABASE_QUEUE_MAX: '0',
  })
  try {
    const fixture = await gateway.connection()
    const write = (token: string | null) =>
      gateway.patch(fixture.path, { redirect_uri: 'https://after.example.ua/' }, token)
    const token = gateway.issuer.mint(writer(fixture.clientId))
    // The registry has been asked for this caller, so that only the write wants a connection.
    await gateway.graphql('{ viewer { clientId } }', {}, token)
    const release = await gateway.database.lockConnection(fixture.connectionId)
    const waiting = write(token)
    await vi.waitFor(
      async () =>
        expect(samplesOf((await gateway.app.inject('/metrics')).body, 'gateway_database_connections')).toMatchObject({
          in_use: 1,
        }),
      { timeout: 30_000 },
    )
    // A process that has had no rest refuses ahead of the limit; this one has just been started.
    await delay(500)
    const statuses = []
    for (const sent of [
      token,
      token,
      gateway.issuer.mint(writer(fixture.clientId, { userId: randomUUID() })),
      null,
      null,
      null,
    ])
      statuses.push((await write(sent)).statusCode)
    expect(statuses).toEqual([429, 429, 503, 401, 429, 429])
    await release()
    expect((await waiting).statusCode).toBe(200)
    const { body } = await gateway.app.inject('/metrics')
    expect(samplesOf(body, 'gateway_limited_total')).toEqual({ write: 2, authentication: 2 })
    expect(samplesOf(body, 'gateway_shed_total')).toEqual({ queue_full: 1, queue_timeout: 0, event_loop: 0 })
    expect(samplesOf(body, 'gateway_refusals_total')).toEqual({
      tooManyRequests: 4,
      unavailable: 1,
      'authentication:no_token': 3,
    })
  } finally {
    await gateway.close()
  }
})

test('failed fetches of keys count; the age of keys is absent while there are none', async () => {
  const gateway = await startTestGateway({ TOKEN_JWKS_URL: 'http://127.0.0.1:1/jwks' })
  try {
    await vi.waitFor(
      async () => {
        const { body } = await gateway.app.inject('/metrics')
        expect(samplesOf(body, 'gateway_keys_fetch_failures_total')['']).toBeGreaterThanOrEqual(1)
        expect(samplesOf(body, 'gateway_keys_age_seconds')).toEqual({})
      },
      { timeout: 30_000 },
    )
    await gateway.patch('/api/clients/a/connections/b', {}, gateway.issuer.mint())
    const { body } = await gateway.app.inject('/metrics')
    expect(samplesOf(body, 'gateway_refusals_total')).toEqual({ 'authentication:keys_unavailable': 1 })
  } finally {
    await gateway.close()
  }
})

describe('who may read them', () => {
  /** Addresses by the log line that tells them. */
  const metricsUrl = ({ log }: TestGateway) =>
    /"url":"([^"]+\/metrics)"/.exec(log.join(''))?.[1] ?? expect.fail('no address of metrics')

  test('in production nobody may read the metrics, unless they have a port of their own', async () => {
    const gateway = await startTestGateway(production)
    try {
      const answer = await gateway.app.inject('/metrics')
      expect([answer.statusCode, answer.json()]).toEqual([
        404,
        {
          meta: {
            code: 404,
            url: 'https://gateway.example.ua/metrics',
            type: 'object',
            request_id: expect.any(String),
          },
          error: { type: 'not_found', message: 'Not found' },
        },
      ])
    } finally {
      await gateway.close()
    }
  })

  test.each([
    ['in production', production],
    ['elsewhere', {}],
  ])('a port of their own has nothing else, and the main port has no metrics, %s', async (_name, environment) => {
    const gateway = await startTestGateway({ ...environment, METRICS_PORT: '0' })
    try {
      const url = await gateway.listen()
      const own = metricsUrl(gateway)
      expect(new URL(own).host).not.toBe(new URL(url).host)
      expect((await fetch(`${url}/metrics`)).status).toBe(404)
      await fetch(`${url}/nowhere`)
      const answer = await fetch(own)
      expect(answer.status).toBe(200)
      expect(samplesOf(await answer.text(), 'gateway_requests_total')).toEqual({ 'none none NOT_FOUND': 2 })
      for (const [method, path] of [
        ['GET', '/'],
        ['GET', '/health/live'],
        ['GET', '/metrics/'],
        ['POST', '/graphql'],
        ['POST', '/metrics'],
        ['DELETE', '/metrics'],
        ['HEAD', '/metrics'],
      ]) {
        const other = await fetch(new URL(path ?? '', own), { method: method ?? '' })
        expect([method, path, other.status, await other.text()]).toEqual([method, path, 404, ''])
      }
    } finally {
      await gateway.close()
    }
    await expect(fetch(metricsUrl(gateway))).rejects.toThrow('fetch failed')
  })

  test('a body or a request that is no HTTP gets no metrics', async () => {
    const gateway = await startTestGateway({ METRICS_PORT: '0' })
    try {
      await gateway.listen()
      const port = Number(new URL(metricsUrl(gateway)).port)
      const raw = await openRaw(port)
      raw.write('nonsense\r\n\r\n')
      expect(parseAnswers(await raw.untilClosed())).toMatchObject([{ status: 400 }])
      const answer = await fetch(metricsUrl(gateway), { method: 'POST', body: 'x'.repeat(100_000) })
      expect([answer.status, await answer.text()]).toEqual([413, ''])
    } finally {
      await gateway.close()
    }
  })

  test('a taken port is an error that names it, and closing still works', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const gateway = await startTestGateway({ METRICS_PORT: String(port) })
    try {
      await expect(gateway.listen()).rejects.toThrow(String(port))
      expect(gateway.app.server.listening).toBe(false)
    } finally {
      await gateway.close()
      taken.close()
    }
  })
})
