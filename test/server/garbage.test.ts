import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGatewayProcess, type GatewayProcess } from '../faults/gateway-process.ts'
import { buildGateway } from '../support/built-gateway.ts'
import { type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'
import { patient } from '../support/patient.ts'

// A request that has its answer is garbage, and a minor collection of V8 must find it
// (docs/decisions/0044-requests-are-garbage-at-once.md).

/** Enough for a dozen minor collections. */
const requests = 3_000
const callers = 16

let folder: string
let gateway: TestGateway
let built: GatewayProcess
let fixture: Fixture
let token: string
let agent: Agent

beforeAll(async () => {
  await buildGateway()
  folder = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-garbage-'))
  gateway = await startTestGateway()
  fixture = await gateway.connection()
  token = gateway.issuer.mint(writer(fixture.clientId, { scope: 'client:read connection:read connection:write' }))
}, 120_000)
afterAll(async () => {
  await gateway?.close()
  if (folder) await rm(folder, { recursive: true })
})

const graphql = (query: string, variables: object) => ({ method: 'POST', path: '/graphql', body: { query, variables } })

const kinds = {
  'an update through GraphQL': (redirectUri: string) =>
    graphql(
      `mutation ($input: UpdateClientConnectionInput!) {
         updateClientConnection(input: $input) { clientConnection { id redirectUri } } }`,
      { input: { clientId: fixture.clientId, connectionId: fixture.connectionId, redirectUri } },
    ),
  'a page through GraphQL': () =>
    graphql('query ($id: ID!) { client(id: $id) { connections(first: 10) { nodes { id redirectUri } } } }', {
      id: fixture.clientId,
    }),
  'a page with nested reads through GraphQL': () =>
    graphql('query ($id: ID!) { client(id: $id) { connections(first: 3) { nodes { id lastChange { id } } } } }', {
      id: fixture.clientId,
    }),
  'an update through REST': (redirectUri: string) => ({
    method: 'PATCH',
    path: `/api/clients/${fixture.clientId}/connections/${fixture.connectionId}`,
    body: { redirect_uri: redirectUri },
  }),
  'a page through REST': () => ({
    method: 'GET',
    path: `/api/clients/${fixture.clientId}/connections?page_size=10`,
    body: undefined,
  }),
}

async function send({ method, path, body }: ReturnType<(typeof kinds)[keyof typeof kinds]>): Promise<void> {
  const payload = body === undefined ? undefined : JSON.stringify(body)
  const headers = {
    authorization: `Bearer ${token}`,
    ...(payload !== undefined && { 'content-type': 'application/json', 'content-length': payload.length }),
  }
  const sent = request(`${built.origin}${path}`, { agent, method, headers }).end(payload)
  const [answer] = await once(sent, 'response')
  const answered = await text(answer)
  if (answer.statusCode !== 200 || answered.includes('"errors"')) expect.fail(`${answer.statusCode} ${answered}`)
}

/** The share of bytes that lived on, in the later half of the minor collections. V8 writes their sizes. */
function shareOfSurvivors(log: string): number {
  const collections = log.split('\n').filter((line) => line.includes('"gc":"s"'))
  const later = collections.slice(collections.length / 2)
  expect(later.length).toBeGreaterThanOrEqual(4)
  const sum = (name: string) =>
    later.reduce((total, line) => total + Number(new RegExp(`"${name}":(\\d+)`).exec(line)?.[1]), 0)
  return sum('promoted') / sum('allocated')
}

describe.each(Object.entries(kinds))('the garbage of %s', (_, requestOf) => {
  beforeAll(async () => {
    built = createGatewayProcess({
      logFile: join(folder, 'log'),
      nodeOptions: ['--trace-gc', '--trace-gc-nvp'],
      environment: {
        PATH: process.env['PATH'] ?? '',
        DATABASE_URL: gateway.database.url,
        TOKEN_ISSUER: gateway.issuer.issuer,
        TOKEN_AUDIENCE: gateway.issuer.audience,
        TOKEN_JWKS_URL: gateway.issuer.jwksUrl,
        LOG_LEVEL: 'info',
        WRITE_LIMIT_PER_MINUTE: '0',
        ...patient,
      },
    })
    await built.start()
    agent = new Agent({ keepAlive: true, maxSockets: callers })
  }, 60_000)
  afterAll(async () => {
    agent.destroy()
    await built.end('SIGTERM')
  })

  test('is found by minor collections', { timeout: 300_000 }, async () => {
    let begun = 0
    const call = async () => {
      while (begun < requests) await send(requestOf(`https://mis.example.ua/callback/${begun++}`))
    }
    await Promise.all(Array.from({ length: callers }, call))
    // 0.03 to 0.05, of which most ends when V8 has compiled the code. With such a getter 0.16.
    expect(shareOfSurvivors(await readFile(join(folder, 'log'), 'utf8'))).toBeLessThan(0.08)
  })
})
