import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { parseConfig } from '../../src/config/parse.ts'
import { type Gateway, openGateway } from '../../src/gateway.ts'
import { migrate } from '../../src/persistence/migrations/migrate.ts'
import { type MithrilCluster, prepareForGateway, startMithrilCluster } from '../support/mithril-cluster.ts'
import { type Pgbouncer, pgbouncerIsMissing, startPgbouncer } from '../support/pgbouncer.ts'
import { recordedLog } from '../support/recordings.ts'
import { startTestIssuer, type TestIssuer } from '../support/tokens.ts'

// A real PgBouncer in transaction mode, with the configuration of ops/, in front of a database with the roles of ops/.

interface Owned {
  readonly clientId: string
  readonly connectionId: string
}

const serverConnections = 5
const mutation = `mutation ($input: UpdateClientConnectionInput!) {
  updateClientConnection(input: $input) { clientConnection { redirectUri } }
}`

describe.skipIf(pgbouncerIsMissing)('behind PgBouncer in transaction mode', () => {
  let cluster: MithrilCluster
  let pgbouncer: Pgbouncer
  let issuer: TestIssuer
  const owned: Owned[] = []
  const first = () => owned[0] ?? expect.fail('no client')

  beforeAll(async () => {
    cluster = await startMithrilCluster()
    await prepareForGateway(cluster)
    pgbouncer = await startPgbouncer(cluster, { default_pool_size: String(serverConnections) })
    issuer = await startTestIssuer()
    const now = `now() AT TIME ZONE 'UTC'`
    for (let number = 0; number < 20; number++) {
      const [clientId, connectionId] = [randomUUID(), randomUUID()]
      await cluster.query(`
        INSERT INTO clients (id, name, client_type_id, inserted_at, updated_at)
          SELECT '${clientId}', 'Client ${number}', id, ${now}, ${now} FROM client_types WHERE name = 'MSP';
        INSERT INTO connections (id, secret, redirect_uri, client_id, consumer_id, inserted_at, updated_at)
          VALUES ('${connectionId}', 'secret-${connectionId}', 'https://before.example.ua/', '${clientId}', '${clientId}', ${now}, ${now})`)
      owned.push({ clientId, connectionId })
    }
  })
  afterAll(async () => {
    await issuer?.close()
    await pgbouncer?.stop()
    await cluster?.stop()
  })

  const open: Gateway[] = []
  afterEach(async () => {
    for (const gateway of open.splice(0)) await gateway.close()
  })

  async function openPooled(environment: Record<string, string> = {}): Promise<{ app: Gateway['app']; log: string[] }> {
    const log: string[] = []
    const config = parseConfig({
      NODE_ENV: 'production',
      DATABASE_URL: cluster.urlOf('gateway', pgbouncer.port),
      DATABASE_POOLER: 'pgbouncer',
      DATABASE_POOL_MAX: '20',
      WRITE_LIMIT_PER_MINUTE: '0',
      TOKEN_ISSUER: issuer.issuer,
      TOKEN_AUDIENCE: issuer.audience,
      TOKEN_JWKS_URL: issuer.jwksUrl,
      ...environment,
    })
    const gateway = await openGateway(config, recordedLog(log))
    open.push(gateway)
    return { app: gateway.app, log }
  }

  const headersFor = ({ clientId }: Owned) => ({
    'content-type': 'application/json',
    authorization: `Bearer ${issuer.mint({ clientId, clientType: 'MSP', scope: 'connection:read connection:write' })}`,
  })
  const updateByRest = (app: Gateway['app'], target: Owned, redirectUri: string) =>
    app.inject({
      method: 'PATCH',
      url: `/api/clients/${target.clientId}/connections/${target.connectionId}`,
      headers: headersFor(target),
      payload: JSON.stringify({ redirect_uri: redirectUri }),
    })
  const updateByGraphql = (app: Gateway['app'], target: Owned, redirectUri: string) =>
    app.inject({
      method: 'POST',
      url: '/graphql',
      headers: headersFor(target),
      payload: JSON.stringify({ query: mutation, variables: { input: { ...target, redirectUri } } }),
    })
  const auditOf = (connectionId: string) =>
    cluster.query(`SELECT door, caller_client_id AS caller, redirect_uri_before AS before, redirect_uri_after AS after
                     FROM connection_changes
                    WHERE connection_id = '${connectionId}' AND kind <> 'CREATED' ORDER BY id`)

  test('the gateway is ready, finds the limits of its role, and warns of nothing', async () => {
    const { app, log } = await openPooled()
    await vi.waitFor(
      async () => expect((await app.inject({ url: '/health/ready' })).json()).toMatchObject({ status: 'ok' }),
      {
        timeout: 30_000,
      },
    )
    expect(log.filter((line) => line.includes('timeout'))).toEqual([])
    const client = new Client({ connectionString: cluster.urlOf('gateway', pgbouncer.port) })
    await client.connect()
    const { rows } = await client.query(
      `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
              current_setting('idle_in_transaction_session_timeout') AS idle`,
    )
    await client.end()
    expect(rows).toEqual([{ statement: '5s', lock: '3s', idle: '5s' }])
  })

  test('20 callers share 5 sessions through both doors, and each change has its own caller', async () => {
    const { app } = await openPooled()
    // As a client of the same pool that sets no caller: whatever a session had kept of the one before would stand in
    // its audit row.
    const stranger = new Client({ connectionString: cluster.urlOf('gateway', pgbouncer.port) })
    await stranger.connect()
    const marked = { clientId: randomUUID(), connectionId: randomUUID() }
    await cluster.query(`
      INSERT INTO clients SELECT '${marked.clientId}', 'Stranger', NULL, NULL, NULL, NULL, NULL, client_type_id, false, NULL, inserted_at, updated_at
        FROM clients WHERE id = '${owned[0]?.clientId}';
      INSERT INTO connections (id, secret, redirect_uri, client_id, consumer_id, inserted_at, updated_at)
        SELECT '${marked.connectionId}', 'secret-${marked.connectionId}', 'https://0.example.ua/', '${marked.clientId}', '${marked.clientId}', inserted_at, updated_at
          FROM connections WHERE id = '${owned[0]?.connectionId}'`)

    let done = false
    let most = 0
    const writers = Promise.all(
      owned.map(async (target) => {
        const statuses: number[] = []
        for (let round = 1; round <= 6; round++) {
          const update = round % 2 === 0 ? updateByRest : updateByGraphql
          const answer = await update(app, target, `https://round-${round}.example.ua/`)
          statuses.push(answer.statusCode)
          expect(answer.body).toContain(`https://round-${round}.example.ua/`)
        }
        return statuses
      }),
    ).finally(() => {
      done = true
    })
    let foreign = 0
    while (!done) {
      foreign += 1
      await stranger.query(
        `UPDATE connections SET redirect_uri = 'https://${foreign}.example.ua/' WHERE id = '${marked.connectionId}'`,
      )
      const [row] = await cluster.query(
        `SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE usename = 'gateway'`,
      )
      most = Math.max(most, Number(row?.['sessions']))
    }
    await stranger.end()

    expect(await writers).toEqual(owned.map(() => Array(6).fill(200)))
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(serverConnections)
    for (const { clientId, connectionId } of owned)
      expect(await auditOf(connectionId)).toEqual(
        ['before', 'round-1', 'round-2', 'round-3', 'round-4', 'round-5'].map((before, index) => ({
          door: index % 2 === 0 ? 'GRAPHQL' : 'REST',
          caller: clientId,
          before: `https://${before}.example.ua/`,
          after: `https://round-${index + 1}.example.ua/`,
        })),
      )
    expect(foreign).toBeGreaterThan(5)
    expect(await auditOf(marked.connectionId)).toEqual(
      Array.from({ length: foreign }, (_, index) => ({
        door: 'EXTERNAL',
        caller: null,
        before: `https://${index}.example.ua/`,
        after: `https://${index + 1}.example.ua/`,
      })),
    )
  })

  test('the gateway reads lists and history', async () => {
    // 160 statements through 5 sessions: on a slow machine some would wait too long, which is another test's.
    const { app } = await openPooled({ DATABASE_QUEUE_TIMEOUT_MS: '10000' })
    const target = first()
    const query = `{ client(id: "${target.clientId}") { connections { nodes { id consumer { clientId } changes { nodes { kind } } } } } }`
    const token = issuer.mint({ clientId: target.clientId, clientType: 'MSP', scope: 'client:read connection:read' })
    const ask = () =>
      app.inject({
        method: 'POST',
        url: '/graphql',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        payload: JSON.stringify({ query }),
      })
    for (const answer of await Promise.all(Array.from({ length: 40 }, ask)))
      expect(answer.json()).toMatchObject({
        data: { client: { connections: { nodes: [{ id: target.connectionId }] } } },
      })
  })

  test('without DATABASE_POOLER the gateway is not ready, because PgBouncer refuses session settings', async () => {
    const { app, log } = await openPooled({ DATABASE_POOLER: 'none' })
    await vi.waitFor(
      async () =>
        expect((await app.inject({ url: '/health/ready' })).json()).toEqual({
          status: 'unavailable',
          version: expect.any(String),
          checks: { keys: 'ok', database: 'unavailable', migrations: 'unavailable' },
        }),
      { timeout: 30_000 },
    )
    expect((await updateByRest(app, first(), 'https://never.example.ua/')).statusCode).toBe(503)
    expect(log.join('')).toContain('unsupported startup parameter')
    expect(log.join('')).toContain('is PgBouncer in between? It needs DATABASE_POOLER=pgbouncer')
  })

  test('when all sessions are taken, a waiting caller gets 503', async () => {
    const narrow = await startPgbouncer(cluster, { default_pool_size: '1', query_wait_timeout: '1' })
    const holder = new Client({ connectionString: cluster.urlOf('gateway', narrow.port) })
    try {
      const { app } = await openPooled({ DATABASE_URL: cluster.urlOf('gateway', narrow.port) })
      await holder.connect()
      await holder.query('BEGIN')
      const refused = await updateByRest(app, first(), 'https://waits.example.ua/')
      expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '1'])
      await holder.query('ROLLBACK')
      await vi.waitFor(
        async () => expect((await updateByRest(app, first(), 'https://waited.example.ua/')).statusCode).toBe(200),
        {
          timeout: 30_000,
        },
      )
    } finally {
      await holder.end()
      await narrow.stop()
    }
  })

  test('the gateway warns once of a role without limits, and serves', async () => {
    await cluster.query(`ALTER ROLE gateway RESET statement_timeout; ALTER ROLE gateway SET lock_timeout = '1min'`)
    const another = await startPgbouncer(cluster)
    try {
      const { app, log } = await openPooled({ DATABASE_URL: cluster.urlOf('gateway', another.port) })
      const readiness = () => app.inject({ url: '/health/ready' })
      await vi.waitFor(async () => expect((await readiness()).statusCode).toBe(200), { timeout: 30_000 })
      await readiness()
      expect(log.map((line) => JSON.parse(line)).filter(({ level }) => level === 40)).toEqual([
        expect.objectContaining({
          msg: "lock_timeout of the gateway's role is 60000 ms, and has to be from 1 to 3000 ms",
        }),
        expect.objectContaining({
          msg: "statement_timeout of the gateway's role is 0 ms, and has to be from 1 to 5000 ms",
        }),
      ])
    } finally {
      await another.stop()
      await cluster.query(`ALTER ROLE gateway SET statement_timeout = '5s'; ALTER ROLE gateway SET lock_timeout = '3s'`)
    }
  })

  test('migrations refuse PgBouncer, because their lock would stay on a shared session', async () => {
    await expect(migrate(cluster.urlOf('gateway_migrator', pgbouncer.port))).rejects.toThrow(
      `The database 127.0.0.1:${pgbouncer.port}/mithril is reached through a connection pooler. Migrations need a session of their own: set DATABASE_URL to PostgreSQL itself.`,
    )
    expect(
      await cluster.query(
        `SELECT count(*)::int AS held FROM pg_locks JOIN pg_database ON pg_database.oid = database
          WHERE locktype = 'advisory' AND datname = current_database()`,
      ),
    ).toEqual([{ held: 0 }])
    expect(await migrate(cluster.urlOf('gateway_migrator'))).toEqual([])
  })
})
