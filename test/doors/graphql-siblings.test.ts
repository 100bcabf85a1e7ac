import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bearer, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'
import { type PostgresProxy, startPostgresProxy } from '../support/postgres-proxy.ts'

const scope = 'client:read connection:read connection:write connection:refresh_secret connection:delete'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.close())

const admin = () => gateway.issuer.mint(writer(randomUUID(), { clientType: 'MITHRIL ADMIN', scope }))
const owner = (clientId: string) => gateway.issuer.mint(writer(clientId, { scope }))

async function ask(query: string, variables: object, token: string, headers: Record<string, string> = {}) {
  const answer = await gateway.graphql(query, variables, token, { headers: { ...headers, ...bearer(token) } })
  return { ...answer.json(), status: answer.statusCode, headers: answer.headers }
}

describe('clients', () => {
  const query = /* GraphQL */ `
    query ($first: Int, $after: String, $last: Int, $before: String, $filter: ClientFilter, $orderBy: ClientOrder! = INSERTED_AT_DESC) {
      clients(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
        nodes { id }
        edges { cursor node { id } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `
  const mark = randomUUID()
  const ids: string[] = []
  beforeAll(async () => {
    for (let day = 1; day <= 9; day++) {
      const id = await gateway.database.insertClient({ type: 'MSP', name: `${mark} ${day}` })
      // Three of a kind at the same moment: the id decides.
      await gateway.database.query('UPDATE clients SET inserted_at = $2 WHERE id = $1', [
        id,
        `2015-01-0${Math.ceil(day / 3)} 00:00:00.000001`,
      ])
      ids.push(id)
    }
    const rows = await gateway.database.query<{ id: string }>(
      'SELECT id FROM clients WHERE name LIKE $1 ORDER BY inserted_at DESC, id DESC',
      [`${mark}%`],
    )
    ids.splice(0, ids.length, ...rows.map(({ id }) => id))
  })
  const page = async (variables: object) =>
    (await ask(query, { filter: { nameContains: mark }, ...variables }, admin())).data.clients
  const idsOf = ({ nodes }: { nodes: { id: string }[] }) => nodes.map(({ id }) => id)

  test('a walk through clients has no gap and no double, forward and backward', async () => {
    for (const size of [1, 2, 4, 100]) {
      const forward: string[] = []
      for (let after: string | null = null, more = true; more; ) {
        const { pageInfo, totalCount, ...rest } = await page({ first: size, after })
        expect([totalCount, pageInfo.hasPreviousPage]).toEqual([9, forward.length > 0])
        expect(rest.edges.map(({ node }: { node: { id: string } }) => node.id)).toEqual(idsOf(rest))
        forward.push(...idsOf(rest))
        after = pageInfo.endCursor
        more = pageInfo.hasNextPage
      }
      expect(forward).toEqual(ids)

      const backward: string[] = []
      for (let before: string | null = null, more = true; more; ) {
        const { pageInfo, ...rest } = await page({ last: size, before })
        expect(pageInfo.hasNextPage).toBe(backward.length > 0)
        backward.unshift(...idsOf(rest))
        before = pageInfo.startCursor
        more = pageInfo.hasPreviousPage
      }
      expect(backward).toEqual(ids)
    }
  })

  test('clients come oldest first if the document asks for it', async () => {
    expect(idsOf(await page({ orderBy: 'INSERTED_AT_ASC' }))).toEqual([...ids].reverse())
  })

  test('clients keep their order while others are inserted during the walk', async () => {
    const walked: string[] = []
    for (let after: string | null = null, more = true; more; ) {
      const { pageInfo, ...rest } = await page({ first: 2, after })
      walked.push(...idsOf(rest))
      after = pageInfo.endCursor
      more = pageInfo.hasNextPage
      // Newest of all, so before what has been read.
      await gateway.database.insertClient({ type: 'MSP', name: `late ${mark}` })
    }
    expect(walked).toEqual(ids)
    await gateway.database.query('DELETE FROM clients WHERE name LIKE $1', [`late ${mark}`])
  })

  test('a caller of an own-client type sees exactly one client', async () => {
    const [own = ''] = ids
    for (const filter of [undefined, { nameContains: 'nobody' }, { id: randomUUID() }]) {
      const { clients } = (await ask(query, { filter }, owner(own))).data
      expect([idsOf(clients), clients.totalCount]).toEqual([[own], 1])
    }
  })

  test.each([
    '{ id }',
    '{ __typename }',
    '{ connections { nodes { id } } }',
    '{ connectionChanges { nodes { id } } }',
    '{ id name connections { nodes { id } } }',
  ])('a client that does not exist is null to an admin, and to its own caller, for %s', async (selection) => {
    const query = `query ($id: ID!) { client(id: $id) ${selection} }`
    for (const id of [randomUUID(), 'no UUID'])
      expect(await ask(query, { id }, admin())).toMatchObject({ status: 200, data: { client: null } })
    const id = randomUUID()
    expect(await ask(query, { id }, owner(id))).toMatchObject({ status: 200, data: { client: null } })
  })

  const cursorOf = (time: string) => Buffer.from(JSON.stringify([time, randomUUID()])).toString('base64url')

  test('a cursor of a leap day is valid', async () => {
    const { errors } = await ask(query, { after: cursorOf('2024-02-29 23:59:59.999999') }, admin())
    expect(errors).toBeUndefined()
  })

  test.each<[string, object, string[]]>([
    ['first: 0', { first: 0 }, ['first']],
    ['first: 101', { first: 101 }, ['first']],
    ['first: -1', { first: -1 }, ['first']],
    ['last: 0', { last: 0 }, ['last']],
    ['a bad cursor', { after: 'rubbish' }, ['after']],
    ['a cursor of another list', { after: Buffer.from('["1","1"]').toString('base64url') }, ['after']],
    [
      'a cursor with SQL in it',
      { after: Buffer.from(`["2015-01-01 00:00:00'; DROP TABLE clients","x"]`).toString('base64url') },
      ['after'],
    ],
    ...[
      '2024-02-31 00:00:00',
      '2023-02-29 00:00:00.5',
      '0000-01-01 00:00:00',
      '9999-99-99 99:99:99',
      '2024-01-01 24:00:01',
    ].map((time): [string, object, string[]] => [
      `a cursor of ${time}, which never was`,
      { after: cursorOf(time) },
      ['after'],
    ]),
    ['a bad cursor backward', { last: 2, before: '%%%' }, ['before']],
    [
      'after together with last',
      { last: 2, after: Buffer.from('["2015-01-01 00:00:00","x"]').toString('base64url') },
      ['after'],
    ],
    ['ids that are no UUIDs', { filter: { id: '1', userId: '2' } }, ['id', 'userId']],
    ['NUL in a text', { filter: { nameContains: '\u0000' } }, ['nameContains']],
    ['everything at once', { first: 101, after: 'x', filter: { id: '1' } }, ['first', 'after', 'id']],
  ])('%s is a clear error that names the argument', async (_name, variables, names) => {
    const { errors, status } = await ask(query, variables, admin())
    expect(status).toBe(200)
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({
      message: 'Validation failed',
      extensions: { code: 'UNPROCESSABLE_ENTITY', status: 422 },
    })
    expect(errors[0].extensions.exception.inputErrors.map(({ path }: { path: string[] }) => path[0]).sort()).toEqual(
      [...names].sort(),
    )
  })
})

describe('statements', () => {
  let proxy: PostgresProxy
  let watched: TestGateway
  beforeAll(async () => {
    proxy = await startPostgresProxy(gateway.config.database.url ?? '')
    watched = await startTestGateway({ DATABASE_URL: proxy.url })
  })
  afterAll(async () => {
    await watched.close()
    await proxy.close()
  })

  const wide = /* GraphQL */ `
    query ($first: Int!) {
      clients(first: $first, orderBy: INSERTED_AT_DESC) {
        totalCount
        nodes {
          id
          connections(first: 5) {
            totalCount
            nodes { id client { name } consumer { clientId name } lastChange { kind caller { clientId } } changes(first: 3) { totalCount nodes { id after } } }
          }
        }
      }
    }
  `
  // The registry is asked once for the status of the one caller.
  const caller = writer(randomUUID(), { clientType: 'MITHRIL ADMIN', scope })
  async function roundTrips(first: number): Promise<number> {
    const before = proxy.roundTrips()
    const token = watched.issuer.mint(caller)
    const { errors, data } = (await watched.graphql(wide, { first }, token)).json()
    expect(errors).toBeUndefined()
    expect(data.clients.nodes).toHaveLength(first)
    return proxy.roundTrips() - before
  }

  test('a page of 100 clients with all nested fields takes as many statements as a page of one', async () => {
    await gateway.database.query(`
      INSERT INTO client_types (id, name, inserted_at, updated_at) VALUES (gen_random_uuid(), 'MSP', now(), now()) ON CONFLICT DO NOTHING;
      INSERT INTO clients (id, name, client_type_id, inserted_at, updated_at)
        SELECT gen_random_uuid(), 'wide ' || n, (SELECT id FROM client_types WHERE name = 'MSP'), now() + n * interval '1 second', now() FROM generate_series(1, 120) n;
      INSERT INTO connections (id, secret, redirect_uri, client_id, consumer_id, inserted_at, updated_at)
        SELECT gen_random_uuid(), gen_random_uuid(), 'https://wide.example.ua/', a.id, b.id, now(), now()
          FROM clients a, LATERAL (SELECT id FROM clients WHERE name LIKE 'wide %' AND id >= a.id ORDER BY id LIMIT 4) b WHERE a.name LIKE 'wide %';
      UPDATE connections SET redirect_uri = 'https://wider.example.ua/' WHERE redirect_uri = 'https://wide.example.ua/';
    `)
    // The first requests prepare their statements.
    await roundTrips(1)
    await roundTrips(1)
    const one = await roundTrips(1)
    expect(await roundTrips(100)).toBe(one)
    expect(one).toBe(5)
  })

  test('the connections of the own client take one statement, unless the document selects facts about the client', async () => {
    const { clientId } = await gateway.connection()
    const token = watched.issuer.mint(writer(clientId, { scope }))
    const statements = async (selection: string) => {
      const before = proxy.roundTrips()
      const fragment = `fragment C on Client ${selection}`
      const answer = await watched.graphql(`{ client(id: "${clientId}") { ...C } } ${fragment}`, {}, token)
      expect(answer.json().data.client).toMatchObject({ connections: { nodes: [{ clientId }] } })
      return proxy.roundTrips() - before
    }
    const list = 'connections { nodes { clientId } }'
    // PostgreSQL prepares each statement at its first use, and the registry is asked about the caller every 4 s.
    for (const selection of [`{ ${list} }`, `{ name ${list} }`]) {
      await statements(selection)
      await statements(selection)
    }
    const counts = async () => [
      await statements(`{ ${list} }`),
      await statements(`{ __typename id ... { ${list} } }`),
      await statements(`{ name ${list} }`),
    ]
    await expect.poll(counts).toEqual([1, 1, 2])
  })

  test('the total is counted only where it is selected', async () => {
    // In an order that no other test asks for: a text is sent once, to be prepared.
    const token = watched.issuer.mint(writer(randomUUID(), { clientType: 'MITHRIL ADMIN', scope }))
    const counts = async (query: string) => {
      const before = proxy.statements.length
      await watched.graphql(query, {}, token)
      return proxy.statements.slice(before).filter((sql) => /count\(/i.test(sql)).length
    }
    expect(await counts('{ clients(orderBy: INSERTED_AT_ASC) { nodes { name } } }')).toBe(0)
    expect(
      await counts(
        '{ clients(orderBy: INSERTED_AT_ASC) { ...P } } fragment P on ClientPage { ... { totalCount } nodes { name } }',
      ),
    ).toBe(1)
  })
})

describe('concurrent edits', () => {
  const update = /* GraphQL */ `
    mutation ($input: UpdateClientConnectionInput!) { updateClientConnection(input: $input) { clientConnection { version redirectUri updatedAt } } }
  `

  test('a stale expectedVersion is CONFLICT with the connection as it is now, and nothing is written', async () => {
    const { clientId, connectionId } = await gateway.connection()
    const input = { clientId, connectionId, redirectUri: 'https://after.example.ua/' }
    const first = (await ask(update, { input: { ...input, expectedVersion: 1 } }, owner(clientId))).data
      .updateClientConnection.clientConnection
    expect(first).toMatchObject({ version: 2, redirectUri: 'https://after.example.ua/' })
    const { errors, status } = await ask(
      update,
      { input: { ...input, redirectUri: 'https://other.example.ua/', expectedVersion: 1 } },
      owner(clientId),
    )
    expect(status).toBe(200)
    expect(errors[0]).toMatchObject({
      message: 'The connection has been changed by somebody else',
      extensions: { code: 'CONFLICT', status: 409, exception: { current: first } },
    })
    expect(await gateway.auditOf(connectionId)).toHaveLength(1)
  })

  test('of 16 writers with the same expectedVersion exactly one wins in each round', async () => {
    const { clientId, connectionId } = await gateway.connection()
    const token = owner(clientId)
    for (let version = 1; version <= 8; version++) {
      const outcomes = await Promise.all(
        Array.from({ length: 16 }, async (_, writerNumber) => {
          const redirectUri = `https://round-${version}.example.ua/${writerNumber}`
          const { errors } = await ask(
            update,
            { input: { clientId, connectionId, redirectUri, expectedVersion: version } },
            token,
          )
          return errors ? errors[0].extensions.code : 'OK'
        }),
      )
      expect(outcomes.sort()).toEqual([...Array.from({ length: 15 }, () => 'CONFLICT'), 'OK'])
    }
    expect(await gateway.auditOf(connectionId)).toHaveLength(8)
  })
})

describe('history and undo', () => {
  const history = /* GraphQL */ `
    query ($clientId: ID!, $connectionId: ID!, $first: Int, $after: String) {
      clientConnection(clientId: $clientId, connectionId: $connectionId) {
        version
        lastChange { kind }
        changes(first: $first, after: $after) {
          totalCount
          pageInfo { hasNextPage endCursor }
          nodes { id kind before after door requestId revertedChangeId changedAt caller { clientId clientType userId } }
        }
      }
    }
  `
  const revert = /* GraphQL */ `
    mutation ($input: RevertClientConnectionInput!) { revertClientConnection(input: $input) { clientConnection { redirectUri version } } }
  `
  const update = (input: object, token: string) =>
    ask(
      'mutation ($input: UpdateClientConnectionInput!) { updateClientConnection(input: $input) { clientConnection { version } } }',
      { input },
      token,
    )

  test('a revert takes a named change back, and is a change of its own', async () => {
    const { clientId, connectionId } = await gateway.connection('https://a.example.ua/')
    const key = { clientId, connectionId }
    const token = owner(clientId)
    await update({ ...key, redirectUri: 'https://b.example.ua/' }, token)
    await update({ ...key, redirectUri: 'https://c.example.ua/' }, token)
    const read = async (variables: object = {}) =>
      (await ask(history, { ...key, ...variables }, token)).data.clientConnection
    const { nodes } = (await read()).changes
    expect(nodes.map(({ before, after }: { before: string; after: string }) => [before, after])).toEqual([
      ['https://b.example.ua/', 'https://c.example.ua/'],
      ['https://a.example.ua/', 'https://b.example.ua/'],
    ])

    const first = nodes[1].id
    const reverted = await ask(revert, { input: { ...key, changeId: first, expectedVersion: 3 } }, token, {
      'x-request-id': 'the-request-that-reverts',
    })
    expect(reverted.data.revertClientConnection.clientConnection).toEqual({
      redirectUri: 'https://a.example.ua/',
      version: 4,
    })
    const after = await read({ first: 1 })
    expect(after).toMatchObject({
      version: 4,
      lastChange: { kind: 'REVERTED' },
      changes: { totalCount: 3, pageInfo: { hasNextPage: true } },
    })
    expect(after.changes.nodes).toEqual([
      {
        id: expect.any(String),
        kind: 'REVERTED',
        before: 'https://c.example.ua/',
        after: 'https://a.example.ua/',
        door: 'GRAPHQL',
        requestId: 'the-request-that-reverts',
        revertedChangeId: first,
        changedAt: expect.stringMatching(/Z$/),
        caller: { clientId, clientType: 'MSP', userId: null },
      },
    ])
    const second = await read({ first: 1, after: after.changes.pageInfo.endCursor })
    expect(second.changes.nodes[0].id).toBe(nodes[0].id)
  })

  test('an old http: value cannot be restored, and the error says so', async () => {
    const { clientId, connectionId } = await gateway.connection('http://old.example.ua/')
    const token = owner(clientId)
    await update({ clientId, connectionId, redirectUri: 'https://new.example.ua/' }, token)
    const { changes } = (await ask(history, { clientId, connectionId }, token)).data.clientConnection
    const { errors } = await ask(revert, { input: { clientId, connectionId, changeId: changes.nodes[0].id } }, token)
    expect(errors[0].extensions).toMatchObject({
      code: 'UNPROCESSABLE_ENTITY',
      exception: { inputErrors: [{ message: 'string does not match pattern "^(https)://.+"', path: ['redirectUri'] }] },
    })
    expect(await gateway.redirectUriOf(connectionId)).toBe('https://new.example.ua/')
  })

  test('a revert refuses foreign, unknown and malformed ids, and the refresh of a secret', async () => {
    const one = await gateway.connection()
    const other = await gateway.connection()
    await update(
      { clientId: other.clientId, connectionId: other.connectionId, redirectUri: 'https://x.example.ua/' },
      owner(other.clientId),
    )
    const [foreign] = await gateway.database.query<{ id: string }>(
      'SELECT id FROM connection_changes WHERE connection_id = $1',
      [other.connectionId],
    )
    const key = { clientId: one.clientId, connectionId: one.connectionId }
    for (const changeId of [foreign?.id, '999999999', '0', 'x', '-1', '99999999999999999999'])
      expect((await ask(revert, { input: { ...key, changeId } }, owner(one.clientId))).errors[0].extensions.code).toBe(
        'NOT_FOUND',
      )

    await gateway.database.query('UPDATE connections SET secret = $2 WHERE id = $1', [one.connectionId, randomUUID()])
    const [refreshed] = await gateway.database.query<{ id: string }>(
      'SELECT id FROM connection_changes WHERE connection_id = $1',
      [one.connectionId],
    )
    const { errors } = await ask(revert, { input: { ...key, changeId: refreshed?.id } }, owner(one.clientId))
    expect(errors[0].extensions).toMatchObject({
      code: 'UNPROCESSABLE_ENTITY',
      exception: { inputErrors: [{ path: ['changeId'] }] },
    })
  })

  test('a new connection and its moves are in the history of their clients, and no revert takes them back', async () => {
    const { database } = gateway
    const [clientId, otherClientId] = [
      await database.insertClient({ type: 'MSP' }),
      await database.insertClient({ type: 'MSP' }),
    ]
    const consumers = [await database.insertClient({ type: 'MIS' }), await database.insertClient({ type: 'MIS' })]
    const [created] = await database.query<{ id: string }>(
      `INSERT INTO connections (id, secret, redirect_uri, client_id, consumer_id, inserted_at, updated_at)
       VALUES (gen_random_uuid(), gen_random_uuid(), 'https://a.example.ua/', $1, $2, now(), now()) RETURNING id`,
      [clientId, consumers[0]],
    )
    const connectionId = created?.id ?? ''
    await database.query('UPDATE connections SET consumer_id = $2 WHERE id = $1', [connectionId, consumers[1]])
    const read = async (of: string, kind?: string) =>
      (
        await ask(
          `query ($of: ID!, $kind: ConnectionChangeKind) {
            client(id: $of) { connectionChanges(kind: $kind) { nodes { id kind consumerId version before after door } } }
          }`,
          { of, kind },
          owner(of),
        )
      ).data.client.connectionChanges.nodes
    const before = 'https://a.example.ua/'
    const row = { id: expect.any(String), kind: 'MOVED', before, after: before, door: 'EXTERNAL' }
    const mine = await read(clientId)
    expect(mine).toEqual([
      { ...row, consumerId: consumers[1], version: 2 },
      { ...row, consumerId: consumers[0], version: 2, after: null },
      { ...row, consumerId: consumers[0], version: 1, kind: 'CREATED' },
    ])
    expect(await read(clientId, 'CREATED')).toEqual([mine[2]])
    for (const { id } of mine) {
      const { errors } = await ask(revert, { input: { clientId, connectionId, changeId: id } }, owner(clientId))
      expect(errors[0].extensions).toMatchObject({
        code: 'UNPROCESSABLE_ENTITY',
        exception: { inputErrors: [{ path: ['changeId'] }] },
      })
    }

    await database.query('UPDATE connections SET client_id = $2 WHERE id = $1', [connectionId, otherClientId])
    expect((await read(clientId))[0]).toEqual({ ...row, consumerId: consumers[1], version: 3, after: null })
    expect(await read(otherClientId)).toEqual([{ ...row, consumerId: consumers[1], version: 3 }])
    const { errors } = await ask(
      revert,
      { input: { clientId: otherClientId, connectionId, changeId: mine[0].id } },
      owner(otherClientId),
    )
    expect(errors[0].extensions.code).toBe('NOT_FOUND')
  })

  test('history and names need connection:read, also below a write', async () => {
    const { clientId, connectionId } = await gateway.connection()
    const token = gateway.issuer.mint(writer(clientId, { scope: 'connection:write' }))
    for (const field of ['lastChange { id }', 'changes { totalCount }', 'client { name }', 'consumer { name }']) {
      const { data, errors } = await ask(
        `mutation ($input: UpdateClientConnectionInput!) { updateClientConnection(input: $input) { clientConnection { id ${field} } } }`,
        { input: { clientId, connectionId, redirectUri: 'https://before.example.ua/callback' } },
        token,
      )
      expect(errors[0]).toMatchObject({
        message: 'Invalid scopes',
        extensions: { exception: { missingAllowances: ['connection:read'] } },
      })
      expect(data).toEqual({ updateClientConnection: null })
    }
  })
})

describe('redirectUriCheck', () => {
  const check = /* GraphQL */ `
    query ($clientId: ID!, $connectionId: ID!, $redirectUri: String!) {
      redirectUriCheck(clientId: $clientId, connectionId: $connectionId, redirectUri: $redirectUri) {
        valid
        violations { rule reason message }
        warnings { reason aLabel }
      }
    }
  `

  test('redirectUriCheck answers every violation and warning, and writes nothing', async () => {
    const { clientId, connectionId } = await gateway.connection('http://old.example.ua/callback')
    const ask2 = async (redirectUri: string) =>
      (await ask(check, { clientId, connectionId, redirectUri }, owner(clientId))).data.redirectUriCheck
    expect(await ask2('https://клініка.укр:8443/callback?a=1')).toEqual({
      valid: true,
      violations: [],
      warnings: [
        { reason: 'host_changed', aLabel: null },
        { reason: 'query_changed', aLabel: null },
        { reason: 'port_given', aLabel: null },
        { reason: 'internationalized_host', aLabel: 'xn--80atadk3mb.xn--j1amh' },
        { reason: 'stored_http', aLabel: null },
      ],
    })
    expect(await ask2('http://old.example.ua/callback#x')).toMatchObject({
      valid: false,
      violations: [
        { rule: 'format', reason: null },
        { rule: 'format', reason: 'fragment' },
      ],
    })
    expect(await ask2(`https://a.ua/${'x'.repeat(5_000)}`)).toMatchObject({
      valid: false,
      violations: [{ rule: 'length', reason: null }],
      warnings: [],
    })
    expect([await gateway.redirectUriOf(connectionId), await gateway.auditOf(connectionId)]).toEqual([
      'http://old.example.ua/callback',
      [],
    ])
  })

  test('redirectUriCheck needs connection:write, the own client and a connection', async () => {
    const { clientId, connectionId } = await gateway.connection()
    const variables = { clientId, connectionId, redirectUri: 'https://a.example.ua/' }
    const messages = [
      (await ask(check, variables, gateway.issuer.mint(writer(clientId, { scope: 'connection:read' })))).errors[0]
        .message,
      (await ask(check, variables, owner(randomUUID()))).errors[0].message,
      (await ask(check, { ...variables, connectionId: randomUUID() }, owner(clientId))).errors[0].message,
    ]
    expect(messages).toEqual(['Invalid scopes', 'Forbidden', 'Not found'])
  })
})

describe('refreshing a secret', () => {
  const refresh =
    'mutation ($input: RefreshClientConnectionSecretInput!) { refreshClientConnectionSecret(input: $input) { secret clientConnection { version } } }'

  test('a refresh without the consumer’s key is HTTP 401, as over REST', async () => {
    const { clientId, connectionId } = await gateway.connection()
    const missing = await ask(refresh, { input: { clientId, connectionId } }, owner(clientId))
    expect([missing.status, missing.errors[0].message, missing.errors[0].extensions.code]).toEqual([
      401,
      'api-key header not set',
      'UNAUTHENTICATED',
    ])
    expect(missing.headers['www-authenticate']).toBe('Bearer realm="mithril"')
    const unknown = await ask(refresh, { input: { clientId, connectionId } }, owner(clientId), { 'api-key': 'x' })
    expect([unknown.status, unknown.errors[0].message]).toEqual([401, 'invalid api-key header'])
  })

  test('a refresh with a stale expectedVersion is CONFLICT, and the secret stays', async () => {
    const { clientId, consumerId, connectionId, secret } = await gateway.connection()
    const apiKey = await gateway.database.insertApiKey(consumerId)
    const refreshAt = (expectedVersion: number) =>
      ask(refresh, { input: { clientId, connectionId, expectedVersion } }, owner(clientId), { 'api-key': apiKey })
    expect((await refreshAt(9)).errors[0].extensions).toMatchObject({
      code: 'CONFLICT',
      exception: { current: { version: 1 } },
    })
    expect(await gateway.database.query('SELECT secret FROM connections WHERE id = $1', [connectionId])).toEqual([
      { secret },
    ])
    expect((await refreshAt(1)).data.refreshClientConnectionSecret.clientConnection).toEqual({ version: 2 })
  })

  test('only the answer to the refresh holds the secret, and no log line or audit row', async () => {
    const { clientId, consumerId, connectionId, secret, path } = await gateway.connection()
    const apiKey = await gateway.database.insertApiKey(consumerId)
    const token = owner(clientId)
    const refreshed = await ask(refresh, { input: { clientId, connectionId } }, token, { 'api-key': apiKey })
    const newSecret = refreshed.data.refreshClientConnectionSecret.secret
    const answers = [
      await gateway.app.inject({ url: path, headers: bearer(token) }),
      await gateway.app.inject({ url: `/api/clients/${clientId}/connections`, headers: bearer(token) }),
      await gateway.app.inject({ url: `/api/clients/${clientId}`, headers: bearer(token) }),
      await gateway.patch(path, { redirect_uri: 'https://after.example.ua/' }, token),
      await gateway.graphql(
        `{ client(id: "${clientId}") { name settings connections { nodes { id redirectUri consumer { name } lastChange { before after caller { clientId } } changes { nodes { kind before after requestId } } } } } }`,
        {},
        token,
      ),
      await gateway.app.inject({ method: 'DELETE', url: path, headers: bearer(token) }),
    ]
    const seen =
      answers.map(({ body }) => body).join() +
      gateway.log.join() +
      JSON.stringify(await gateway.database.query('SELECT c::text FROM connection_changes c'))
    expect(seen).toContain('SECRET_REFRESHED')
    for (const hidden of [secret, newSecret, apiKey]) expect(seen).not.toContain(hidden)
    expect((await gateway.auditOf(connectionId)).map(({ kind }) => kind)).toEqual([
      'SECRET_REFRESHED',
      'UPDATED',
      'DELETED',
    ])
  })
})

test('the viewer says which operations the caller may run', async () => {
  const query = '{ viewer { mayUpdate mayRefreshSecret mayDelete seesAllClients } }'
  expect((await ask(query, {}, admin())).data.viewer).toEqual({
    mayUpdate: true,
    mayRefreshSecret: true,
    mayDelete: true,
    seesAllClients: true,
  })
  const reader = gateway.issuer.mint(writer(randomUUID(), { scope: 'connection:read' }))
  expect((await ask(query, {}, reader)).data.viewer).toEqual({
    mayUpdate: false,
    mayRefreshSecret: false,
    mayDelete: false,
    seesAllClients: false,
  })
})
