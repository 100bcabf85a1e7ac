import { execFile } from 'node:child_process'
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { getIntrospectionQuery } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findBuiltProgram, recordName } from '../../src/built-program.js'
import { createGatewayProcess, type GatewayProcess } from '../faults/gateway-process.ts'
import { buildGateway } from '../support/built-gateway.ts'
import { type Fixture, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { patient } from '../support/patient.ts'

// `npm run build` makes one program of the gateway and its packages. It must answer as the sources do.

/** Everything that imports a part of the program on demand, except OpenTelemetry. */
const options = {
  OPAQUE_TOKENS: 'mithril',
  BROKER_API_KEY: 'enforce',
  GRAPHQL_INTROSPECTION: 'true',
  GRAPHQL_DOCUMENTS: 'any',
  CONSOLE_CLIENT_ID: 'console',
  CONSOLE_ISSUER: 'https://signin.example.ua',
  CORS_ORIGINS: 'https://admin.example.ua',
  WRITE_LIMIT_PER_MINUTE: '0',
  AUTH_FAILURE_LIMIT_PER_MINUTE: '0',
}

let program: readonly string[]
let build: string
let folder: string
let sources: TestGateway
let sourcesOrigin: string
let built: GatewayProcess
let fixture: Fixture
let environment: Record<string, string>

beforeAll(async () => {
  ;[program, folder] = await Promise.all([buildGateway(), mkdtemp(join(tmpdir(), 'mithril-connection-gateway-built-'))])
  // Both then name the address at which they listen.
  build = dirname(program.at(-1) ?? '')
  sources = await startTestGateway({ ...options, PUBLIC_URL: '' })
  sourcesOrigin = await sources.listen()
  fixture = await sources.connection()
  environment = {
    PATH: process.env['PATH'] ?? '',
    DATABASE_URL: sources.database.url,
    TOKEN_ISSUER: sources.issuer.issuer,
    TOKEN_AUDIENCE: sources.issuer.audience,
    TOKEN_JWKS_URL: sources.issuer.jwksUrl,
    LOG_LEVEL: 'info',
    ...patient,
  }
  built = createGatewayProcess({ logFile: join(folder, 'log'), environment: { ...environment, ...options } })
  await built.start()
}, 120_000)
afterAll(async () => {
  if (built) await built.end('SIGTERM')
  await sources?.close()
  if (folder) await rm(folder, { recursive: true })
})

/** An answer without what differs from request to request. */
async function ask(origin: string, path: string, init: RequestInit = {}) {
  const answer = await fetch(origin + path, { redirect: 'manual', signal: AbortSignal.timeout(10_000), ...init })
  const text = (await answer.text())
    .replaceAll(answer.headers.get('x-request-id') ?? '-', '<request id>')
    .replaceAll(origin, '<origin>')
  const headers = Object.fromEntries(answer.headers)
  return { status: answer.status, headers: { ...headers, date: '', 'x-request-id': '' }, text }
}

const json = (token: string, body?: unknown, more: Record<string, string> = {}) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...more },
  ...(body !== undefined && { body: JSON.stringify(body) }),
})

const update = `mutation ($input: UpdateClientConnectionInput!) {
  updateClientConnection(input: $input) { clientConnection { redirectUri changes { edges { node { kind } } } } }
}`
const input = (redirectUri: string) => ({
  query: update,
  variables: { input: { clientId: fixture.clientId, connectionId: fixture.connectionId, redirectUri } },
})

const scope = 'client:read connection:read connection:write'
const mint = () => sources.issuer.mint({ clientId: fixture.clientId, clientType: 'MSP', scope })

type Question = readonly [title: string, ask: () => readonly [path: string, init?: RequestInit]]

const questions: readonly Question[] = [
  ['GET /', () => ['/']],
  ['readiness', () => ['/health/ready']],
  ['the console', () => ['/console/']],
  ['the configuration of the console', () => ['/console/config.json']],
  ['a path out of the console', () => ['/console/..%2fgateway/main.cjs']],
  ['the OpenAPI document', () => ['/api/openapi.json']],
  ['the page of the REST documentation', () => ['/api/docs']],
  ['a file of that page', () => ['/api/docs/static/swagger-ui.css']],
  ['GraphiQL', () => ['/graphql', { headers: { accept: 'text/html' } }]],
  ['an unknown path', () => ['/api/nothing']],
  ['a method that a path does not know', () => [fixture.path, { method: 'PUT' }]],
  ['no token', () => [fixture.path]],
  ['a page of another origin', () => [fixture.path, { headers: { origin: 'https://admin.example.ua' } }]],
  ['a read through REST', () => [fixture.path, { ...json(mint()), method: 'GET' }]],
  ['a list through REST', () => [`/api/clients/${fixture.clientId}/connections`, { ...json(mint()), method: 'GET' }]],
  [
    'violations through REST, in Ukrainian',
    () => [
      fixture.path,
      { ...json(mint(), { redirect_uri: 'http://x' }, { 'accept-language': 'uk' }), method: 'PATCH' },
    ],
  ],
  [
    'violations through GraphQL, in English',
    () => ['/graphql', json(mint(), input('nonsense'), { 'accept-language': 'en' })],
  ],
  ['a document that is not valid', () => ['/graphql', json(mint(), { query: '{ nothing }' })]],
  ['a variable of a wrong type', () => ['/graphql', json(mint(), { query: update, variables: { input: 1 } })]],
  ["a document through Yoga's own pipeline", () => ['/graphql', json(mint(), { query: '{ __typename }', id: 1 })]],
  ['a question for the schema', () => ['/graphql', json(mint(), { query: getIntrospectionQuery() })]],
  ['a scope that the token lacks', () => ['/graphql', json(sources.issuer.mint(), input('https://a.example.ua'))]],
]

describe('the built program', () => {
  test.each(questions)('the answer to %s is the one of the sources', async (_title, question) => {
    const [path, init] = question()
    const answer = await ask(built.origin, path, init)
    expect(answer).toEqual(await ask(sourcesOrigin, path, init))
    expect(answer.status).toBeLessThan(500)
  })

  test('an update through each door changes the connection and leaves its record', async () => {
    const opaque = await sources.database.insertToken({ clientId: fixture.clientId, scope })
    const graphql = await ask(built.origin, '/graphql', json(opaque, input('https://built.example.ua/graphql')))
    const { updateClientConnection } = JSON.parse(graphql.text).data
    expect(updateClientConnection.clientConnection.redirectUri).toBe('https://built.example.ua/graphql')
    const rest = await ask(built.origin, fixture.path, {
      ...json(mint(), { redirect_uri: 'https://built.example.ua/rest' }),
      method: 'PATCH',
    })
    expect([rest.status, JSON.parse(rest.text).data.redirect_uri]).toEqual([200, 'https://built.example.ua/rest'])
    expect((await sources.auditOf(fixture.connectionId)).map(({ door, after }) => [door, after])).toEqual([
      ['GRAPHQL', 'https://built.example.ua/graphql'],
      ['REST', 'https://built.example.ua/rest'],
    ])
  })

  test('a wrong configuration is exit 78 with all mistakes', async () => {
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) =>
      execFile(process.execPath, [...program], { env: { NODE_ENV: 'production' } }, (error, _stdout, stderr) =>
        resolve({ code: error?.code, stderr }),
      ),
    )
    expect(code).toBe(78)
    expect(stderr).toMatch(/TOKEN_ISSUER[\s\S]*DATABASE_URL/)
  })

  test('an old Node prints which Node the built program needs', async () => {
    const preloaded = ['--require', './test/support/seen-node-version.cjs', ...program]
    const env = { SEEN_NODE_VERSION: '20.20.2', NODE_ENV: 'production' }
    const stderr = await new Promise<string>((resolve) =>
      execFile(process.execPath, preloaded, { env }, (_error, _stdout, stderr) => resolve(stderr)),
    )
    expect(stderr).toMatch(/^The gateway needs Node \d+ or newer, and this is Node 20\.20\.2\./)
  })

  test('the build has one copy of graphql, and characters of one byte only', async () => {
    const files = await readdir(build)
    const texts = await Promise.all(files.map((file) => readFile(join(build, file), 'latin1')))
    expect(texts.join('').match(/\bGraphQLSchema = class\b/g)).toHaveLength(1)
    // Node keeps a text with other characters in twice the memory.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII is the purpose
    expect(files.filter((_file, index) => /[^\u0000-\u007f]/.test(texts[index] ?? ''))).toEqual([])
  })
})

test.skipIf(process.platform !== 'linux')(
  'an idle gateway holds at most 115 MB, and SIGTERM ends it with 0',
  async () => {
    const plain = createGatewayProcess({ logFile: join(folder, 'plain'), environment })
    await plain.start()
    await ask(plain.origin, '/health/ready')
    const memory = await plain.memory()
    expect(await plain.end('SIGTERM')).toMatchObject({ code: 0, signal: null })
    expect(plain.complaints()).toEqual([])
    expect(memory).toBeLessThan(115)
  },
)

describe('npm start', () => {
  const root = join(import.meta.dirname, '../..')
  let copy: string
  beforeAll(async () => {
    const { paths } = JSON.parse(await readFile(join(build, recordName), 'utf8'))
    copy = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-sources-'))
    for (const path of [...paths, `dist/gateway/${recordName}`]) await cp(join(root, path), join(copy, path))
  })
  afterAll(async () => rm(copy, { recursive: true }))

  test('runs the built program while the sources are those of the build', () => {
    expect(findBuiltProgram(root)).toBe(join(root, 'dist/gateway/main.cjs'))
    expect(findBuiltProgram(copy)).toBe(join(copy, 'dist/gateway/main.cjs'))
  })

  test.each([
    ['a source has changed', (path: string) => appendFile(path, '\n')],
    ['a source is missing', (path: string) => rm(path)],
  ])('runs the sources where %s', async (_, change) => {
    const path = join(copy, 'src/domain/errors.ts')
    await change(path)
    expect(findBuiltProgram(copy)).toBeNull()
    await cp(join(root, 'src/domain/errors.ts'), path)
    expect(findBuiltProgram(copy)).not.toBeNull()
  })

  test('runs the sources where nothing is built, or the record cannot be read', async () => {
    expect(findBuiltProgram(folder)).toBeNull()
    await writeFile(join(copy, `dist/gateway/${recordName}`), '{')
    expect(findBuiltProgram(copy)).toBeNull()
  })
})
