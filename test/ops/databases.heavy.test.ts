import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { demo } from '../../prisma/seed-data.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { type Gateway, openGateway } from '../../src/gateway.ts'
import {
  type DebianPostgres,
  debianPostgresIsMissing,
  startDebianPostgres,
  startDebianStandby,
  startPgpool,
} from '../support/debian-postgres.ts'
import { makeMithril, prepareForGateway, rolePassword } from '../support/mithril-cluster.ts'
import { patient } from '../support/patient.ts'
import { isMissing } from '../support/programs.ts'
import { recordedLog } from '../support/recordings.ts'
import { startTestIssuer, type TestIssuer } from '../support/tokens.ts'

// What operators do with a database, with Debian's programs and the commands of ops/README.md, word for word.

const repository = join(import.meta.dirname, '../..')
const readme = readFileSync(join(repository, 'ops/README.md'), 'utf8')
const tools = [...readme.matchAll(/^```sh tools\n([\s\S]*?)^```$/gm)].map(([, content = '']) => content)

/** The block of ops/README.md that has this text. */
const commandWith = (text: string) =>
  tools.find((block) => block.includes(text)) ?? expect.fail(`no block with ${text}`)

const path = `/api/clients/${demo.msp.clientId}/connections/${demo.connectionId}`

const isSkipped = debianPostgresIsMissing || isMissing('pg_dump', 'pg_repack', 'pgpool')

describe.skipIf(isSkipped)('a database of Debian', { timeout: 600_000 }, () => {
  let source: DebianPostgres
  let issuer: TestIssuer
  let folder: string
  const others: DebianPostgres[] = []
  const gateways: Gateway[] = []

  beforeAll(async () => {
    issuer = await startTestIssuer()
    folder = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-databases-'))
    source = await startDebianPostgres()
    await makeMithril(source)
    await prepareForGateway(source)
  })
  afterEach(async () => {
    for (const gateway of gateways.splice(0)) await gateway.close()
  })
  afterAll(async () => {
    for (const cluster of others) await cluster.stop()
    await source?.stop()
    await issuer?.close()
    if (folder !== undefined) await rm(folder, { recursive: true })
  })

  const shell = (script: string, environment: Record<string, string>) =>
    promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: repository,
      timeout: 240_000,
      env: { PATH: `/usr/lib/postgresql/15/bin:${process.env['PATH']}`, ...environment },
    })

  async function open(url: string): Promise<Gateway> {
    const config = parseConfig({
      NODE_ENV: 'production',
      DATABASE_URL: url,
      TOKEN_ISSUER: issuer.issuer,
      TOKEN_AUDIENCE: issuer.audience,
      TOKEN_JWKS_URL: issuer.jwksUrl,
      WRITE_LIMIT_PER_MINUTE: '0',
      ...patient,
    })
    const gateway = await openGateway(config, recordedLog([]))
    gateways.push(gateway)
    return gateway
  }
  const headers = () => ({
    'content-type': 'application/json',
    authorization: `Bearer ${issuer.mint({ ...demo.msp, scope: 'connection:read connection:write' })}`,
  })
  const readiness = async ({ app }: Gateway) => (await app.inject({ url: '/health/ready' })).json().status
  const update = ({ app }: Gateway, uri: string) =>
    app.inject({ method: 'PATCH', url: path, headers: headers(), payload: { redirect_uri: uri } })

  /** A gateway on it is ready, and a change through it continues the chain of the history. */
  async function works(cluster: DebianPostgres, database = 'mithril'): Promise<void> {
    const gateway = await open(cluster.urlOf('gateway').replace(/mithril$/, database))
    await vi.waitFor(async () => expect(await readiness(gateway)).toBe('ok'), { timeout: 120_000 })
    const query = `{ clientConnection(clientId: "${demo.msp.clientId}", connectionId: "${demo.connectionId}") {
      redirectUri changes(first: 2) { nodes { before after } } } }`
    const uris = ['first', 'second'].map((word) => `https://${word}.example.ua/${randomUUID()}`)
    for (const uri of uris) expect((await update(gateway, uri)).statusCode).toBe(200)
    const answer = await gateway.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: headers(),
      payload: { query },
    })
    const found = answer.json().data?.clientConnection
    expect(found?.redirectUri, answer.body).toBe(uris[1])
    expect(found.changes.nodes[0]).toEqual({ before: uris[0], after: uris[1] })
    expect(found.changes.nodes[1].after).toBe(uris[0])
  }

  describe('is dumped and restored', () => {
    const backup = () => join(folder, 'backup')
    const restoreWith = async (database: string, change: (command: string) => string) => {
      await source.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
      await source.query(`CREATE DATABASE ${database}`)
      const target = source.adminUrl.replace(/mithril$/, database)
      await shell(change(commandWith('pg_restore')), { NEW_ADMIN_URL: target, BACKUP: backup() })
      return target
    }
    const rowsOf = async (url: string, sql: string) =>
      (await shell(`psql "$URL" -Atc "$SQL"`, { URL: url, SQL: sql })).stdout
    const state = `SELECT tgname::text, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
                    UNION ALL SELECT relname, relowner::regrole::text FROM pg_class
                     WHERE relname IN ('connections', 'connection_changes', 'connection_change_archives')
                    UNION ALL SELECT proname, proowner::regrole || coalesce(proacl::text, '') FROM pg_proc
                     WHERE proname LIKE 'record\\_%' ORDER BY 1`

    beforeAll(async () => {
      await shell(commandWith('pg_dump "$ADMIN_URL" --format'), { ADMIN_URL: source.adminUrl, BACKUP: backup() })
    })

    test('a whole restore is ready, and the history goes on', async () => {
      const target = await restoreWith('restored', (command) => command)
      expect(await rowsOf(target, state)).toBe(await rowsOf(source.adminUrl, state))
      await works(source, 'restored')
    })

    test('rights.sql restores the rights after a restore without privileges', async () => {
      const target = await restoreWith('unprivileged', (command) =>
        command.replace('--exit-on-error', '--exit-on-error --no-privileges'),
      )
      expect(await rowsOf(target, state)).toBe(await rowsOf(source.adminUrl, state))
      await works(source, 'unprivileged')
    })

    test('rights.sql gives the history back to gateway_migrator after a restore without owners', async () => {
      const target = await restoreWith('unowned', (command) =>
        command.replace('--exit-on-error', '--exit-on-error --no-owner'),
      )
      const owner = `SELECT relowner::regrole FROM pg_class WHERE relname = 'connection_changes'`
      expect(await rowsOf(target, owner)).toBe('gateway_migrator\n')
      await works(source, 'unowned')
    })

    test('after a partial restore the gateway is not ready, since no change would leave a record', async () => {
      await source.query('DROP DATABASE IF EXISTS partial WITH (FORCE)')
      await source.query('CREATE DATABASE partial')
      const target = source.adminUrl.replace(/mithril$/, 'partial')
      const tables = ['users', 'client_types', 'clients', 'connections', 'connection_changes', '_prisma_migrations']
      await shell(
        `psql "$TARGET" -c 'CREATE EXTENSION citext; CREATE EXTENSION pg_trgm'
         pg_dump "$SOURCE" --format custom ${tables.map((name) => `--table ${name}`).join(' ')} | pg_restore --dbname "$TARGET" --no-comments || true`,
        { SOURCE: source.adminUrl, TARGET: target },
      )
      const gateway = await open(source.urlOf('gateway').replace(/mithril$/, 'partial'))
      await vi.waitFor(
        async () => expect((await gateway.app.inject({ url: '/health/ready' })).json().checks.keys).toBe('ok'),
        { timeout: 120_000 },
      )
      expect(await readiness(gateway)).toBe('unavailable')
    })
  })

  test('a database moves to another server by logical replication', async () => {
    const target = await startDebianPostgres()
    others.push(target)
    onTestFinished(async () => {
      await target.query('DROP SUBSCRIPTION IF EXISTS upgrade')
      await source.query('DROP PUBLICATION IF EXISTS upgrade')
    })
    await target.query(`CREATE ROLE mithril LOGIN PASSWORD '${rolePassword}'`)
    await works(source)
    const environment = { ADMIN_URL: source.adminUrl, NEW_ADMIN_URL: target.adminUrl }
    await shell(commandWith('CREATE PUBLICATION'), environment)
    for (const role of ['gateway_migrator', 'gateway'])
      await target.query(`ALTER ROLE ${role} PASSWORD '${rolePassword}'`)
    await vi.waitFor(
      async () =>
        expect(await target.query(`SELECT DISTINCT srsubstate AS state FROM pg_subscription_rel`)).toEqual([
          { state: 'r' },
        ]),
      { timeout: 120_000, interval: 200 },
    )
    // Changes that are made meanwhile come over, too, and only once.
    await works(source)
    const history = 'SELECT count(*)::int AS rows, max(id)::int AS newest FROM connection_changes'
    const whole = await source.query(history)
    await vi.waitFor(async () => expect(await target.query(history)).toEqual(whole), {
      timeout: 120_000,
      interval: 200,
    })

    await shell(commandWith('DROP SUBSCRIPTION'), environment)

    await works(target)
    const [after] = await target.query(history)
    expect(after).toEqual({ rows: Number(whole[0]?.['rows']) + 2, newest: expect.any(Number) })
    expect(Number(after?.['newest'])).toBeGreaterThan(Number(whole[0]?.['newest']))
  })

  test('a database records each change of a Mithril that is replicated into it, once the triggers fire always', async () => {
    const [mithril, target] = [await startDebianPostgres(), await startDebianPostgres()]
    others.push(mithril, target)
    await makeMithril(mithril)
    await prepareForGateway(mithril)
    await makeMithril(target)
    await prepareForGateway(target)
    await target.query('TRUNCATE connections, clients, client_types, users CASCADE')
    // Only the columns of Mithril's own tables: its database has no version of ours.
    const columns = 'id, secret, redirect_uri, client_id, consumer_id, inserted_at, updated_at'
    await mithril.query(`CREATE PUBLICATION mithril FOR TABLE users, client_types, clients, connections (${columns})`)
    await target.query(`CREATE SUBSCRIPTION mithril CONNECTION '${mithril.adminUrl}' PUBLICATION mithril`)
    const stored = `SELECT redirect_uri AS uri, version::int FROM connections WHERE id = '${demo.connectionId}'`
    const record = `SELECT redirect_uri_after AS uri, door FROM connection_changes
                     WHERE connection_id = '${demo.connectionId}' ORDER BY id`
    const arrives = (uri: string) =>
      vi.waitFor(async () => expect(await target.query(stored)).toMatchObject([{ uri }]), { timeout: 120_000 })
    const change = (uri: string) =>
      mithril.query(`UPDATE connections SET redirect_uri = '${uri}' WHERE id = '${demo.connectionId}'`)
    await arrives(demo.redirectUri)
    const [before] = await target.query(stored)
    const recordBefore = await target.query(record)

    await change('https://unrecorded.example.ua/')
    await arrives('https://unrecorded.example.ua/')
    expect(await target.query(stored)).toEqual([{ ...before, uri: 'https://unrecorded.example.ua/' }])
    expect(await target.query(record)).toEqual(recordBefore)

    await shell(commandWith('ENABLE ALWAYS'), { ADMIN_URL: target.adminUrl })
    await change('https://recorded.example.ua/')
    await arrives('https://recorded.example.ua/')
    expect(await target.query(stored)).toMatchObject([{ version: Number(before?.['version']) + 1 }])
    expect(await target.query(record)).toEqual([
      ...recordBefore,
      { uri: 'https://recorded.example.ua/', door: 'EXTERNAL' },
    ])
    // The gateway's own writes leave one row each, as before.
    await works(target)
    expect(await target.query(record)).toHaveLength(recordBefore.length + 3)
    await target.query('DROP SUBSCRIPTION mithril')
  })

  test('a database keeps secrets out of its log where pgaudit logs each statement with its parameters', async () => {
    const audited = await startDebianPostgres([
      'shared_preload_libraries=pgaudit',
      'pgaudit.log=all',
      'pgaudit.log_parameter=on',
    ])
    others.push(audited)
    await makeMithril(audited)
    await prepareForGateway(audited)
    const log = () => readFileSync(join(audited.directory, 'postgres.log'), 'utf8')
    // The log of the server shows parameters of others: a secret of the gateway would be seen.
    const canary = `secret-${randomUUID()}`
    const superuser = new Client({ connectionString: audited.adminUrl })
    await superuser.connect()
    await superuser.query('SELECT id FROM connections WHERE secret = $1', [canary]).finally(() => superuser.end())
    await vi.waitFor(() => expect(log()).toContain(canary), { timeout: 120_000 })

    const gateway = await open(audited.urlOf('gateway'))
    await vi.waitFor(async () => expect(await readiness(gateway)).toBe('ok'), { timeout: 120_000 })
    const token = issuer.mint({ ...demo.msp, scope: 'connection:read connection:write connection:refresh_secret' })
    const key = `secret-${randomUUID()}`
    const answer = await gateway.app.inject({
      method: 'PATCH',
      url: `${path}/actions/refresh_secret`,
      headers: { authorization: `Bearer ${token}`, 'api-key': key },
    })
    expect(answer.statusCode).toBe(401)
    expect((await update(gateway, 'https://audited.example.ua/')).statusCode).toBe(200)
    await vi.waitFor(() => expect(log()).toContain('AUDIT: SESSION'), { timeout: 120_000 })
    expect(log()).not.toContain(key)
    expect(log()).not.toContain('audited.example.ua')
  })

  test('a table is repacked while a gateway writes', async () => {
    const gateway = await open(source.urlOf('gateway'))
    await vi.waitFor(async () => expect(await readiness(gateway)).toBe('ok'), { timeout: 120_000 })
    const node = async () =>
      (await source.query(`SELECT relfilenode AS node FROM pg_class WHERE oid = 'connection_changes'::regclass`))[0]?.[
        'node'
      ]
    const count = async () =>
      Number((await source.query('SELECT count(*) AS rows FROM connection_changes'))[0]?.['rows'])
    const [nodeBefore, rowsBefore] = [await node(), await count()]
    let done = false
    const statuses: number[] = []
    const writing = (async () => {
      for (let number = 0; !done; number++)
        statuses.push((await update(gateway, `https://repacked.example.ua/${number}`)).statusCode)
    })()
    await shell(commandWith('pg_repack --dbname'), {
      ADMIN_URL: source.adminUrl,
      PGHOST: '127.0.0.1',
      PGPORT: String(source.port),
      PGUSER: 'postgres',
      PGPASSWORD: rolePassword,
    }).finally(() => {
      done = true
    })
    await writing
    expect(await node()).not.toBe(nodeBefore)
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(await count()).toBe(rowsBefore + statuses.length)
    await expect(source.query('DELETE FROM connection_changes')).rejects.toMatchObject({ code: '42501' })
    await works(source)
  })

  test('behind pgpool-II a gateway reads its last write, although a standby is behind', async () => {
    const standby = await startDebianStandby(source)
    onTestFinished(() => standby.stop())
    const line = /^app_name_redirect_preference_list = .*$/m.exec(readme)?.[0] ?? expect.fail('no setting')
    await vi.waitFor(
      async () => expect(await source.query(`SELECT state FROM pg_stat_replication`)).toEqual([{ state: 'streaming' }]),
      { timeout: 120_000 },
    )
    await standby.query('SELECT pg_wal_replay_pause()')
    /** Whether a GET behind it answers the value of the PATCH before. */
    const readsWhatItWrote = async (settings: readonly string[]) => {
      const pgpool = await startPgpool(source, standby, settings)
      try {
        const gateway = await open(source.urlOf('gateway', pgpool.port))
        const uri = `https://pgpool.example.ua/${randomUUID()}`
        await vi.waitFor(async () => expect((await update(gateway, uri)).statusCode).toBe(200), { timeout: 120_000 })
        const { data } = (await gateway.app.inject({ url: path, headers: headers() })).json()
        return data.redirect_uri === uri
      } finally {
        for (const gateway of gateways.splice(0)) await gateway.close()
        await pgpool.stop()
      }
    }
    expect(await readsWhatItWrote([])).toBe(false)
    expect(await readsWhatItWrote([line])).toBe(true)
  })
})
