import { randomInt, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { demo } from '../../prisma/seed-data.ts'
import { createGatewayProcess, type GatewayProcess } from '../faults/gateway-process.ts'
import { type MithrilCluster, prepareForGateway, startMithrilCluster } from '../support/mithril-cluster.ts'
import { patient } from '../support/patient.ts'
import { isMissing } from '../support/programs.ts'
import { type ProxyName, proxyPrograms, type ReverseProxy, startReverseProxy } from '../support/reverse-proxy.ts'
import { startTestIssuer, type TestIssuer } from '../support/tokens.ts'

// Debian's nginx, HAProxy and Apache with the files of ops/proxies, in front of two gateways as they run in production.
// Every answer is compressed where the proxy can. A medical information system (MIS) works through each for five
// minutes.

const names: readonly ProxyName[] = ['nginx', 'haproxy', 'apache']
const path = `/api/clients/${demo.msp.clientId}/connections/${demo.connectionId}`
const kilobytes = (count: number) => 'x'.repeat(count * 1_024)

interface Question {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The address that the caller comes from. */
  readonly from?: string
}

interface Answer {
  /** Null: the connection ended without an answer. */
  readonly status: number | null
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** Waits until something is so; `expect.poll` works in tests only. */
const until = (isSo: () => Promise<boolean>) =>
  vi.waitFor(async () => expect(await isSo()).toBe(true), { timeout: 120_000, interval: 100 })

/** One caller, who keeps its connection. */
function createCaller(url: string): { ask(question: Question): Promise<Answer>; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    ask: ({ method = 'GET', path: target = path, headers = {}, body, from }) =>
      new Promise((resolve) => {
        const lost = (error: Error) => resolve({ status: null, headers: {}, text: error.message })
        const asked = request(url + target, {
          method,
          agent,
          headers: {
            'accept-encoding': 'gzip',
            ...(body && { 'content-length': Buffer.byteLength(body) }),
            ...headers,
          },
          ...(from && { localAddress: from }),
          timeout: 30_000,
        })
        asked.once('error', lost)
        asked.once('timeout', () => asked.destroy(new Error('no answer within 30 s')))
        asked.once('response', (response: IncomingMessage) => {
          buffer(response).then((bytes) => {
            const text = (response.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString()
            resolve({ status: response.statusCode ?? null, headers: response.headers, text })
          }, lost)
        })
        asked.end(body)
      }),
    close: () => agent.destroy(),
  }
}

describe.skipIf(isMissing(...proxyPrograms))('two gateways behind', () => {
  let cluster: MithrilCluster
  let issuer: TestIssuer
  let folder: string
  let gateways: readonly [GatewayProcess, GatewayProcess]
  let token: string
  const portOf = ({ origin }: GatewayProcess) => Number(new URL(origin).port)
  const isReady = (gateway: GatewayProcess) =>
    fetch(`${gateway.origin}/health/ready`, { signal: AbortSignal.timeout(5_000) }).then(
      ({ status }) => status === 200,
      () => false,
    )
  const untilReady = (gateway: GatewayProcess) => until(() => isReady(gateway))

  beforeAll(async () => {
    cluster = await startMithrilCluster()
    await prepareForGateway(cluster)
    issuer = await startTestIssuer()
    folder = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-proxies-'))
    const environment = {
      PATH: process.env['PATH'] ?? '',
      DATABASE_URL: cluster.urlOf('gateway'),
      TOKEN_ISSUER: issuer.issuer,
      TOKEN_AUDIENCE: issuer.audience,
      TOKEN_JWKS_URL: issuer.jwksUrl,
      TRUSTED_PROXIES: '127.0.0.1',
      WRITE_LIMIT_PER_MINUTE: '0',
      AUTH_FAILURE_LIMIT_PER_MINUTE: '3',
      DRAIN_SECONDS: '5',
      ...patient,
    }
    gateways = [
      createGatewayProcess({ logFile: join(folder, 'first.log'), environment }),
      createGatewayProcess({ logFile: join(folder, 'second.log'), environment }),
    ]
    for (const gateway of gateways) {
      await gateway.start()
      await untilReady(gateway)
    }
    token = issuer.mint({ ...demo.msp, scope: 'connection:read connection:write' })
  })
  afterAll(async () => {
    for (const gateway of gateways ?? []) await gateway.end('SIGKILL').catch(() => {})
    await issuer?.close()
    await cluster?.stop()
    if (folder !== undefined) await rm(folder, { recursive: true })
  })

  const logs = async () => (await Promise.all(gateways.map((gateway) => gateway.log()))).join('')
  const requestIdsInLogs = async () =>
    (await logs())
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => (JSON.parse(line) as { requestId?: string }).requestId)

  describe.each(names)('%s', (name) => {
    let proxy: ReverseProxy
    let caller: ReturnType<typeof createCaller>
    beforeAll(async () => {
      proxy = await startReverseProxy(name, [portOf(gateways[0]), portOf(gateways[1])])
      caller = createCaller(proxy.url)
      await until(async () => (await caller.ask({ path: '/health/ready' })).status === 200)
    })
    afterAll(async () => {
      caller?.close()
      await proxy?.stop()
    })

    const bearer = () => ({ authorization: `Bearer ${token}` })
    const write = (redirectUri: string, headers: Readonly<Record<string, string>> = {}): Question => ({
      method: 'PATCH',
      headers: { ...bearer(), 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ redirect_uri: redirectUri }),
    })
    const tagOf = ({ headers }: Answer) => headers.etag ?? expect.fail('no ETag')

    test('a MIS reads, changes with its tag, repeats the change, and learns that its tag is old', async () => {
      const seen = await caller.ask({ headers: bearer() })
      expect([seen.status, seen.headers['content-encoding']]).toEqual([200, 'gzip'])
      const before = tagOf(seen)
      expect(before).not.toMatch(/^"\d+"$/)
      const known = await caller.ask({ headers: { ...bearer(), 'if-none-match': before } })
      expect([known.status, known.text]).toEqual([304, ''])

      const uri = `https://${name}.example.ua/${randomUUID()}`
      const changed = await caller.ask(write(uri, { 'if-match': before }))
      expect([changed.status, JSON.parse(changed.text)]).toMatchObject([200, { data: { redirect_uri: uri } }])
      const repeated = await caller.ask(write(uri, { 'if-match': before }))
      expect([repeated.status, repeated.headers.etag]).toEqual([200, changed.headers.etag])
      const stale = await caller.ask(write(`${uri}/stale`, { 'if-match': before }))
      expect([stale.status, JSON.parse(stale.text)]).toMatchObject([412, { error: { type: 'request_conflict' } }])
      // The tag of a PATCH's answer serves as well as the one of a GET's.
      expect((await caller.ask(write(`${uri}/next`, { 'if-match': tagOf(changed) }))).status).toBe(200)
      const [row] = await cluster.query(
        `SELECT count(*)::int AS changes FROM connection_changes WHERE redirect_uri_after LIKE '${uri}%'`,
      )
      expect(row).toEqual({ changes: 2 })
    })

    test('a caller who sends up to 2 MB gets at least 99 of 100 refusals', {
      timeout: 300_000,
    }, async () => {
      const json = { 'content-type': 'application/json' }
      const refusals: readonly (readonly [number, Question])[] = [100, 200, 512, 2_000].flatMap((size) => [
        [413, { method: 'PATCH', headers: { ...bearer(), ...json }, body: kilobytes(size) }] as const,
        [401, { method: 'PATCH', headers: json, body: kilobytes(size) }] as const,
        [
          415,
          { method: 'PATCH', headers: { ...bearer(), 'content-type': 'text/plain' }, body: kilobytes(size) },
        ] as const,
      ])
      const found: string[] = []
      for (let number = 0; number < 100; number++) {
        const [status, question] = refusals[number % refusals.length] ?? expect.fail('no refusal')
        // Each 401 comes from another address, as an outer proxy would say: none runs into the limit.
        const headers = { ...question.headers, 'x-forwarded-for': `198.51.${names.indexOf(name)}.${number}` }
        const answer = await caller.ask({ ...question, headers })
        const type = /"type":"([a-z_]+)"/.exec(answer.text)?.[1]
        if (answer.status !== status || type === undefined)
          found.push(`${status} of ${question.body?.length}: ${answer.status} ${answer.text.slice(0, 100)}`)
      }
      expect(found.slice(1)).toEqual([])
    })

    test('one request id is in the answer and in the log of the gateway', async () => {
      const own = `mis-${randomUUID()}`
      const kept = await caller.ask({ headers: { ...bearer(), 'x-request-id': own } })
      expect(kept.headers['x-request-id']).toBe(own)
      const [made, replaced] = [
        await caller.ask({ headers: bearer() }),
        await caller.ask({ headers: { ...bearer(), 'x-request-id': 'short' } }),
      ]
      const ids = [own, ...[made, replaced].map(({ headers }) => String(headers['x-request-id']))]
      // The gateway's own ids have a #: these are the proxy's.
      for (const id of ids) expect(id).toMatch(/^[!-"$-~]{20,200}$/)
      await expect.poll(requestIdsInLogs).toEqual(expect.arrayContaining(ids))
    })

    test('failed authentications count by the address of the caller, with a port or without', async () => {
      const failing = (forwarded: string | null, from?: string) =>
        caller.ask({
          headers: { authorization: 'Bearer bad.bad.bad', ...(forwarded && { 'x-forwarded-for': forwarded }) },
          ...(from && { from }),
        })
      /** How the last of 12 failures is answered: each of the two gateways lets 3 pass. */
      const last = async (forwarded: (number: number) => string | null, from?: string) => {
        const statuses: (number | null)[] = []
        for (let number = 0; number < 12; number++) statuses.push((await failing(forwarded(number), from)).status)
        return [statuses[0], statuses.at(-1)]
      }
      // A second try of this test comes from other addresses.
      const net = `203.${randomInt(256)}.${randomInt(256)}`
      expect(await last((number) => `${net}.1:${4_000 + number}`)).toEqual([401, 429])
      expect((await failing(`${net}.77:4711`)).status).toBe(401)
      expect((await failing(`[2001:db8:${randomInt(10_000)}::1]:4711`)).status).toBe(401)
      expect((await failing(`${net}.1`)).status).toBe(429)
    })

    test('a caller cannot choose its address', async () => {
      const stranger = createCaller(proxy.url)
      const from = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.1`
      const statuses: (number | null)[] = []
      for (let number = 0; number < 12; number++) {
        const headers = { authorization: 'Bearer bad.bad.bad', 'x-forwarded-for': `192.0.2.${number}` }
        statuses.push((await stranger.ask({ headers, from })).status)
      }
      stranger.close()
      expect([statuses[0], statuses.at(-1)]).toEqual([401, 429])
    })

    test('the proxy passes 15 kB of headers', async () => {
      const answer = await caller.ask({ headers: { ...bearer(), 'x-long': kilobytes(14) } })
      expect(answer.status).toBe(200)
    })

    test('the proxy passes an encoded slash as it is', async () => {
      // As a slash it would be another path, which is 404; so it is a client that is not the caller's own.
      expect((await caller.ask({ path: '/api/clients/a%2Fb', headers: bearer() })).status).toBe(403)
    })

    test('no request is lost while one gateway after the other is restarted', { timeout: 300_000 }, async () => {
      let done = false
      const failures: string[] = []
      let answered = 0
      const traffic = Promise.all(
        Array.from({ length: 4 }, async (_, worker) => {
          const mis = createCaller(proxy.url)
          for (let number = 0; !done; number++) {
            const question: Question =
              worker % 2 === 0 ? { headers: bearer() } : write(`https://restart.example.ua/${worker}-${number}`)
            const { status, text } = await mis.ask(question)
            if (status === 200) answered += 1
            else failures.push(`${question.method ?? 'GET'}: ${status} ${text.slice(0, 80)}`)
            await delay(10)
          }
          mis.close()
        }),
      )
      for (const gateway of gateways) {
        await delay(1_000)
        expect(await gateway.end('SIGTERM')).toMatchObject({ code: 0 })
        await gateway.start()
        await untilReady(gateway)
        // A check of the proxy has seen it once it gets requests again.
        const isAsked = async () => (await gateway.log()).includes('"msg":"request"')
        await until(isAsked)
      }
      done = true
      await traffic
      // nginx looks at no gateway's health: a write can meet the connection that is closed at that moment.
      expect(failures.slice(name === 'nginx' ? 2 : 0)).toEqual([])
      expect(answered).toBeGreaterThan(100)
    })
  })
})

/** Answers every GET, and closes its connection as soon as it has read a PATCH or DELETE. Counts what it has read. */
async function startCarelessUpstream(read: Map<string, number>): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => {
    let text = ''
    socket.on('error', () => {})
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      for (;;) {
        const [whole, method = '', target = '', length = '0'] =
          /^([A-Z]+) (\S+)[\s\S]*?(?:\r\ncontent-length: (\d+)[\s\S]*?)?\r\n\r\n/i.exec(text) ?? []
        if (whole === undefined || text.length < whole.length + Number(length)) return
        text = text.slice(whole.length + Number(length))
        read.set(`${method} ${target}`, (read.get(`${method} ${target}`) ?? 0) + 1)
        if (method !== 'GET') return void socket.destroy()
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}')
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, server } // it listens on TCP
}

describe.skipIf(isMissing(...proxyPrograms))(
  'a write whose connection breaks after it was read is sent once by',
  () => {
    test.each(names)('%s', { timeout: 300_000 }, async (name) => {
      const read = new Map<string, number>()
      const upstreams = [await startCarelessUpstream(read), await startCarelessUpstream(read)] as const
      const proxy = await startReverseProxy(name, [upstreams[0].port, upstreams[1].port])
      try {
        const caller = createCaller(proxy.url)
        await expect.poll(async () => (await caller.ask({ path: '/first' })).status).toBe(200)
        for (let number = 0; number < 10; number++)
          for (const question of [
            { method: 'DELETE' },
            { method: 'PATCH' },
            { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: '{}' },
          ]) {
            // So that the proxy has an idle connection to use again.
            for (let turn = 0; turn < 2; turn++) await caller.ask({ path: '/again' })
            const answer = await caller.ask({
              ...question,
              path: `/${question.body === undefined ? 'bare' : 'body'}/${number}`,
            })
            expect([null, 502, 503]).toContain(answer.status)
          }
        caller.close()
        const writes = [...read].filter(([line]) => !line.startsWith('GET'))
        expect(writes.filter(([, count]) => count !== 1)).toEqual([])
        expect(writes.length).toBeGreaterThan(20)
      } finally {
        await proxy.stop()
        for (const { server } of upstreams) server.close()
      }
    })
  },
)
