import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EventReceiver, startEventReceiver } from '../support/event-receiver.ts'
import { eventsOn, insertSubscription, queueChanges, switchOn } from '../support/events.ts'
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
let receiver: EventReceiver
let document: OpenApi
const ajv = new Ajv2020({ strict: false, validateFormats: false })
beforeAll(async () => {
  receiver = await startEventReceiver(({ event }, response) => void response.end(event.data['challenge']))
  gateway = await startTestGateway({
    ...eventsOn,
    WRITE_LIMIT_PER_MINUTE: '1000',
    DATABASE_STATEMENT_TIMEOUT_MS: '10000',
  })
  document = (await gateway.app.inject('/api/openapi.json')).json()
  ajv.addSchema({ $id: 'openapi', ...document })
})
afterAll(async () => {
  await gateway.close()
  await receiver.close()
})

const scope = 'client:read connection:read connection:write connection:refresh_secret connection:delete event:manage'

/** The body of a success, by the end of the path. */
const bodies: Readonly<Record<string, object>> = {
  'patch connection_id}': { redirect_uri: 'https://after.example.ua/' },
  'post event-subscriptions': { reach: 'CLIENT', method: 'POLL' },
  'post replay': { from: '2020-01-01T00:00:00Z', to: '2999-01-01T00:00:00Z' },
  'post acknowledgements': { ids: ['chg_1'] },
}

test('each answer of each route has a status, a body and headers that OpenAPI describes', async () => {
  const { clientId, connectionId, consumerId } = await gateway.connection()
  const apiKey = await gateway.database.insertApiKey(consumerId)
  const token = gateway.issuer.mint(writer(clientId, { scope }))
  await gateway.database.query(switchOn)
  const params: Record<string, string> = { id: clientId, connection_id: connectionId }
  /** A new subscription for each request, because some requests delete it. */
  async function subscriptionFor(target: string): Promise<string> {
    await gateway.database.query('DELETE FROM event_subscriptions')
    const url = /\}\/events|acknowledgements|\?poll/.test(target) ? null : receiver.url
    const id = await insertSubscription(gateway.database, { ownerClientId: clientId, reach: 'CLIENT', url })
    await queueChanges(gateway.database, [{ clientId }])
    return id
  }
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
      requests.push([method, path, { ...bearer(token), ...json }, 'x'])
      requests.push([method, path, { ...bearer(token), 'content-type': 'text/plain' }, 'x'])
      requests.push([method, path, { ...bearer(token), ...json }, 'x'.repeat(70_000)])
      // These two would delete the connection.
      if (method === 'delete') continue
      requests.push([method, path, { ...bearer(token), ...json }, '{}'])
      requests.push([method, `${path}?page=0&is_blocked=x&consumer_id=x`, bearer(token)])
    }
  const success = { ...bearer(token), 'api-key': apiKey }
  const ordered = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method): (typeof requests)[number] => {
      const body = bodies[`${method} ${path.slice(path.lastIndexOf('/') + 1).replace('{', '')}`]
      return body === undefined
        ? [method, path, success]
        : [method, path, { ...success, ...json }, JSON.stringify(body)]
    }),
  )
  requests.push(...ordered.sort(([one], [other]) => Number(one === 'delete') - Number(other === 'delete')))
  requests.push(['post', '/api/event-subscriptions/{subscription_id}/verify?poll', bearer(token)])
  // Now the connection is gone.
  requests.push(...ordered)

  const seen = new Set<string>()
  for (const [method, target, headers, payload] of requests) {
    const path = target.replace(/\?.*/, '')
    // A GET has no body.
    if (method === 'get' && payload !== undefined) continue
    if (path.includes('subscription_id')) params['subscription_id'] = await subscriptionFor(target)
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
  expect([...statuses].sort()).toEqual(
    [
      ['200', '201', '204'],
      ['400', '401', '403', '404', '406', '409'],
      ['412', '413', '415', '422'],
    ].flat(),
  )
  const answered = [...seen].filter((name) => / 20[014]$/.test(name)).map((name) => name.slice(0, -4))
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  )
  expect([...new Set(answered)].sort()).toEqual(described.sort())
}, 120_000)
