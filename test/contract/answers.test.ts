import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bearer, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

interface Answer {
  readonly headers?: Record<string, object>
  readonly content?: Record<string, { schema: object }>
}
interface OpenApi {
  readonly paths: Record<string, Record<string, { responses: Record<string, Answer> }>>
  readonly components: object
}

let gateway: TestGateway
let document: OpenApi
const ajv = new Ajv2020({ strict: false, validateFormats: false })
beforeAll(async () => {
  gateway = await startTestGateway({
    WRITE_LIMIT_PER_MINUTE: '100',
    // A busy machine must not make refusals of overload out of the answers.
    EVENT_LOOP_DELAY_MAX_MS: '0',
    DATABASE_QUEUE_TIMEOUT_MS: '10000',
    DATABASE_CONNECT_TIMEOUT_MS: '10000',
    DATABASE_STATEMENT_TIMEOUT_MS: '10000',
  })
  document = (await gateway.app.inject('/api/openapi.json')).json()
  ajv.addSchema({ $id: 'openapi', ...document })
})
afterAll(() => gateway.close())

const scope = 'client:read connection:read connection:write connection:refresh_secret connection:delete'

test('each answer of each route has a status, a body and headers that OpenAPI describes', async () => {
  const { clientId, connectionId, consumerId } = await gateway.connection()
  const apiKey = await gateway.database.insertApiKey(consumerId)
  const token = gateway.issuer.mint(writer(clientId, { scope }))
  const params: Record<string, string> = { id: clientId, connection_id: connectionId }
  const json = { 'content-type': 'application/json' }
  const requests: [string, string, Record<string, string>, string?][] = []
  for (const [path, methods] of Object.entries(document.paths))
    for (const method of Object.keys(methods)) {
      // The last success of DELETE takes the connection away, so refusals come first.
      requests.push([method, path, {}], [method, path, bearer('x')])
      requests.push([method, path, bearer(gateway.issuer.mint(writer(clientId, { scope: '' })))])
      requests.push([method, path, { ...bearer(token), accept: 'text/html' }])
      requests.push([method, path, { ...bearer(token), 'if-match': 'x', 'if-none-match': 'x' }])
      requests.push([method, path, { ...bearer(token), 'if-match': '"999"' }])
      requests.push(
        [method, path, { ...bearer(token), ...json }, 'x'],
        [method, path, { ...bearer(token), ...json }, '{}'],
      )
      requests.push([method, path, { ...bearer(token), 'content-type': 'text/plain' }, 'x'])
      requests.push([method, path, { ...bearer(token), ...json }, 'x'.repeat(70_000)])
      requests.push([method, `${path}?page=0&is_blocked=x&consumer_id=x`, bearer(token)])
    }
  const success = { ...bearer(token), 'api-key': apiKey }
  const ordered = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method): (typeof requests)[number] =>
      method === 'patch' && !path.includes('actions')
        ? [method, path, { ...success, ...json }, '{"redirect_uri":"https://after.example.ua/"}']
        : [method, path, success],
    ),
  )
  requests.push(...ordered.sort(([one], [other]) => Number(one === 'delete') - Number(other === 'delete')))
  // Now the connection is gone.
  requests.push(...ordered)

  const seen = new Set<string>()
  for (const [method, target, headers, payload] of requests) {
    const path = target.replace(/\?.*/, '')
    // A GET has no body.
    if (method === 'get' && payload !== undefined) continue
    const answer = await gateway.app.inject({
      method: method as 'GET',
      url: target.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? ''),
      headers,
      ...(payload !== undefined && { payload }),
    })
    const name = `${method} ${path} ${answer.statusCode}`
    seen.add(name)
    const described = document.paths[path]?.[method]?.responses[answer.statusCode]
    expect(described, name).toBeDefined()
    const pointer = [path, method, 'responses', String(answer.statusCode), 'content', 'application/json', 'schema']
    if (answer.body === '') expect(described?.content, name).toBeUndefined()
    else {
      const $ref = `openapi#/paths/${pointer.map((part) => encodeURIComponent(part.replaceAll('/', '~1'))).join('/')}`
      const validate = ajv.compile({ $ref })
      expect([name, validate(answer.json()), validate.errors]).toEqual([name, true, null])
    }
    for (const header of [
      'etag',
      'www-authenticate',
      'ratelimit',
      'retry-after',
      'allow',
      'accept-patch',
      'x-request-id',
    ])
      if (answer.headers[header] !== undefined && !(header === 'ratelimit' && answer.statusCode >= 400))
        expect(Object.keys(described?.headers ?? {}), `${name} ${header}`).toContain(header)
  }
  const statuses = new Set([...seen].map((name) => name.slice(-3)))
  expect([...statuses].sort()).toEqual(['200', '204', '400', '401', '403', '404', '406', '412', '413', '415', '422'])
}, 60_000)
