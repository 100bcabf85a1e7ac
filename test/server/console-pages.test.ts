import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/parse.ts'
import type { ConsoleConfig } from '../../src/config/shape.ts'
import { createMeter } from '../../src/observability/meter.ts'
import { renderStrayRefusal, speakEnvelope } from '../../src/rest/door.ts'
import { consolePages } from '../../src/server/console-pages.ts'
import { createHttpServer } from '../../src/server/http-server.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { openRaw } from '../support/raw-http.ts'
import { recordedLog } from '../support/recordings.ts'

const consoleConfig: ConsoleConfig = {
  issuer: 'https://signin.example.ua/realms/health',
  clientId: 'console',
  scope: 'openid connection:read',
  audience: null,
  authorizationEndpoint: 'https://signin.example.ua/authorize',
  tokenEndpoint: 'https://tokens.example.ua/token',
  endSessionEndpoint: null,
}

const log: string[] = []

/** The box of the gateway with the console of a folder. */
async function serve(directory: string): Promise<FastifyInstance> {
  const app = createHttpServer({
    config: parseConfig({ PORT: '0' }),
    renderStrayRefusal,
    meter: createMeter(),
    logDestination: recordedLog(log),
  })
  speakEnvelope(app)
  await consolePages(app, { directory, configOf: () => consoleConfig })
  await app.ready()
  return app
}

const script = `console.log(${JSON.stringify('x'.repeat(2_000))})`
/** A build as Vite and `compressed-files.ts` write it. */
const files = {
  'index.html': '<!doctype html><title>console</title>',
  'index.html.br': brotliCompressSync('<!doctype html><title>console</title>'),
  'index.html.gz': gzipSync('<!doctype html><title>console</title>'),
  'assets/main-a1b2c3d4.js': script,
  'assets/main-a1b2c3d4.js.br': brotliCompressSync(script),
  'assets/main-a1b2c3d4.js.gz': gzipSync(script),
  'assets/icon-a1b2c3d4.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  '.vite/manifest.json': '{}',
}

let root: string
let app: FastifyInstance
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-console-'))
  await writeFile(join(root, 'secret.txt'), 'beside the build')
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, 'console', path)), { recursive: true })
    await writeFile(join(root, 'console', path), content)
  }
  app = await serve(join(root, 'console'))
})
afterAll(async () => {
  await app?.close()
  await rm(root, { recursive: true, force: true })
})

const load = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') =>
  app.inject({ url, headers, method })

describe('the page', () => {
  test('is the same for every screen, is asked for again each time, and has a policy without exceptions', async () => {
    for (const url of [
      '/console/',
      '/console/clients',
      '/console/clients/1/connections/2?x=a.b',
      '/console/callback',
    ]) {
      const page = await load(url)
      expect([url, page.statusCode, page.body]).toEqual([url, 200, files['index.html']])
      expect(page.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
        'content-security-policy':
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
          "connect-src 'self' https://signin.example.ua https://tokens.example.ua; form-action 'none'; " +
          "frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'permissions-policy': expect.stringMatching(/camera=\(\).*clipboard-write=\(self\)/),
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      })
      // Two builds may have one size and one date.
      expect([page.headers.etag, page.headers['last-modified']]).toEqual([undefined, undefined])
    }
  })

  test('has a slash at its end: /console leads there, whatever the host is', async () => {
    for (const url of ['/console', '/console?next=https://evil.example', '//console']) {
      const answer = await load(url, { host: 'evil.example' })
      expect([url, answer.statusCode, answer.headers.location]).toEqual([url, 308, '/console/'])
    }
  })

  test('of a gateway without a build says how to make one, and the log says it, too', async () => {
    const empty = await serve(join(root, 'missing'))
    try {
      const answer = await empty.inject('/console/clients')
      expect([answer.statusCode, answer.body]).toEqual([
        503,
        'The console has not been built. Run: npm run build:console\n',
      ])
      expect(JSON.parse(log.at(-1) ?? '')).toMatchObject({
        status: 503,
        code: 'SERVICE_UNAVAILABLE',
        cause: expect.stringContaining('npm run build:console'),
      })
      expect((await empty.inject('/console/assets/main-a1b2c3d4.js')).statusCode).toBe(404)
    } finally {
      await empty.close()
    }
  })
})

describe('a file', () => {
  test.each([
    ['br', '.br', 'gzip, deflate, br'],
    ['gzip', '.gz', 'gzip, deflate'],
    [undefined, '', 'identity'],
    [undefined, '', ''],
  ])('goes out as %s, as the build has compressed it', async (coding, suffix, accepted) => {
    const path = 'assets/main-a1b2c3d4.js'
    const answer = await load(`/console/${path}`, accepted === '' ? {} : { 'accept-encoding': accepted })
    expect(answer.headers).toMatchObject({
      'content-type': 'application/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: expect.stringMatching(/accept-encoding/i),
    })
    expect(answer.headers['content-encoding']).toBe(coding)
    expect(answer.rawPayload.equals(await readFile(join(root, 'console', path + suffix)))).toBe(true)
  })

  test('is answered to HEAD without its body', async () => {
    const [get, head] = [
      await load('/console/assets/icon-a1b2c3d4.svg'),
      await load('/console/assets/icon-a1b2c3d4.svg', {}, 'HEAD'),
    ]
    expect([head.statusCode, head.body, head.headers['content-length']]).toEqual([
      200,
      '',
      get.headers['content-length'],
    ])
  })

  test('is sent whole, whatever the conditions of the request are', async () => {
    for (const headers of [
      { range: 'bytes=999999-' },
      { range: 'bytes=0-1' },
      { 'if-match': '"x"' },
      { 'if-modified-since': new Date().toUTCString() },
      { 'if-unmodified-since': new Date(0).toUTCString() },
    ])
      expect([headers, (await load('/console/assets/main-a1b2c3d4.js', headers)).statusCode]).toEqual([headers, 200])
  })

  test('that is missing is 404 in the envelope, and nobody keeps that answer', async () => {
    const answer = await load('/console/assets/gone-a1b2c3d4.js', { 'accept-encoding': 'br, gzip' })
    expect([answer.statusCode, answer.json().error.type, answer.headers['cache-control']]).toEqual([
      404,
      'not_found',
      'no-store',
    ])
  })

  test.each([
    '/console/.vite/manifest.json',
    '/console/assets/../.vite/manifest.json',
    '/console/../secret.txt',
    '/console/..%2fsecret.txt',
    '/console/%2e%2e/secret.txt',
    '/console/%2e%2e%2fsecret.txt',
    '/console/..%5csecret.txt',
    '/console/assets/..%2f..%2f..%2fsecret.txt',
    '/console//../secret.txt',
    '/console/%00.js',
    '/console/assets/main-a1b2c3d4.js%00.svg',
    '/console/assets/main-a1b2c3d4.js.br',
    '/console/index.html.gz',
    '/console/C:%5csecret.txt',
    '/console/%252e%252e/secret.txt',
  ])('%s is none', async (path) => {
    if (app.server.address() === null) await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo // it listens on TCP
    const connection = await openRaw(port)
    connection.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`)
    const answer = await connection.untilClosed()
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /)
    expect(answer).not.toMatch(/beside the build|console\.log/)
  })

  test('is not written to', async () => {
    for (const url of ['/console', '/console/', '/console/index.html', '/console/config.json']) {
      const answer = await app.inject({ method: 'PUT', url })
      expect([url, answer.statusCode, answer.headers.allow]).toEqual([url, 405, 'GET, HEAD'])
    }
  })

  test('has a line in the log, as every request has', async () => {
    await load('/console/assets/icon-a1b2c3d4.svg')
    expect(JSON.parse(log.at(-1) ?? '')).toMatchObject({ msg: 'request', status: 200, code: 'OK' })
  })
})

test('the configuration names the issuer, and nobody keeps it', async () => {
  const answer = await load('/console/config.json')
  expect(answer.json()).toEqual({ ...consoleConfig, version: expect.stringMatching(/^\d+\.\d+\.\d+/) })
  expect(answer.headers['cache-control']).toBe('no-store')
})

describe('in production', () => {
  const start = (more: Record<string, string> = {}) => startTestGateway({ NODE_ENV: 'production', ...more })
  const statuses = async ({ app }: TestGateway) =>
    Promise.all(
      ['/console', '/console/', '/console/config.json', '/console/clients'].map(
        async (url) => (await app.inject(url)).statusCode,
      ),
    )

  test('there is no console without CONSOLE_CLIENT_ID', async () => {
    const gateway = await start()
    try {
      expect(await statuses(gateway)).toEqual([404, 404, 404, 404])
    } finally {
      await gateway.close()
    }
  })

  test('the console asks the configured issuer for tokens, whatever host the request names', async () => {
    const gateway = await start({ CONSOLE_CLIENT_ID: 'console', CONSOLE_ISSUER: 'https://signin.example.ua' })
    try {
      for (const host of ['gateway.example.ua', '127.0.0.1', 'evil.example']) {
        const answer = await gateway.app.inject({ url: '/console/config.json', headers: { host } })
        expect(answer.json()).toMatchObject({ issuer: 'https://signin.example.ua', clientId: 'console' })
      }
      expect((await gateway.app.inject({ url: '/oidc/auth', headers: { host: '127.0.0.1' } })).statusCode).toBe(404)
    } finally {
      await gateway.close()
    }
  })
})
