import { readdir, readlink } from 'node:fs/promises'
import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectionUpdateSchema } from '../../src/rest/connection-update-body.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

interface OpenApi {
  readonly openapi: string
  readonly paths: Record<
    string,
    Record<
      string,
      { requestBody?: { content: Record<string, { schema: object }> }; responses: Record<string, unknown> }
    >
  >
  readonly components: { schemas: Record<string, object> }
}

/**
 * What is routed below /api, except the documentation: Fastify's own list of paths, and of each the methods that ask for a token instead
 * of refusing the method.
 */
async function routesOfTheApi(): Promise<string[]> {
  const parts: string[] = []
  const routes: string[] = []
  for (const line of gateway.app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent, part] = /^(.*?)[├└]── (\S+) \(/.exec(line) ?? []
    if (indent === undefined || part === undefined) continue
    parts.splice(indent.length / 4, parts.length, part)
    const url = parts.join('')
    if (!/^\/api\/(?:clients|event-subscriptions)/.test(url)) continue
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      const { statusCode } = await gateway.app.inject({ method, url })
      if (statusCode === 401) routes.push(`${method} ${url.replace(/:(\w+)/g, '{$1}')}`)
    }
  }
  return routes
}

let gateway: TestGateway
let document: OpenApi
beforeAll(async () => {
  gateway = await startTestGateway()
  document = (await gateway.app.inject('/api/openapi.json')).json()
})
afterAll(() => gateway.close())

test('the document is valid OpenAPI 3.1', async () => {
  expect(document.openapi).toBe('3.1.0')
  const { valid, errors } = await new Validator().validate(JSON.stringify(document, null, 2))
  expect({ valid, errors: errors ?? [] }).toEqual({ valid: true, errors: [] })
})

test('the document describes the routes that exist, and no others', async () => {
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(described.sort()).toEqual((await routesOfTheApi()).sort())
  expect(described).toContain('PATCH /api/clients/{id}/connections/{connection_id}')
})

test('the document has the schema of the update request', () => {
  const body =
    document.paths['/api/clients/{id}/connections/{connection_id}']?.['patch']?.requestBody?.content['application/json']
      ?.schema
  expect(body).toEqual({ $ref: '#/components/schemas/connection_update' })
  expect(document.components.schemas['connection_update']).toEqual(connectionUpdateSchema('strict'))
})

test('every described answer names its status', () => {
  const responses = document.paths['/api/clients/{id}/connections/{connection_id}']?.['patch']?.responses
  expect(Object.keys(responses ?? {})).toEqual([
    '200',
    '400',
    '401',
    '403',
    '404',
    '405',
    '406',
    '408',
    '412',
    '413',
    '415',
    '422',
    '429',
    '431',
    '500',
    '503',
    'default',
  ])
})

test('the page loads nothing from other hosts', async () => {
  const page = await gateway.app.inject('/api/docs/')
  expect(page.statusCode).toBe(200)
  const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '')
  expect(assets.length).toBeGreaterThan(2)
  for (const asset of assets) {
    expect(asset).not.toMatch(/^(?:https?:)?\/\//)
    expect((await gateway.app.inject(new URL(asset, 'http://x/api/docs/').pathname)).statusCode).toBe(200)
  }
})

test.each([
  { range: 'bytes=99999999-' },
  { range: 'bytes=0-9' },
  { 'if-match': '"x"' },
  { 'if-unmodified-since': 'Mon, 01 Jan 1990 00:00:00 GMT' },
])('a file of the page for people is sent whole, whatever is asked with: %j', async (headers) => {
  const url = '/api/docs/static/swagger-ui.css'
  const answer = await gateway.app.inject({ url, headers })
  expect(answer.statusCode).toBe(200)
  expect(answer.body).toBe((await gateway.app.inject(url)).body)
})

test.skipIf(process.platform !== 'linux')(
  'a caller that leaves during a file of the page leaves no file open',
  async () => {
    const origin = await gateway.listen()
    const openFiles = async () => {
      const paths = await Promise.all(
        (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
      )
      return paths.filter((path) => path.endsWith('swagger-ui-bundle.js'))
    }
    const leave = async () => {
      const abort = new AbortController()
      const answer = await fetch(`${origin}/api/docs/static/swagger-ui-bundle.js`, { signal: abort.signal })
      const seen = await openFiles()
      abort.abort()
      await answer.text().catch(() => {})
      return seen
    }
    const seen = await Promise.all(Array.from({ length: 10 }, leave))
    expect(seen.flat().length).toBeGreaterThan(0)
    await expect.poll(openFiles, { timeout: 30_000 }).toEqual([])
  },
)
