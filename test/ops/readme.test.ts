import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seed } from '../../prisma/seed.ts'
import { demo } from '../../prisma/seed-data.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { type Gateway, openGateway } from '../../src/gateway.ts'
import { MIGRATIONS, migrationNames } from '../../src/persistence/migrations/migration-files.ts'
import { type MithrilCluster, rolePassword, startMithrilCluster } from '../support/mithril-cluster.ts'
import { isMissing } from '../support/programs.ts'
import { recordedLog } from '../support/recordings.ts'
import { startTestIssuer, type TestIssuer } from '../support/tokens.ts'

const repository = join(import.meta.dirname, '../..')
const text = readFileSync(join(repository, 'ops/README.md'), 'utf8')

interface Fence {
  readonly kind: string
  readonly content: string
}
const fences: readonly Fence[] = [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(
  ([, kind = '', content = '']) => ({ kind, content }),
)
const optional = fences.filter(({ kind }) => kind === 'sh optional').map(({ content }) => content)
const commands = fences.filter(({ kind }) => kind === 'sh').map(({ content }) => content)

const psqlIsMissing = isMissing('psql')

/** Runs a fence as a person would paste it, and answers what it wrote. */
async function runInShell(script: string, environment: Record<string, string>): Promise<string> {
  const child = spawn('bash', ['-euo', 'pipefail'], {
    cwd: repository,
    timeout: 60_000,
    env: {
      PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`,
      HOME: process.env['HOME'] ?? '',
      ...environment,
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  child.stdin.end(script)
  const [code] = await once(child, 'close')
  expect(code, `${script}\n${output}`).toBe(0)
  return output
}

describe('ops/README.md', () => {
  test('each block of ops/README.md is marked as run here, as needing tools, or as no command', () => {
    expect(fences.map(({ kind }) => kind)).toEqual(
      fences.map(() => expect.stringMatching(/^(sh|sh optional|sh tools|sh engine|text)$/)),
    )
    expect(commands.length).toBeGreaterThan(3)
    const elsewhere = fences
      .filter(({ kind }) => kind === 'sh engine')
      .flatMap(({ content }) => content.trim().split('\n'))
    // A line of such a block that could be run without an engine is one that is run in another block.
    for (const line of elsewhere) if (!/^(docker|kubectl) /.test(line)) expect(commands.join('')).toContain(line)
  })

  test('ops/README.md names files, sections and variables that exist', () => {
    const links = [...text.matchAll(/\]\((?!http)([^)#]*)(?:#([^)]*))?\)/g)]
    expect(links.length).toBeGreaterThan(10)
    for (const [, path = '', anchor] of links) {
      const file = path === '' ? 'ops/README.md' : join('ops', path)
      expect(existsSync(join(repository, file)), file).toBe(true)
      if (anchor === undefined) continue
      const headings = [...readFileSync(join(repository, file), 'utf8').matchAll(/^#+ (.+)$/gm)]
      expect(
        headings.map(([, heading = '']) =>
          heading
            .toLowerCase()
            .replaceAll(/[^\w -]/g, '')
            .replaceAll(' ', '-'),
        ),
      ).toContain(anchor)
    }
    for (const [path] of text.matchAll(/\bops\/[\w./-]+\w/g))
      expect(existsSync(join(repository, path)), path).toBe(true)
    const configured = readFileSync(join(repository, 'src/config/variables.ts'), 'utf8')
    // NODE_… are Node's own, and these of OTEL_… the library's.
    const own =
      /^(ADMIN_URL|NEW_ADMIN_URL|MIGRATOR_URL|ARCHIVIST_URL|(MIGRATOR|GATEWAY|ARCHIVIST)_PASSWORD|LC_CTYPE|METH_GET|ON_ERROR_STOP|NODE_[A-Z_]+|OTEL_(TRACES_SAMPLER|EXPORTER_OTLP_HEADERS|SERVICE_NAME|RESOURCE_ATTRIBUTES))$/
    for (const [name] of text.matchAll(/\b[A-Z]+(_[A-Z]+)+\b/g))
      if (!own.test(name)) expect(configured).toContain(`  ${name}:`)
  })
})

describe.skipIf(psqlIsMissing)('its commands, one after the other on a database of Mithril', () => {
  let cluster: MithrilCluster
  let issuer: TestIssuer
  let outputs: string[]
  const connections = () => ({
    ADMIN_URL: cluster.adminUrl,
    MIGRATOR_URL: cluster.urlOf('gateway_migrator'),
    MIGRATOR_PASSWORD: rolePassword,
    GATEWAY_PASSWORD: rolePassword,
    ARCHIVIST_URL: cluster.urlOf('gateway_archivist'),
    ARCHIVIST_PASSWORD: rolePassword,
  })
  beforeAll(async () => {
    cluster = await startMithrilCluster()
    issuer = await startTestIssuer()
    outputs = []
    for (const command of commands) outputs.push(await runInShell(command, connections()))
    await seed(cluster.urlOf('gateway_migrator'))
  }, 120_000)
  afterAll(async () => {
    await issuer?.close()
    await cluster?.stop()
  })

  /** The gateway on what those commands have made. */
  function openProduction(environment: Record<string, string> = {}): Promise<Gateway> {
    const config = parseConfig({
      NODE_ENV: 'production',
      DATABASE_URL: cluster.urlOf('gateway'),
      TOKEN_ISSUER: issuer.issuer,
      TOKEN_AUDIENCE: issuer.audience,
      TOKEN_JWKS_URL: issuer.jwksUrl,
      ...environment,
    })
    return openGateway(config, recordedLog([]))
  }

  test('the commands take the baseline, build the indexes beforehand and migrate the rest', async () => {
    const all = outputs.join('\n')
    expect(all).toMatch(/Recorded 0000_init as applied/)
    const [, ...additive] = await migrationNames(MIGRATIONS)
    expect(all).toContain(`Applied ${additive.join(', ')}.`)
    expect(all.match(/^CREATE INDEX$/gm)).toHaveLength(6)
    expect(all).not.toContain(rolePassword)
    const owners =
      await cluster.query(`SELECT relname AS name, rolname AS owner FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner
                                         WHERE relname IN ('connections', 'clients', 'connection_changes') ORDER BY relname`)
    expect(owners).toEqual([
      { name: 'clients', owner: 'mithril' },
      { name: 'connection_changes', owner: 'gateway_migrator' },
      { name: 'connections', owner: 'mithril' },
    ])
  })

  test('Mithril still writes its tables, its writes are recorded, and it cannot write the audit', async () => {
    await cluster.query(
      `UPDATE connections SET redirect_uri = 'https://mithril.example.ua/' WHERE id = '${demo.connectionId}'`,
      'mithril',
    )
    expect(
      await cluster.query(
        `SELECT kind, door, redirect_uri_after AS after FROM connection_changes
          WHERE connection_id = '${demo.connectionId}' ORDER BY id`,
      ),
    ).toEqual([
      { kind: 'CREATED', door: 'EXTERNAL', after: demo.redirectUri },
      { kind: 'UPDATED', door: 'EXTERNAL', after: 'https://mithril.example.ua/' },
    ])
    await expect(cluster.query(`DELETE FROM connection_changes`, 'mithril')).rejects.toMatchObject({ code: '42501' })
    await expect(cluster.query(`ALTER TABLE connection_changes DISABLE TRIGGER ALL`, 'mithril')).rejects.toMatchObject({
      code: '42501',
    })
  })

  describe('make a role that serves', () => {
    let gateway: Gateway
    beforeAll(async () => {
      gateway = await openProduction()
    })
    afterAll(() => gateway?.close())

    const headers = () => ({
      'content-type': 'application/json',
      authorization: `Bearer ${issuer.mint({
        ...demo.admin,
        scope: 'client:read connection:read connection:write connection:refresh_secret connection:delete',
      })}`,
    })
    const key = { clientId: demo.msp.clientId, connectionId: demo.connectionId }
    const path = `/api/clients/${key.clientId}/connections/${key.connectionId}`

    test('the serving role is ready', async () => {
      await expect
        .poll(async () => (await gateway.app.inject({ url: '/health/ready' })).json(), { timeout: 30_000 })
        .toMatchObject({ status: 'ok', checks: { keys: 'ok', database: 'ok', migrations: 'ok' } })
    })

    test('the serving role runs all of GraphQL', async () => {
      const graphql = async (query: string, variables: object = {}) => {
        const answer = await gateway.app.inject({
          method: 'POST',
          url: '/graphql',
          headers: headers(),
          payload: { query, variables },
        })
        expect(answer.json()).not.toHaveProperty('errors')
        return answer.json().data
      }
      const updated = await graphql(
        'mutation ($input: UpdateClientConnectionInput!) { updateClientConnection(input: $input) { clientConnection { redirectUri } } }',
        { input: { ...key, redirectUri: 'https://role.example.ua/' } },
      )
      expect(updated).toEqual({
        updateClientConnection: { clientConnection: { redirectUri: 'https://role.example.ua/' } },
      })
      const { clientConnection } = await graphql(
        `query ($clientId: ID!, $connectionId: ID!) {
           clientConnection(clientId: $clientId, connectionId: $connectionId) {
             client { name } consumer { name } lastChange { door } changes { totalCount nodes { id kind caller { clientId } } }
           }
         }`,
        key,
      )
      expect(clientConnection).toMatchObject({
        lastChange: { door: 'GRAPHQL' },
        changes: { totalCount: expect.any(Number) },
      })
      await graphql(
        'mutation ($input: RevertClientConnectionInput!) { revertClientConnection(input: $input) { clientConnection { redirectUri } } }',
        { input: { ...key, changeId: clientConnection.changes.nodes[0].id } },
      )
      await graphql(
        `{ viewer { clientId } clients(filter: { nameContains: "клініка" }) { totalCount nodes { id name settings connections { totalCount nodes { id } } } } }`,
      )
    })

    test('the serving role runs all of REST', async () => {
      const ask = async (
        method: 'GET' | 'PATCH' | 'DELETE',
        url: string,
        more: Record<string, string> = {},
        payload?: object,
      ) =>
        (await gateway.app.inject({ method, url, headers: { ...headers(), ...more }, ...(payload && { payload }) }))
          .statusCode
      const [row] = await cluster.query(
        `SELECT secret FROM connections WHERE client_id = '${demo.mis.clientId}' LIMIT 1`,
      )
      expect([
        await ask(
          'GET',
          '/api/clients?name=клініка&is_blocked=false'.replace('клініка', encodeURIComponent('клініка')),
        ),
        await ask('GET', `/api/clients/${key.clientId}`),
        await ask('GET', `/api/clients/${key.clientId}/connections?redirect_uri=example`),
        await ask('GET', path),
        await ask('PATCH', path, {}, { redirect_uri: 'https://rest.example.ua/' }),
        await ask('PATCH', `${path}/actions/refresh_secret`, { 'api-key': 'unknown' }),
        await ask('PATCH', `${path}/actions/refresh_secret`, { 'api-key': String(row?.['secret']) }),
        await ask('DELETE', path),
      ]).toEqual([200, 200, 200, 200, 200, 401, 200, 204])
    })
  })

  test.each([
    ['read the secret of a client', 'SELECT secret FROM clients'],
    ['read all of a client', 'SELECT * FROM clients'],
    ['read the address of a user', 'SELECT email FROM users'],
    ['read tokens', 'SELECT value FROM tokens'],
    ['make a connection', 'INSERT INTO connections SELECT * FROM connections'],
    ['move a connection to another client', 'UPDATE connections SET client_id = consumer_id'],
    ['move it to another consumer', 'UPDATE connections SET consumer_id = client_id'],
    ['change a client', `UPDATE clients SET is_blocked = false`],
    ['delete a client', 'DELETE FROM clients'],
    ['empty the connections', 'TRUNCATE connections'],
    ['write into the audit', `INSERT INTO connection_changes SELECT * FROM connection_changes`],
    ['change the audit', `UPDATE connection_changes SET door = 'EXTERNAL'`],
    ['delete from the audit', 'DELETE FROM connection_changes'],
    ['empty the audit', 'TRUNCATE connection_changes'],
    ['switch the audit off', 'ALTER TABLE connections DISABLE TRIGGER ALL'],
    ['skip the triggers', `SET session_replication_role = 'replica'`],
    [
      'replace the function that records',
      'CREATE OR REPLACE FUNCTION record_connection_update() RETURNS trigger LANGUAGE sql AS $$ SELECT 1 $$',
    ],
    ['make a table', 'CREATE TABLE mine ()'],
    ['pretend that a migration has run', 'DELETE FROM _prisma_migrations'],
    ['become the one who migrates', 'SET ROLE gateway_migrator'],
    ['become Mithril', 'SET ROLE mithril'],
  ])('and cannot %s', async (_what, statement) => {
    await expect(cluster.query(statement, 'gateway')).rejects.toMatchObject({ code: '42501' })
  })

  test('with opaque tokens the serving role may look tokens up, and no more', async () => {
    const value = 'opaque-token'
    const details = JSON.stringify({ client_id: demo.msp.clientId, scope: 'client:read' })
    await cluster.query(`INSERT INTO tokens (id, name, value, expires_at, details, inserted_at, updated_at)
      VALUES (gen_random_uuid(), 'access_token', '${value}', 2147483647, '${details}', now(), now())`)
    const gateway = await openProduction({ OPAQUE_TOKENS: 'mithril' })
    const ask = async () =>
      (
        await gateway.app.inject({
          url: `/api/clients/${demo.msp.clientId}`,
          headers: { authorization: `Bearer ${value}` },
        })
      ).statusCode
    try {
      expect(await ask()).toBe(500)
      await runInShell(optional[0] ?? '', connections())
      expect(await ask()).toBe(200)
      await expect(cluster.query('SELECT * FROM tokens', 'gateway')).rejects.toMatchObject({ code: '42501' })
      await expect(cluster.query('SELECT secret FROM clients', 'gateway')).rejects.toMatchObject({ code: '42501' })
    } finally {
      await gateway.close()
    }
  })

  test("let a migration of Mithril's widen a column, and changes go on being recorded", async () => {
    await cluster.query('ALTER TABLE connections ALTER COLUMN redirect_uri TYPE varchar(2048)', 'mithril')
    const long = `https://long.example.ua/${'a'.repeat(1_000)}`
    const change = `UPDATE connections SET redirect_uri = '${long}' RETURNING id`
    await expect(cluster.query(change, 'mithril')).rejects.toMatchObject({ code: '22001' })

    await runInShell(optional[1] ?? '', connections())

    const [row] = await cluster.query(change, 'mithril')
    expect(
      await cluster.query(`SELECT redirect_uri_after AS after FROM connection_changes
                            WHERE connection_id = '${row?.['id']}' ORDER BY id DESC LIMIT 1`),
    ).toEqual([{ after: long }])
  })

  test('the command moves the numbers of changes on, so that no event gets the id of a lost one', async () => {
    const change = `UPDATE connections SET redirect_uri = 'https://' || gen_random_uuid() || '.example.ua/'`
    const latest = async () => {
      await cluster.query(change, 'mithril')
      const [row] = await cluster.query('SELECT max(id)::int AS id FROM connection_changes')
      return Number(row?.['id'])
    }
    const before = await latest()
    await runInShell(optional[4] ?? '', connections())
    expect(await latest()).toBeGreaterThan(before + 1_000_000)
  })

  test('the commands move old history into a file', async () => {
    await cluster.query(`
      INSERT INTO connection_changes (connection_id, client_id, kind, redirect_uri_before, door, changed_at)
        VALUES (gen_random_uuid(), gen_random_uuid(), 'DELETED', 'https://old.example.ua/', 'EXTERNAL', '2012-01-01')`)
    const folder = await mkdtemp(join(tmpdir(), 'history-archive-'))
    try {
      const output = await runInShell(optional[2] ?? '', { ...connections(), ARCHIVE: join(folder, 'archive.jsonl') })
      expect(output).toContain('holds 1 changes from before 2016-01-01; 1 of them were removed now.')
      expect(output).not.toContain(rolePassword)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
