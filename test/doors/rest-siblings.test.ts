import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bearer, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'

const scope = 'client:read connection:read connection:write connection:refresh_secret connection:delete'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.close())

const admin = () => gateway.issuer.mint(writer(randomUUID(), { clientType: 'MITHRIL ADMIN', scope }))
const owner = (clientId: string, clientType = 'MSP') => gateway.issuer.mint(writer(clientId, { clientType, scope }))
const send = (
  method: 'GET' | 'PATCH' | 'DELETE',
  url: string,
  token: string,
  headers: Record<string, string> = {},
  body?: object,
) => gateway.app.inject({ method, url, headers: { ...headers, ...bearer(token) }, ...(body && { payload: body }) })
const get = (url: string, token: string, headers: Record<string, string> = {}) => send('GET', url, token, headers)

describe('GET /api/clients', () => {
  test('an own-client type gets exactly its own, whatever the filter and the page', async () => {
    const { clientId } = await gateway.connection()
    for (const query of ['', `?id=${randomUUID()}`, '?name=nobody', '?is_blocked=true', '?page=7&page_size=1']) {
      const answer = await get(`/api/clients${query}`, owner(clientId))
      expect(answer.statusCode).toBe(200)
      const { meta, data, paging } = answer.json()
      expect(meta).toMatchObject({ code: 200, type: 'list', url: 'https://gateway.example.ua/api/clients' })
      expect(data.map(({ id }: { id: string }) => id)).toEqual([clientId])
      expect(paging).toMatchObject({ page_number: 1, total_entries: 1, total_pages: 1 })
    }
  })

  test('a client shows its fields, its type in details, and never a secret or private settings', async () => {
    const { clientId } = await gateway.connection()
    const name = 'Клініка «Надія»'
    await gateway.database.query(
      `UPDATE clients SET name = $2, secret = 'legacy-secret', settings = '{"a":{"b":1}}', priv_settings = '{"hidden":true}', is_blocked = true,
              block_reason = 'why', inserted_at = '2017-04-20 19:14:13.123456', updated_at = '2018-01-02 03:04:05' WHERE id = $1`,
      [clientId, name],
    )
    const fields = {
      id: clientId,
      name,
      settings: { a: { b: 1 } },
      is_blocked: true,
      block_reason: 'why',
      user_id: null,
      client_type_id: expect.any(String),
      inserted_at: '2017-04-20T19:14:13.123Z',
      updated_at: '2018-01-02T03:04:05.000Z',
    }
    // A blocked client does not get to see itself.
    expect((await get(`/api/clients?id=${clientId}`, admin())).json().data).toEqual([fields])
    const details = await get(`/api/clients/${clientId}`, admin())
    expect(details.json()).toEqual({
      meta: expect.objectContaining({ type: 'object' }),
      data: { ...fields, client_type_name: 'MSP' },
    })
    expect(details.body).not.toMatch(/legacy-secret|hidden/)
  })

  test('an admin filters by id, user, name and block', async () => {
    const mark = randomUUID()
    const userId = randomUUID()
    await gateway.database.query(`INSERT INTO users (id, inserted_at, updated_at) VALUES ($1, now(), now())`, [userId])
    const one = await gateway.database.insertClient({ type: 'MSP', name: `Аптека 100% ${mark}` })
    const two = await gateway.database.insertClient({ type: 'MSP', name: `Аптека 1000 ${mark}` })
    await gateway.database.query('UPDATE clients SET is_blocked = true, user_id = $2 WHERE id = $1', [two, userId])
    const found = async (query: Record<string, string>) =>
      (await get(`/api/clients?${new URLSearchParams(query)}`, admin())).json().data.map(({ id }: { id: string }) => id)
    expect(await found({ name: `аптека 100% ${mark}` })).toEqual([one])
    expect((await found({ name: mark })).sort()).toEqual([one, two].sort())
    expect(await found({ name: mark, is_blocked: 'true' })).toEqual([two])
    expect(await found({ name: mark, is_blocked: 'false' })).toEqual([one])
    expect(await found({ user_id: userId })).toEqual([two])
    expect(await found({ id: one })).toEqual([one])
    expect(await found({ id: one, is_blocked: 'true' })).toEqual([])
  })
})

describe('paging', () => {
  test('pages have a stable order; past the end comes the last one; an empty list has one page', async () => {
    const clientId = await gateway.database.insertClient({ type: 'MSP' })
    const ids: string[] = []
    for (let year = 2010; year < 2017; year++) {
      const consumerId = await gateway.database.insertClient({ type: 'MIS' })
      ids.unshift(
        await gateway.database.insertConnection({
          clientId,
          consumerId,
          redirectUri: `https://${year}.example.ua/`,
          insertedAt: `${year}-01-01 00:00:00`,
        }),
      )
    }
    const page = async (query: string) => {
      const { data, paging } = (await get(`/api/clients/${clientId}/connections${query}`, owner(clientId))).json()
      return { ids: data.map(({ id }: { id: string }) => id), ...paging }
    }
    const of = (page_number: number, page_size: number, from: number, to: number) => ({
      ids: ids.slice(from, to),
      page_number,
      page_size,
      total_entries: 7,
      total_pages: Math.ceil(7 / page_size),
    })
    expect(await page('')).toEqual(of(1, 50, 0, 7))
    expect(await page('?page_size=3')).toEqual(of(1, 3, 0, 3))
    expect(await page('?page=2&page_size=3')).toEqual(of(2, 3, 3, 6))
    expect(await page('?page=3&page_size=3')).toEqual(of(3, 3, 6, 7))
    expect(await page('?page=99&page_size=3')).toEqual(of(3, 3, 6, 7))
    expect(await page('?page=999999999&page_size=1')).toEqual(of(7, 1, 6, 7))
    expect(await page('?page_size=5000')).toEqual(of(1, 300, 0, 7))
    const other = await gateway.database.insertClient({ type: 'MSP' })
    expect((await get(`/api/clients/${other}/connections?page=4`, owner(other))).json()).toMatchObject({
      data: [],
      paging: { page_number: 1, page_size: 50, total_entries: 0, total_pages: 1 },
    })
  })

  test('a listed connection has four fields, and lists are filtered by consumer and by text', async () => {
    const { clientId, consumerId, connectionId } = await gateway.connection('https://Mixed.example.ua/a_b')
    await gateway.database.insertConnection({
      clientId,
      consumerId: clientId,
      redirectUri: 'https://mixed.example.ua/aXb',
    })
    const found = async (query: Record<string, string>) =>
      (await get(`/api/clients/${clientId}/connections?${new URLSearchParams(query)}`, owner(clientId))).json().data
    const whole = {
      id: connectionId,
      client_id: clientId,
      consumer_id: consumerId,
      redirect_uri: 'https://Mixed.example.ua/a_b',
    }
    expect(await found({ consumer_id: consumerId })).toEqual([whole])
    expect(await found({ redirect_uri: 'A_B' })).toEqual([whole])
    expect(await found({ redirect_uri: 'MIXED' })).toHaveLength(2)
    expect(await found({ redirect_uri: '%' })).toEqual([])
  })

  test.each([
    ['page=0', ['$.page']],
    ['page=-1', ['$.page']],
    ['page=1.5', ['$.page']],
    ['page=x&page_size=0', ['$.page', '$.page_size']],
    ['page_size=-5', ['$.page_size']],
    ['page=99999999999999999999', ['$.page']],
    ['consumer_id=42', ['$.consumer_id']],
    ['redirect_uri=%00', ['$.redirect_uri']],
    [`redirect_uri=${'x'.repeat(256)}`, ['$.redirect_uri']],
    ['redirect_uri=a&redirect_uri=b', ['$.redirect_uri']],
    ['page_size=5&page_size=5', ['$.page_size']],
    ['page=&page=1', ['$.page']],
  ])('422 names what is wrong in ?%s', async (query, entries) => {
    const { clientId } = await gateway.connection()
    const answer = await get(`/api/clients/${clientId}/connections?${query}`, owner(clientId))
    expect(answer.statusCode).toBe(422)
    const { error } = answer.json()
    expect(error).toMatchObject({ type: 'validation_failed', message: 'Validation failed' })
    expect(
      error.invalid.map(({ entry, entry_type }: { entry: string; entry_type: string }) => [entry_type, entry]),
    ).toEqual(entries.map((entry) => ['query_parameter', entry]))
  })

  test.each(['id=1', 'user_id=1', 'is_blocked=maybe', 'name=%00'])(
    '422 names what is wrong in /api/clients?%s',
    async (query) => {
      const answer = await get(`/api/clients?${query}`, admin())
      expect(answer.statusCode).toBe(422)
      expect(answer.json().error.invalid).toMatchObject([
        { entry_type: 'query_parameter', entry: `$.${query.split('=')[0]}` },
      ])
    },
  )
})

test('a UUID filter that is no UUID is rule `cast`, in the words of the platform', async () => {
  const { clientId } = await gateway.connection()
  for (const [url, entry] of [
    [`/api/clients/${clientId}/connections?consumer_id=abc`, '$.consumer_id'],
    ['/api/clients?id=abc', '$.id'],
    ['/api/clients?user_id=abc', '$.user_id'],
  ] as const) {
    const answer = await get(url, admin())
    expect([answer.statusCode, answer.json().error.invalid]).toEqual([
      422,
      [
        {
          entry_type: 'query_parameter',
          entry,
          rules: [
            {
              rule: 'cast',
              description: 'value is not a UUID',
              params: { expected: 'uuid', actual: 'string' },
              raw_description: 'value is not a UUID',
            },
          ],
        },
      ],
    ])
  }
})

test('a repeated query parameter is a violation, whatever its values', async () => {
  const [one, two] = [randomUUID(), randomUUID()]
  const query = `id=${one}&id=${two}&user_id=42&name=a&name=b&is_blocked=true&is_blocked=true&page=1&page=x&page_size=0`
  const answer = await get(`/api/clients?${query}`, admin())
  expect(answer.statusCode).toBe(422)
  const invalid: { entry_type: string; entry: string; rules: object[] }[] = answer.json().error.invalid
  expect(new Set(invalid.map(({ entry_type }) => entry_type))).toEqual(new Set(['query_parameter']))
  const repeated = {
    rule: 'format',
    description: 'expected the parameter once, but it was given more than once',
    params: { reason: 'repeated' },
    raw_description: 'expected the parameter once, but it was given more than once',
  }
  expect(invalid.map(({ entry, rules }) => [entry, rules]).sort()).toEqual([
    ['$.id', [repeated]],
    ['$.is_blocked', [repeated]],
    ['$.name', [repeated]],
    ['$.page', [repeated]],
    ['$.page_size', [expect.objectContaining({ rule: 'number' })]],
    ['$.user_id', [expect.objectContaining({ rule: 'cast' })]],
  ])
})

test('a caller without a token or scope gets no violation for a repeated parameter', async () => {
  const url = '/api/clients?id=a&id=b'
  expect((await get(url, 'bad.bad.bad')).statusCode).toBe(401)
  const { clientId } = await gateway.connection()
  const unscoped = gateway.issuer.mint({ clientId, clientType: 'MSP', scope: 'connection:write' })
  expect((await get(url, unscoped)).statusCode).toBe(403)
})

describe('entity tags', () => {
  test('GET and PATCH give the same ETag, and each change a new one', async () => {
    const { clientId, path } = await gateway.connection()
    const first = await get(path, owner(clientId))
    expect(first.headers['etag']).toBe('"1"')
    const changed = await send('PATCH', path, owner(clientId), {}, { redirect_uri: 'https://after.example.ua/' })
    expect(changed.headers['etag']).toBe('"2"')
    expect((await get(path, owner(clientId))).headers['etag']).toBe('"2"')
    expect(
      (await send('PATCH', path, owner(clientId), {}, { redirect_uri: 'https://after.example.ua/' })).headers['etag'],
    ).toBe('"2"')
  })

  test.each([
    ['"1"', 200],
    ['"7", "1"', 200],
    ['*', 200],
    // What nginx, HAProxy, Apache and lighttpd make of our tag when they compress the answer.
    ['W/"1"', 200],
    ['"1-gzip"', 200],
    ['"1-br"', 200],
    ['"1-zstd"', 200],
    ['W/"1-deflate"', 200],
    [', "9-gzip" ,, W/"1" ,', 200],
    ['"2"', 412],
    ['W/"2"', 412],
    ['"2-gzip"', 412],
    ['"1-gzip-br"', 412],
    ['"1gzip"', 412],
    ['"01"', 412],
    ['"x"', 412],
  ])('If-Match: %s on PATCH answers %i', async (tag, status) => {
    const { clientId, path, connectionId } = await gateway.connection()
    const answer = await send(
      'PATCH',
      path,
      owner(clientId),
      { 'if-match': tag },
      { redirect_uri: 'https://after.example.ua/' },
    )
    expect(answer.statusCode).toBe(status)
    expect(answer.headers['etag']).toBe(status === 200 ? '"2"' : '"1"')
    if (status === 412) {
      expect(answer.json()).toMatchObject({
        meta: { code: 412 },
        error: { type: 'request_conflict', message: 'The connection has been changed by somebody else' },
      })
      expect([await gateway.redirectUriOf(connectionId), await gateway.auditOf(connectionId)]).toEqual([
        'https://before.example.ua/callback',
        [],
      ])
    }
  })

  test.each(['1', '', ',', '"1', '1"', '"1" "1"', '"1""1"', 'w/"1"', 'W/1', '"1", 2', '*, "1"', '"a b"'])(
    'If-Match: %s is no list of tags: 400 names the header on PATCH, DELETE and refresh, and nothing is written',
    async (tag) => {
      const { clientId, path, connectionId } = await gateway.connection()
      const header = { 'if-match': tag }
      const answers = [
        await send('PATCH', path, owner(clientId), header, { redirect_uri: 'https://after.example.ua/' }),
        await send('DELETE', path, owner(clientId), header),
        await send('PATCH', `${path}/actions/refresh_secret`, owner(clientId), header),
      ]
      for (const answer of answers) {
        expect(answer.statusCode).toBe(400)
        expect(answer.json().error).toEqual({
          type: 'request_malformed',
          message: 'Malformed request: If-Match is no list of entity tags',
          invalid: [{ entry_type: 'header', entry: 'If-Match' }],
        })
      }
      expect(await gateway.auditOf(connectionId)).toEqual([])
    },
  )

  test.each(['W/"1"', '"1-gzip"', '"1-br"'])(
    'If-Match: %s lets a secret be refreshed and a connection be deleted',
    async (tag) => {
      const { clientId, consumerId, path } = await gateway.connection()
      const apiKey = await gateway.database.insertApiKey(consumerId)
      const refreshed = await send('PATCH', `${path}/actions/refresh_secret`, owner(clientId), {
        'api-key': apiKey,
        'if-match': tag,
      })
      expect([refreshed.statusCode, refreshed.headers['etag']]).toEqual([200, '"2"'])
      const stale = await send('DELETE', path, owner(clientId), { 'if-match': tag })
      expect([stale.statusCode, stale.headers['etag']]).toEqual([412, '"2"'])
      const deleted = await send('DELETE', path, owner(clientId), { 'if-match': tag.replace('1', '2') })
      expect(deleted.statusCode).toBe(204)
    },
  )

  test('DELETE with a stale If-Match is 412 and deletes nothing; with the current one it is 204', async () => {
    const { clientId, path, connectionId } = await gateway.connection()
    expect((await send('DELETE', path, owner(clientId), { 'if-match': '"9"' })).statusCode).toBe(412)
    expect(await gateway.redirectUriOf(connectionId)).toBeDefined()
    const deleted = await send('DELETE', path, owner(clientId), { 'if-match': '"1"' })
    expect([deleted.statusCode, deleted.body, typeof deleted.headers['x-request-id']]).toEqual([204, '', 'string'])
    expect(await gateway.redirectUriOf(connectionId)).toBeUndefined()
    expect((await send('DELETE', path, owner(clientId))).statusCode).toBe(404)
  })

  test.each([
    ['"1"', 304],
    ['W/"1"', 304],
    ['"3", "1"', 304],
    ['"1-gzip"', 304],
    ['W/"1-br"', 304],
    ['"2-gzip"', 200],
    ['"1-x"', 200],
    ['*', 304],
    ['"2"', 200],
  ])('If-None-Match: %s on GET answers %i', async (tag, status) => {
    const { clientId, path } = await gateway.connection()
    const answer = await get(path, owner(clientId), { 'if-none-match': tag })
    expect([answer.statusCode, answer.headers['etag']]).toEqual([status, '"1"'])
    if (status === 304) expect(answer.body).toBe('')
  })

  test.each(['1', '"1""2"', 'nonsense'])('If-None-Match: %s is 400 and names the header', async (tag) => {
    const { clientId, path } = await gateway.connection()
    const answer = await get(path, owner(clientId), { 'if-none-match': tag })
    expect([answer.statusCode, answer.json().error.invalid]).toEqual([
      400,
      [{ entry_type: 'header', entry: 'If-None-Match' }],
    ])
  })

  test.each([
    ['*', 412],
    ['"1"', 400],
    ['"9"', 400],
    ['x', 400],
  ])('If-None-Match: %s on PATCH and DELETE of what exists is %i, and nothing is written', async (tag, status) => {
    const { clientId, path, connectionId } = await gateway.connection()
    const header = { 'if-none-match': tag }
    const update = { redirect_uri: 'https://after.example.ua/' }
    expect((await send('PATCH', path, owner(clientId), header, update)).statusCode).toBe(status)
    expect((await send('DELETE', path, owner(clientId), header)).statusCode).toBe(status)
    expect(await gateway.auditOf(connectionId)).toEqual([])
  })

  test('PATCH of an existing connection with If-None-Match: * is 412, also with the stored value', async () => {
    const { clientId, path, connectionId } = await gateway.connection()
    const stored = { redirect_uri: await gateway.redirectUriOf(connectionId) }
    const answer = await send('PATCH', path, owner(clientId), { 'if-none-match': '*' }, stored)
    expect([answer.statusCode, answer.headers['etag'], answer.json().error.type]).toEqual([
      412,
      '"1"',
      'request_conflict',
    ])
    expect(await gateway.auditOf(connectionId)).toEqual([])
  })

  test('ids in capitals, in path and token, are the same UUIDs', async () => {
    const { clientId, path, connectionId } = await gateway.connection()
    const upper = path.replace(clientId, clientId.toUpperCase()).replace(connectionId, connectionId.toUpperCase())
    for (const token of [owner(clientId), owner(clientId.toUpperCase())]) {
      const read = await get(upper, token)
      expect([read.statusCode, read.json().data?.id, read.json().data?.client_id]).toEqual([
        200,
        connectionId,
        clientId,
      ])
      expect((await get(path, token)).statusCode).toBe(200)
      const listed = await get(`/api/clients/${clientId.toUpperCase()}/connections`, token)
      expect(listed.json().data).toHaveLength(1)
    }
    const changed = await send('PATCH', upper, owner(clientId), {}, { redirect_uri: 'https://upper.example.ua/' })
    expect(changed.statusCode).toBe(200)
    expect(await gateway.auditOf(connectionId)).toMatchObject([{ callerClientId: clientId }])
  })

  test('HEAD answers what GET answers, without the body', async () => {
    const { clientId, path } = await gateway.connection()
    const token = owner(clientId)
    for (const url of [
      path,
      `${path}/`,
      '/health/live',
      '/health/ready',
      '/api/openapi.json',
      '/api/docs',
      '/nothing',
    ]) {
      const ask = (method: 'GET' | 'HEAD') =>
        gateway.app.inject({ method, url, headers: { authorization: `Bearer ${token}` } })
      const [got, head] = [await ask('GET'), await ask('HEAD')]
      expect([url, head.statusCode, head.body]).toEqual([url, got.statusCode, ''])
      for (const name of ['etag', 'content-type', 'cache-control'])
        expect([url, name, head.headers[name]]).toEqual([url, name, got.headers[name]])
    }
  })

  test('403 comes before 422, 422 before 404, and 404 before 412', async () => {
    const { clientId, path } = await gateway.connection()
    const stale = { 'if-match': '"9"' }
    expect((await send('PATCH', path, owner(randomUUID()), stale, {})).statusCode).toBe(403)
    expect((await send('PATCH', path, owner(clientId), stale, {})).statusCode).toBe(422)
    expect(
      (
        await send('PATCH', `/api/clients/${clientId}/connections/${randomUUID()}`, owner(clientId), stale, {
          redirect_uri: 'https://a.example.ua/',
        })
      ).statusCode,
    ).toBe(404)
    expect(
      (await send('PATCH', path, owner(clientId), stale, { redirect_uri: 'https://a.example.ua/' })).statusCode,
    ).toBe(412)
  })
})

describe('refresh_secret', () => {
  const refresh = (path: string, token: string, apiKey?: string) =>
    send('PATCH', `${path}/actions/refresh_secret`, token, apiKey === undefined ? {} : { 'api-key': apiKey })

  /** A connection whose consumer has one of its own, with that one's secret. */
  async function withConsumer() {
    const fixture = await gateway.connection()
    return { ...fixture, apiKey: await gateway.database.insertApiKey(fixture.consumerId) }
  }

  test('refresh_secret with the secret of the consumer answers the new secret once', async () => {
    const { clientId, consumerId, connectionId, path, secret, apiKey } = await withConsumer()
    const answer = await refresh(path, owner(clientId), apiKey)
    expect(answer.statusCode).toBe(200)
    const { data } = answer.json()
    expect(data).toEqual({
      id: connectionId,
      client_id: clientId,
      consumer_id: consumerId,
      redirect_uri: 'https://before.example.ua/callback',
      secret: expect.stringMatching(/^[\w-]{43}$/),
    })
    expect(answer.headers['etag']).toBe('"2"')
    const [row] = await gateway.database.query('SELECT secret FROM connections WHERE id = $1', [connectionId])
    expect(row).toEqual({ secret: data.secret })
    expect(data.secret).not.toBe(secret)
    expect((await get(path, owner(clientId))).body).not.toContain(data.secret)
  })

  test('refresh_secret needs no key where the caller is the consumer itself', async () => {
    const misId = await gateway.database.insertClient({ type: 'MIS' })
    const connectionId = await gateway.database.insertConnection({
      clientId: misId,
      consumerId: misId,
      redirectUri: 'http://old.example.ua/',
    })
    expect((await refresh(`/api/clients/${misId}/connections/${connectionId}`, owner(misId, 'MIS'))).statusCode).toBe(
      200,
    )
  })

  test.each<[string, (fixture: { secret: string }) => Promise<string | undefined>, number, string]>([
    ['no key', async () => undefined, 401, 'api-key header not set'],
    ['an empty key', async () => '', 401, 'api-key header not set'],
    ['an unknown key', async () => 'nobody-has-this', 401, 'invalid api-key header'],
    ['the secret of the connection itself, which is the client’s', async ({ secret }) => secret, 403, 'Forbidden'],
    ['the secret of somebody else', async () => (await withConsumer()).apiKey, 403, 'Forbidden'],
  ])('with %s is refused, and nothing changes', async (_name, keyOf, status, message) => {
    const fixture = await gateway.connection()
    const answer = await refresh(fixture.path, owner(fixture.clientId), await keyOf(fixture))
    expect([answer.statusCode, answer.json().error.message]).toEqual([status, message])
    if (status === 401) expect(answer.headers['www-authenticate']).toBe('Bearer realm="mithril"')
    const [row] = await gateway.database.query('SELECT secret FROM connections WHERE id = $1', [fixture.connectionId])
    expect(row).toEqual({ secret: fixture.secret })
    expect(await gateway.auditOf(fixture.connectionId)).toEqual([])
  })

  test('refresh_secret refuses the secret of a blocked consumer like an unknown one', async () => {
    const { clientId, consumerId, path, apiKey } = await withConsumer()
    await gateway.database.query('UPDATE clients SET is_blocked = true WHERE id = $1', [consumerId])
    const answer = await refresh(path, owner(clientId), apiKey)
    expect([answer.statusCode, answer.json().error.message]).toEqual([401, 'invalid api-key header'])
  })

  test('refresh_secret is 404 if Mithril changes the consumer after the check of its key, and the secret stays', async () => {
    const { clientId, path, connectionId, secret, apiKey } = await withConsumer()
    const other = await gateway.database.insertClient({ type: 'MIS' })
    // The gateway reads the row and checks the key. Then its write waits for Mithril's.
    const end = await gateway.database.hold('UPDATE connections SET consumer_id = $1 WHERE id = $2', [
      other,
      connectionId,
    ])
    const answer = refresh(path, owner(clientId), apiKey)
    await gateway.database.untilLockWaited()
    await end('COMMIT')
    expect((await answer).statusCode).toBe(404)
    expect(
      await gateway.database.query('SELECT consumer_id, secret FROM connections WHERE id = $1', [connectionId]),
    ).toEqual([{ consumer_id: other, secret }])
    // Mithril's change leaves its record, and the refused refresh leaves none.
    const changes = await gateway.auditOf(connectionId)
    expect(new Set(changes.map(({ kind, door }) => `${kind} ${door}`))).toEqual(new Set(['MOVED EXTERNAL']))
  })

  test('refresh_secret with an If-Match of another state is 412, and the secret stays', async () => {
    const { clientId, path, connectionId, secret, apiKey } = await withConsumer()
    const refreshIf = (tag: string) =>
      send('PATCH', `${path}/actions/refresh_secret`, owner(clientId), { 'api-key': apiKey, 'if-match': tag })
    expect((await refreshIf('"9"')).statusCode).toBe(412)
    expect(await gateway.database.query('SELECT secret FROM connections WHERE id = $1', [connectionId])).toEqual([
      { secret },
    ])
    expect(await gateway.auditOf(connectionId)).toEqual([])
    const answer = await refreshIf('"1"')
    expect([answer.statusCode, answer.headers['etag']]).toEqual([200, '"2"'])
  })

  test('refresh_secret judges scope and client before the key', async () => {
    const { clientId, path } = await gateway.connection()
    expect((await refresh(path, gateway.issuer.mint(writer(clientId)))).json().error.message).toBe('Invalid scopes')
    expect((await refresh(path, owner(randomUUID()))).json().error.message).toBe('Forbidden')
    expect((await refresh(`/api/clients/${clientId}/connections/${randomUUID()}`, owner(clientId))).statusCode).toBe(
      404,
    )
  })
})

test('a read-only token gets 403 on every write, and a foreign one on every request', async () => {
  const { clientId, path } = await gateway.connection()
  const writes = [
    ['PATCH', path],
    ['DELETE', path],
    ['PATCH', `${path}/actions/refresh_secret`],
  ] as const
  const reads = [
    ['GET', path],
    ['GET', `/api/clients/${clientId}`],
    ['GET', `/api/clients/${clientId}/connections`],
  ] as const
  const reader = gateway.issuer.mint(writer(clientId, { scope: 'client:read connection:read' }))
  for (const [method, url] of writes)
    expect((await send(method, url, reader, {}, {})).json().error.message).toBe('Invalid scopes')
  for (const [method, url] of reads) expect((await send(method, url, reader)).statusCode).toBe(200)
  for (const [method, url] of [...writes, ...reads])
    expect(
      (await send(method, url, owner(randomUUID()), {}, method === 'GET' ? undefined : {})).json().error.message,
    ).toBe('Forbidden')
})
