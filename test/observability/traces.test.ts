import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { UpdateClientConnectionDocument } from '../../src/client/documents/graphql.ts'
import { summarize } from '../../src/persistence/pool/traced-database.ts'
import { type CollectedSpan, type Collector, startCollector } from '../support/collector.ts'
import { bearer, type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

// One gateway at a time: the library is set up for a whole process.

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function openBoth(
  environment: Record<string, string> = {},
): Promise<{ collector: Collector; gateway: TestGateway; url: string }> {
  const collector = await startCollector()
  open.push(collector)
  const gateway = await startTestGateway({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...environment })
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= gateway.close()
    return closed
  }
  open.push({ close })
  return { collector, gateway: { ...gateway, close }, url: await gateway.listen() }
}

const json = (token: string, more: Record<string, string> = {}) => ({
  'content-type': 'application/json',
  ...bearer(token),
  ...more,
})

function sendRest(
  url: string,
  { path }: Fixture,
  token: string,
  redirectUri: string,
  more: Record<string, string> = {},
) {
  return fetch(url + path, {
    method: 'PATCH',
    headers: json(token, more),
    body: JSON.stringify({ redirect_uri: redirectUri }),
  })
}

function sendGraphql(
  url: string,
  { clientId, connectionId }: Fixture,
  token: string,
  redirectUri: string,
  more: Record<string, string> = {},
) {
  return fetch(`${url}/graphql`, {
    method: 'POST',
    headers: json(token, more),
    body: JSON.stringify({
      query: UpdateClientConnectionDocument.toString(),
      variables: { input: { clientId, connectionId, redirectUri } },
    }),
  })
}

/** Spans of one trace as a tree of names, in the order of their ends. */
interface Tree {
  readonly [name: string]: Tree
}

function treeOf(spans: readonly CollectedSpan[], parent: string | undefined): Tree {
  const children = spans.filter(({ parentSpanId }) => parentSpanId === parent)
  return Object.fromEntries(children.map(({ name, spanId }) => [name, treeOf(spans, spanId)]))
}

const patched = 'PATCH /api/clients/:id/connections/:connection_id'
/** What any request asks before it is let in, unless it has just been asked. */
const callerStatus = { 'SELECT clients users': {} }

test('a request is a trace: HTTP, GraphQL operation, SQL; it belongs to the trace that its traceparent names', async () => {
  const { collector, gateway, url } = await openBoth()
  const fixture = await gateway.connection()
  const token = gateway.issuer.mint(writer(fixture.clientId))
  const hidden = 'https://hidden.example.ua/callback?code=nobody-may-see-this'
  const traceId = '0af7651916cd43dd8448eb211c80319c'

  expect(
    (await sendRest(url, fixture, token, hidden, { traceparent: `00-${traceId}-b7ad6b7169203331-01` })).status,
  ).toBe(200)
  expect((await sendGraphql(url, fixture, token, `${hidden}&more`)).status).toBe(200)
  // Past the hot path, through Yoga whole.
  expect((await sendGraphql(url, fixture, token, hidden, { accept: 'application/graphql-response+json' })).status).toBe(
    200,
  )
  await fetch(`${url}/health/ready`)
  await gateway.close()

  const { spans } = collector
  const roots = spans.filter(({ kind }) => kind === 2)
  expect(roots.map((root) => [root.name, root.parentSpanId, treeOf(spans, root.spanId)])).toEqual([
    [patched, 'b7ad6b7169203331', { ...callerStatus, 'UPDATE connections': {} }],
    ['POST /graphql', undefined, { 'mutation updateClientConnection': { 'UPDATE connections': {} } }],
    ['POST /graphql', undefined, { 'mutation updateClientConnection': { 'UPDATE connections': {} } }],
  ])
  expect(spans.filter((span) => span.traceId === traceId)).toHaveLength(3)
  expect(new Set(spans.map((span) => span.traceId)).size).toBe(3)

  const [rest] = roots
  expect(rest?.attributes).toEqual({
    'http.request.method': 'PATCH',
    'http.response.status_code': 200,
    'http.route': '/api/clients/:id/connections/:connection_id',
    'gateway.door': 'REST',
    'gateway.operation': 'updateClientConnection',
    'gateway.client_id': fixture.clientId,
    'gateway.client_type': 'MSP',
    'gateway.code': 'OK',
    'gateway.request_id': expect.any(String),
    service: 'mithril-connection-gateway',
  })
  expect(spans.find(({ name }) => name === 'UPDATE connections')).toMatchObject({
    kind: 3,
    failed: false,
    attributes: { 'db.system.name': 'postgresql', 'db.query.summary': 'UPDATE connections' },
  })
  // The line of a request names its trace.
  expect(gateway.log.filter((line) => line.includes(`"traceId":"${traceId}"`))).toHaveLength(1)

  const sent = collector.bodies.join('')
  for (const text of [
    token,
    ...token.split('.'),
    fixture.secret,
    'hidden.example.ua',
    'nobody-may-see-this',
    fixture.connectionId,
  ])
    expect(sent).not.toContain(text)
  expect(new Set(collector.bodies.map((body) => body.split(' ').slice(0, 2).join(' ')))).toEqual(
    new Set(['POST /v1/traces']),
  )
})

test('the traces of simultaneous requests do not mix', async () => {
  const { collector, gateway, url } = await openBoth()
  const fixtures = await Promise.all(Array.from({ length: 20 }, () => gateway.connection()))
  const sendings = fixtures.flatMap((fixture) => {
    const token = gateway.issuer.mint(writer(fixture.clientId))
    return [
      sendRest(url, fixture, token, 'https://rest.example.ua/'),
      sendGraphql(url, fixture, token, 'https://graphql.example.ua/'),
    ]
  })
  for (const { status } of await Promise.all(sendings)) expect(status).toBe(200)
  await gateway.close()

  const { spans } = collector
  const roots = spans.filter(({ kind }) => kind === 2)
  expect(roots).toHaveLength(40)
  for (const { name, spanId, traceId } of roots) {
    // Two requests of one client share the question about it, so one of them has not asked.
    const { 'SELECT clients users': _asked, ...rest } = treeOf(spans, spanId)
    const update = { 'UPDATE connections': {} }
    expect(rest).toEqual(name === patched ? update : { 'mutation updateClientConnection': update })
    expect(spans.filter((span) => span.traceId === traceId && span.name === 'UPDATE connections')).toHaveLength(1)
  }
})

test('a refusal is no failure; a database that is away is one', async () => {
  const { collector, gateway, url } = await openBoth({ DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing' })
  const fixture = await gateway.connection()
  expect(
    (await sendRest(url, fixture, gateway.issuer.mint(writer(fixture.clientId, { scope: 'connection:read' })), 'x'))
      .status,
  ).toBe(403)
  expect(
    (await sendRest(url, fixture, gateway.issuer.mint(writer(fixture.clientId)), 'https://a.example.ua/')).status,
  ).toBe(503)
  await gateway.close()
  const { spans } = collector
  expect(
    spans.filter(({ kind }) => kind === 2).map(({ failed, attributes }) => [attributes['gateway.code'], failed]),
  ).toEqual([
    ['FORBIDDEN', false],
    ['SERVICE_UNAVAILABLE', true],
  ])
  const asked = spans.filter(({ kind }) => kind === 3)
  expect(asked.length).toBeGreaterThanOrEqual(1)
  for (const span of asked)
    expect(span).toMatchObject({ failed: true, attributes: { 'error.type': 'SERVICE_UNAVAILABLE' } })
})

describe('a collector that is no help', () => {
  const warnings = ({ log }: TestGateway) => log.filter((line) => line.includes('collector'))

  test('without its collector the gateway serves and closes, and the log says so once', async () => {
    const { collector, gateway, url } = await openBoth()
    await collector.close()
    open.shift()
    const fixture = await gateway.connection()
    const headers = bearer(gateway.issuer.mint(writer(fixture.clientId)))
    // More spans than one batch takes.
    const read = async () => (await fetch(url + fixture.path, { headers })).status
    for (let n = 0; n < 30; n++)
      expect(new Set(await Promise.all(Array.from({ length: 10 }, read)))).toEqual(new Set([200]))
    await vi.waitFor(() => expect(warnings(gateway)).toHaveLength(1), { timeout: 30_000, interval: 50 })
    const startedAt = performance.now()
    await gateway.close()
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    expect(warnings(gateway).map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 40, reason: expect.stringMatching(/ECONNREFUSED|hang up/), failures: 1 }),
    ])
  })

  test('a silent collector delays the close for a bounded time', async () => {
    const { collector, gateway, url } = await openBoth()
    collector.answer()
    const fixture = await gateway.connection()
    expect(
      (await sendRest(url, fixture, gateway.issuer.mint(writer(fixture.clientId)), 'https://a.example.ua/')).status,
    ).toBe(200)
    const startedAt = performance.now()
    await gateway.close()
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })

  test('the log has the reason of a refusing collector', async () => {
    const { collector, gateway, url } = await openBoth()
    collector.answer((_request, response) => response.writeHead(400).end('not today'))
    const fixture = await gateway.connection()
    expect(
      (await sendRest(url, fixture, gateway.issuer.mint(writer(fixture.clientId)), 'https://a.example.ua/')).status,
    ).toBe(200)
    await gateway.close()
    expect(warnings(gateway).map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 40, reason: expect.stringContaining('Bad Request'), failures: 1 }),
    ])
  })
})

describe('what is loaded', () => {
  const api = '@opentelemetry/api'

  /** Packages of OpenTelemetry in a gateway of its own that has been opened, asked and closed. */
  async function loaded(environment: Record<string, string>): Promise<string[]> {
    const script = `
      import { createRequire } from 'node:module'
      import { parseConfig } from './src/config/parse.ts'
      import { openGateway } from './src/gateway.ts'
      const gateway = await openGateway(parseConfig(${JSON.stringify({
        DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing',
        TOKEN_ISSUER: 'https://issuer.example.ua/',
        TOKEN_AUDIENCE: 'gateway',
        TOKEN_JWKS_URL: 'http://127.0.0.1:1/jwks',
        LOG_LEVEL: 'silent',
        PORT: '0',
        ...environment,
      })}))
      await gateway.listen()
      await gateway.app.inject('/health/ready')
      await gateway.app.inject({ method: 'POST', url: '/graphql', payload: {} })
      const modules = Object.keys(createRequire(import.meta.url).cache)
      if (!modules.some((name) => name.includes('/fastify/'))) throw new Error('nothing can be seen this way')
      const packages = modules.flatMap((name) => /node_modules\\/(@opentelemetry\\/[^/]+|prom-client)\\//.exec(name)?.[1] ?? [])
      process.stdout.write(JSON.stringify([...new Set(packages)].sort()))
      await gateway.close()`
    const root = new URL('../..', import.meta.url).pathname
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: root,
      timeout: 20_000,
    })
    return JSON.parse(stdout)
  }

  test.each([
    ['nothing of OpenTelemetry', {}, []],
    ['nothing of it in production either', { NODE_ENV: 'production' }, []],
    [
      'with a port for metrics their library, and the interfaces that it requires, which do nothing',
      { METRICS_PORT: '0' },
      [api, 'prom-client'],
    ],
    [
      'with a collector all that traces need',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' },
      expect.arrayContaining([api, '@opentelemetry/exporter-trace-otlp-http', '@opentelemetry/sdk-trace-node']),
    ],
  ])('%s', { timeout: 30_000 }, async (_name, environment, packages) => {
    expect(await loaded(environment)).toEqual(packages)
  })
})

test.each([
  ['UPDATE connections SET redirect_uri = $5 WHERE connections.id = $2', 'UPDATE connections'],
  [
    'WITH locked AS (SELECT id FROM connections FOR NO KEY UPDATE ), written AS (UPDATE connections SET x = 1) SELECT * FROM locked',
    'UPDATE connections',
  ],
  ['DELETE FROM connections USING locked', 'DELETE connections'],
  ['SELECT (SELECT true FROM clients) FROM unnest($1) JOIN connections ON true', 'SELECT clients connections'],
  ["SELECT 1 WHERE 'a' = $1", 'SELECT'],
])('a statement has a short name without its values: %s', (sql, summary) => {
  expect(summarize(sql)).toBe(summary)
})
