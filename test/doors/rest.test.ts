import { METHODS } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bearer, type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

let gateway: TestGateway
let fixture: Fixture
let token: string
beforeAll(async () => {
  gateway = await startTestGateway()
  fixture = await gateway.connection()
  token = gateway.issuer.mint(writer(fixture.clientId))
})
afterAll(() => gateway.close())

const requestId = 'a-request-id-of-20-characters'
const valid = { redirect_uri: 'https://after.example.ua/' }

/** The envelope of a refusal, whole. */
const refusal = (code: number, type: string, message: string, path = fixture.path) => ({
  meta: { code, url: `https://gateway.example.ua${path}`, type: 'object', request_id: requestId },
  error: { type, message },
})

/** The same of a refusal that names the part of the request that is at fault. */
const refusalOfPart = (code: number, type: string, message: string, part: object) => {
  const { meta, error } = refusal(code, type, message)
  return { meta, error: { ...error, invalid: [part] } }
}
const ofHeader = (entry: string) => ({ entry_type: 'header', entry })

const send = (body: unknown, headers: Record<string, string> = {}, sent: string | null = token) =>
  gateway.patch(fixture.path, body, sent, { headers: { 'x-request-id': requestId, ...headers } })

describe('the body', () => {
  test.each([
    ['is not JSON', '{"redirect_uri":', 'the body is not valid JSON'],
    ['is JSON with something behind it', '{}{}', 'the body is not valid JSON'],
    ['has single quotes', "{'redirect_uri':'https://a.ua'}", 'the body is not valid JSON'],
    ['is form data under a wrong type', 'redirect_uri=https://a.ua', 'the body is not valid JSON'],
    [
      'begins with a byte-order mark',
      '\ufeff{"redirect_uri":"https://a.ua"}',
      'the body begins with a byte-order mark',
    ],
    ['is not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'the body is not UTF-8'],
    ['is UTF-16', Buffer.from('{"redirect_uri":"https://a.ua"}', 'utf16le'), 'the body is not valid JSON'],
    [
      'names a member twice',
      '{"redirect_uri":"https://a.ua","redirect_uri":"https://b.ua"}',
      'the body names a member twice',
    ],
    [
      'names a member twice, once escaped',
      '{"redirect_uri":"https://a.ua","redirect\\u005furi":"https://b.ua"}',
      'the body names a member twice',
    ],
  ])('400 when it %s', async (_name, body, reason) => {
    const answer = await send(body)
    const part = { entry_type: 'request', rules: [{ rule: 'json' }] }
    expect(answer.json()).toEqual(refusalOfPart(400, 'request_malformed', `Malformed request: ${reason}`, part))
    expect(answer.statusCode).toBe(400)
  })

  test.each([
    ['the same name in two objects', '{"redirect_uri":"https://same.example.ua/","a":{"b":1},"c":[{"b":1},{"b":2}]}'],
    ['a name that also is a value', '{"redirect_uri":"https://same.example.ua/","a":"redirect_uri"}'],
    ['an escaped quote before a colon', '{"redirect_uri":"https://same.example.ua/","a":"\\"redirect_uri\\":"}'],
  ])('%s is not a member named twice', async (_name, body) => {
    expect((await send(body)).statusCode).toBe(200)
  })

  test('a body above 64 kB is 413', async () => {
    const answer = await send({ redirect_uri: 'https://a.ua', padding: 'x'.repeat(64 * 1024) })
    expect(answer.json()).toEqual(refusal(413, 'request_too_large', 'Request body is too large'))
  })

  test.each([
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['multipart/form-data; boundary=x'],
    ['application/merge-patch+json'],
    ['application/jsonp'],
    ['application/json; charset=windows-1251'],
    ['application/json; charset="utf-16"'],
  ])('415 as %s', async (contentType) => {
    const answer = await send(valid, { 'content-type': contentType })
    const message = 'Request body must be application/json in UTF-8'
    expect(answer.json()).toEqual(refusalOfPart(415, 'content_type_invalid', message, ofHeader('Content-Type')))
  })

  test('a compressed body is 415', async () => {
    expect((await send(valid, { 'content-encoding': 'gzip' })).statusCode).toBe(415)
  })

  test.each([['application/json'], ['application/json; charset=utf-8'], ['Application/JSON;charset="UTF-8"']])(
    'is read as %s',
    async (contentType) => {
      expect((await send(valid, { 'content-type': contentType })).statusCode).toBe(200)
    },
  )
})

describe('422 names every violation', () => {
  const rule = (
    rule: string,
    description: string,
    params: object,
    raw_description: string,
    entry = '$.redirect_uri',
  ) => ({
    entry_type: 'json_data_property',
    entry,
    rules: [{ rule, description, params, raw_description }],
  })
  const required = rule(
    'required',
    'required property redirect_uri was not present',
    { property: 'redirect_uri' },
    'required property %{property} was not present',
  )
  const cast = (actual: string, expected = 'string', entry?: string) =>
    rule(
      'cast',
      `type mismatch. Expected ${expected} but got ${actual}`,
      { expected, actual },
      'type mismatch. Expected %{expected} but got %{actual}',
      entry,
    )

  test.each<[string, unknown, object[]]>([
    ['no member', {}, [required]],
    ['an empty body', '', [required]],
    ['only others', { secret: 'x', client_id: 'y' }, [required]],
    ['null', { redirect_uri: null }, [cast('null')]],
    ['true', { redirect_uri: true }, [cast('boolean')]],
    ['an integer', { redirect_uri: 42 }, [cast('integer')]],
    ['a number', { redirect_uri: 4.2 }, [cast('number')]],
    ['an array', { redirect_uri: ['https://a.ua'] }, [cast('array')]],
    ['an object', { redirect_uri: { set: 'https://a.ua' } }, [cast('object')]],
    ['an array for the document', [], [cast('array', 'object', '$')]],
    ['a string for the document', '"https://a.ua"', [cast('string', 'object', '$')]],
    ['null for the document', 'null', [cast('null', 'object', '$')]],
    [
      'http',
      { redirect_uri: 'http://mis.example.ua' },
      [
        rule(
          'format',
          'string does not match pattern "^(https)://.+"',
          { pattern: '^(https)://.+' },
          'string does not match pattern "%{pattern}"',
        ),
      ],
    ],
    [
      '256 characters',
      { redirect_uri: `https://mis.example.ua/${'ї'.repeat(233)}` },
      [
        rule(
          'length',
          'expected value to have a maximum length of 255 but was 256',
          { max: 255, actual: 256 },
          'expected value to have a maximum length of %{max} but was %{actual}',
        ),
      ],
    ],
    [
      'a fragment',
      { redirect_uri: 'https://mis.example.ua/#a' },
      [
        rule(
          'format',
          'a fragment is not allowed, not even an empty one',
          { reason: 'fragment' },
          'a fragment is not allowed, not even an empty one',
        ),
      ],
    ],
  ])('%s', async (_name, body, invalid) => {
    const answer = await send(body)
    expect(answer.json()).toEqual({
      meta: { code: 422, url: `https://gateway.example.ua${fixture.path}`, type: 'object', request_id: requestId },
      error: { type: 'validation_failed', message: 'Validation failed', invalid },
    })
  })

  test('a request without body and content type is 422', async () => {
    const answer = await gateway.app.inject({ method: 'PATCH', url: fixture.path, headers: bearer(token) })
    expect(answer.json().error.invalid).toEqual([required])
  })
})

test('members that the request cannot change are ignored', async () => {
  const { clientId, consumerId, connectionId, path, secret } = await gateway.connection()
  const body = {
    redirect_uri: 'https://after.example.ua/',
    id: 'x',
    secret: 'stolen',
    client_id: fixture.clientId,
    consumer_id: fixture.clientId,
    inserted_at: '1999-01-01',
  }
  const answer = await gateway.patch(path, body, gateway.issuer.mint(writer(clientId)))
  expect(answer.json().data).toEqual({
    id: connectionId,
    client_id: clientId,
    consumer_id: consumerId,
    redirect_uri: 'https://after.example.ua/',
  })
  const [row] = await gateway.database.query('SELECT secret, client_id, consumer_id FROM connections WHERE id = $1', [
    connectionId,
  ])
  expect(row).toEqual({ secret, client_id: clientId, consumer_id: consumerId })
})

describe('HTTP', () => {
  const known = new Set(['GET', 'HEAD', 'PATCH', 'DELETE', 'CONNECT'])
  test.each(METHODS.filter((method) => !known.has(method)))('%s is 405 with Allow', async (method) => {
    const answer = await gateway.app.inject({
      method: method as 'GET',
      url: fixture.path,
      headers: { 'x-request-id': requestId, 'x-http-method-override': 'PATCH', ...bearer(token) },
    })
    expect(answer.statusCode).toBe(405)
    expect(answer.headers['allow']).toBe('GET, HEAD, PATCH, DELETE')
    expect(answer.headers['x-request-id']).toBe(requestId)
    expect(answer.json()).toEqual(refusal(405, 'method_not_allowed', 'Method not allowed'))
  })

  test.each([
    'text/html',
    'application/xml',
    'application/json;q=0',
    'application/json;version=1;q=0.0, */*;q=0',
    '*/*, application/json;q=0',
    'image/*',
  ])('406 to a caller that accepts %s only', async (accept) => {
    const answer = await send(valid, { accept })
    const message = 'Only application/json can be answered'
    expect(answer.json()).toEqual(refusalOfPart(406, 'content_type_invalid', message, ofHeader('Accept')))
  })

  test.each([
    '*/*',
    'application/*',
    'application/json',
    'application/json; charset=utf-8',
    'application/json;version=1',
    'application/json; charset=utf-16;q=0.7',
    'text/html, application/json;q=0.1',
    'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2',
    '',
  ])('a caller that accepts %s is answered', async (accept) => {
    const answer = await send(valid, { accept })
    expect(answer.statusCode).toBe(200)
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
  })

  test.each([
    ['application/json; charset=utf8', undefined],
    ['application/json;charset="UTF8"', undefined],
    ['application/json; charset=', undefined],
    ['application/json', 'utf-8'],
    ['application/json', 'UTF8'],
    ['application/json', ''],
    ['application/json', 'identity'],
  ])('a body of the type %s and the coding %j is read', async (type, coding) => {
    const headers = { 'content-type': type, ...(coding !== undefined && { 'content-encoding': coding }) }
    expect((await send(valid, headers)).statusCode).toBe(200)
    const options = { headers, payload: '{"query":"{ viewer { clientId } }"}' }
    expect((await gateway.graphql('', {}, token, options)).json().data.viewer).toEqual({ clientId: fixture.clientId })
  })

  const notJson = 'Request body must be application/json in UTF-8'
  test.each<[Record<string, string>, string, string, Record<string, string>]>([
    [{ 'content-type': 'text/plain' }, notJson, 'Content-Type', { accept: 'application/json' }],
    [{ 'content-type': 'application/json;charset=latin1' }, notJson, 'Content-Type', { accept: 'application/json' }],
    [
      { 'content-encoding': 'GZIP' },
      `${notJson}: the content coding gzip is not supported`,
      'Content-Encoding',
      { 'accept-encoding': 'identity' },
    ],
    [
      { 'content-encoding': 'identity, br' },
      `${notJson}: the content coding br is not supported`,
      'Content-Encoding',
      { 'accept-encoding': 'identity' },
    ],
    [
      { 'content-encoding': '<b>' },
      `${notJson}: the content coding of that name is not supported`,
      'Content-Encoding',
      { 'accept-encoding': 'identity' },
    ],
  ])('415 to a body of %j says what is read instead', async (headers, message, entry, expected) => {
    const answer = await send(valid, headers)
    expect(answer.json()).toEqual(refusalOfPart(415, 'content_type_invalid', message, ofHeader(entry)))
    expect(answer.headers).toMatchObject({ ...expected, 'accept-patch': 'application/json' })
  })

  test.each(['application/x-www-form-urlencoded', 'text/plain', 'nonsense'])(
    'an empty body has no type to judge: %s',
    async (type) => {
      const ask = (method: 'PATCH' | 'DELETE', url: string, scope: string, payload = '') =>
        gateway.app.inject({
          method,
          url,
          headers: {
            'content-type': type,
            'content-length': String(payload.length),
            'if-match': '"999"',
            ...bearer(gateway.issuer.mint(writer(fixture.clientId, { scope }))),
          },
          payload,
        })
      const statuses = [
        await ask('DELETE', fixture.path, 'connection:delete'),
        await ask('PATCH', `${fixture.path}/actions/refresh_secret`, 'connection:refresh_secret'),
        await ask('PATCH', fixture.path, 'connection:write'),
        await ask('DELETE', fixture.path, 'connection:delete', 'a=b'),
      ].map(({ statusCode }) => statusCode)
      // The refresh asks for the consumer's key; the update has no document.
      expect(statuses).toEqual([412, 401, 422, 415])
    },
  )

  test.each(['/api', '/api/clients/x/connections/y/z', '/nothing?here=1', '/api/clients/%00/connection'])(
    '404 in the envelope for %s',
    async (path) => {
      const answer = await gateway.app.inject({ method: 'GET', url: path, headers: { 'x-request-id': requestId } })
      expect(answer.statusCode).toBe(404)
      expect(answer.json()).toEqual(refusal(404, 'not_found', 'Not found', path.replace(/\?.*/, '')))
    },
  )

  test('a path that cannot be decoded is 400 in the envelope', async () => {
    const answer = await gateway.app.inject({
      method: 'PATCH',
      url: '/api/clients/%zz/connections/1',
      headers: { 'x-request-id': requestId },
    })
    expect(answer.statusCode).toBe(400)
    expect(answer.headers['x-request-id']).toBe(requestId)
    expect(answer.json()).toEqual(
      refusal(400, 'request_malformed', 'Malformed request', '/api/clients/%zz/connections/1'),
    )
  })
})

describe('401 and 403 come before anything of the request is read', () => {
  test.each([
    ['a body that is not JSON', '{', {}],
    ['a body of another type', 'x', { 'content-type': 'text/plain' }],
    ['a body that is too large', 'x'.repeat(70_000), {}],
    ['an Accept that cannot be met', valid, { accept: 'text/html' }],
    ['an empty body', '', {}],
  ] as const)('%s', async (_name, body, headers) => {
    const foreigner = gateway.issuer.mint(writer('10000000-0000-4000-8000-00000000000f'))
    const reader = gateway.issuer.mint(writer(fixture.clientId, { scope: 'connection:read' }))
    expect((await send(body, headers, null)).json()).toEqual(refusal(401, 'access_denied', 'Access denied'))
    expect((await send(body, headers, reader)).json()).toEqual(refusal(403, 'forbidden', 'Invalid scopes'))
    expect((await send(body, headers, foreigner)).json()).toEqual(refusal(403, 'forbidden', 'Forbidden'))
  })

  test('WWW-Authenticate names the missing token or scope', async () => {
    const challenge = async (headers: Record<string, string>) =>
      (await gateway.patch(fixture.path, valid, null, { headers })).headers['www-authenticate']
    expect(await challenge({})).toBe('Bearer realm="mithril"')
    expect(await challenge({ authorization: 'Basic dXNlcjpwYXNz' })).toBe('Bearer realm="mithril"')
    expect(await challenge(bearer('rubbish'))).toBe('Bearer realm="mithril", error="invalid_token"')
    expect(await challenge(bearer(gateway.issuer.mint(writer(fixture.clientId, { scope: 'connection:read' }))))).toBe(
      'Bearer realm="mithril", error="insufficient_scope", scope="connection:write"',
    )
  })

  test('a token in the query string or the body does not count', async () => {
    const answer = await gateway.patch(`${fixture.path}?access_token=${token}`, { ...valid, access_token: token }, null)
    expect(answer.statusCode).toBe(401)
    expect(answer.body).not.toContain(token)
  })
})

describe('the request id', () => {
  test.each([
    ['is the caller’s own', 'x'.repeat(20), true],
    ['is the caller’s own up to 200 characters', 'y'.repeat(200), true],
    ['is not taken when it is too short', 'x'.repeat(19), false],
    ['is not taken when it is too long', 'x'.repeat(201), false],
    ['is taken with every sign that ids have', 'Root=1-67891233:abc#1/_.~,@+-', true],
    ['is not taken with a quotation mark in it', `${'x'.repeat(20)}"`, false],
    ['is not taken with an angle bracket in it', `${'x'.repeat(20)}<script>`, false],
    ['is not taken with a backslash in it', `${'x'.repeat(20)}\\n`, false],
    ['is not taken with a space in it', `${'x'.repeat(20)} y`, false],
    ['is not taken with a letter beyond ASCII', `${'x'.repeat(20)}é`, false],
  ])('%s', async (_name, sent, taken) => {
    const answer = await send(valid, { 'x-request-id': sent })
    const { request_id } = answer.json().meta
    expect(answer.headers['x-request-id']).toBe(request_id)
    if (taken) expect(request_id).toBe(sent)
    else expect(request_id).toMatch(/^[0-9a-f-]{36}#\d+$/)
  })
})

test('meta.url is built on PUBLIC_URL, whatever the request claims, and has no query string', async () => {
  const answer = await gateway.patch(`${fixture.path}?a=1#b`, valid, token, {
    headers: {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      forwarded: 'host=evil.example',
      'x-forwarded-proto': 'http',
    },
  })
  expect(answer.json().meta.url).toBe(`https://gateway.example.ua${fixture.path}`)
})
