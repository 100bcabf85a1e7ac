import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type MithrilCluster, prepareForGateway, startMithrilCluster } from '../support/mithril-cluster.ts'
import { isMissing } from '../support/programs.ts'

// ops/postgres/roles.sql and rights.sql as an operator runs them, by psql.

const postgresFolder = join(import.meta.dirname, '../../ops/postgres')
const psqlIsMissing = isMissing('psql')
const run = promisify(execFile)

let cluster: MithrilCluster
beforeEach(async () => {
  cluster = await startMithrilCluster()
})
afterEach(() => cluster?.stop())

const psql = (url: string, file: string, ...more: string[]) =>
  run('psql', [url, '--no-psqlrc', '--quiet', ...more, '--file', join(postgresFolder, file)], { timeout: 30_000 })

const rolesLeft = () =>
  cluster.query(`SELECT rolname AS name FROM pg_roles WHERE rolname LIKE 'gateway%' ORDER BY rolname`)
const memberships = () =>
  cluster.query(`SELECT owner.rolname AS owner, member.rolname AS member
                   FROM pg_auth_members JOIN pg_roles AS owner ON owner.oid = roleid JOIN pg_roles AS member ON member.oid = pg_auth_members.member
                  WHERE member.rolname = 'gateway_migrator'`)

describe.skipIf(psqlIsMissing)('roles.sql', () => {
  test('roles.sql makes the three roles, and a second run changes nothing', async () => {
    await psql(cluster.adminUrl, 'roles.sql')
    const made = await cluster.query(`SELECT rolname AS name, rolcanlogin AS login, rolconfig AS settings FROM pg_roles
                                       WHERE rolname LIKE 'gateway%' ORDER BY rolname`)
    expect(made).toEqual([
      {
        name: 'gateway',
        login: true,
        settings: [
          'statement_timeout=5s',
          'lock_timeout=3s',
          'idle_in_transaction_session_timeout=5s',
          'log_parameter_max_length=0',
          'log_parameter_max_length_on_error=0',
          'auto_explain.log_min_duration=-1',
          'pgaudit.log_parameter=off',
        ],
      },
      { name: 'gateway_archivist', login: true, settings: null },
      { name: 'gateway_migrator', login: true, settings: ['lock_timeout=5s'] },
    ])
    await cluster.query('ALTER ROLE gateway_archivist NOLOGIN')
    await psql(cluster.adminUrl, 'roles.sql')
    expect(
      await cluster.query(`SELECT rolcanlogin AS login FROM pg_roles WHERE rolname = 'gateway_archivist'`),
    ).toEqual([{ login: false }])
    expect(await memberships()).toEqual([{ owner: 'mithril', member: 'gateway_migrator' }])
  })

  test("takes the name of Mithril's role from the variable mithril", async () => {
    await cluster.query('ALTER ROLE mithril RENAME TO "Mithril-owner"')
    await psql(cluster.adminUrl, 'roles.sql', '--set', 'mithril=Mithril-owner')
    expect(await memberships()).toEqual([{ owner: 'Mithril-owner', member: 'gateway_migrator' }])
  })

  test("leaves no role behind when Mithril's role has another name, and names the missing one", async () => {
    await expect(psql(cluster.adminUrl, 'roles.sql', '--set', 'mithril=mithril_app')).rejects.toMatchObject({
      code: 3,
      stderr: expect.stringContaining('role "mithril_app" does not exist'),
    })
    expect(await rolesLeft()).toEqual([])
    await psql(cluster.adminUrl, 'roles.sql')
    expect(await rolesLeft()).toHaveLength(3)
  })

  test("grants the schema that Mithril's tables are in", async () => {
    await cluster.query('CREATE SCHEMA "Реєстр" AUTHORIZATION mithril')
    await cluster.query('ALTER TABLE connections SET SCHEMA "Реєстр"')
    await cluster.query('ALTER DATABASE mithril SET search_path = "Реєстр", public')
    await psql(cluster.adminUrl, 'roles.sql')
    expect(await cluster.query(`SELECT has_schema_privilege('gateway_migrator', 'Реєстр', 'CREATE') AS may`)).toEqual([
      { may: true },
    ])
  })

  test('roles.sql warns a role that is no superuser of secrets in logs, and does the rest', async () => {
    await cluster.query(`CREATE ROLE manager LOGIN CREATEROLE PASSWORD 'correct-horse'; GRANT mithril TO manager WITH ADMIN OPTION;
                         GRANT CREATE ON DATABASE mithril TO manager WITH GRANT OPTION;
                         GRANT USAGE, CREATE ON SCHEMA public TO manager WITH GRANT OPTION`)
    const { stderr } = await psql(cluster.urlOf('manager'), 'roles.sql')
    expect(stderr).toContain('WARNING:  log_parameter_max_length of the role gateway is not set')
    expect(await rolesLeft()).toHaveLength(3)
  })
})

describe("PostgreSQL's own log", () => {
  test('the log of PostgreSQL has statements without parameters, and no plans', async () => {
    await prepareForGateway(cluster)
    for (const setting of [
      `log_min_duration_statement = 0`,
      `session_preload_libraries = 'auto_explain'`,
      `auto_explain.log_min_duration = 0`,
    ])
      await cluster.query(`ALTER SYSTEM SET ${setting}`)
    await cluster.query('SELECT pg_reload_conf()')
    const ask = async (role: string) => {
      const secret = `secret-of-${role}-${randomUUID()}`
      const client = new Client({ connectionString: cluster.urlOf(role) })
      await client.connect()
      await client.query(`SELECT id AS ${role} FROM connections WHERE secret = $1`, [secret])
      await client.end()
      return secret
    }
    const [known, hidden] = [await ask('mithril'), await ask('gateway')]
    const [row] = await cluster.query(`SELECT pg_read_file('../postgres.log') AS log`)
    const log = String(row?.['log'])
    // The role without the settings shows that both write them.
    expect(log).toMatch(new RegExp(`DETAIL: .*${known}`))
    expect(log).toMatch(new RegExp(`Query Parameters: .*${known}`))
    expect(log).toMatch(new RegExp(`Index Cond: .*${known}`))
    expect(log).toContain('SELECT id AS gateway FROM connections WHERE secret = $1')
    expect(log).not.toContain(hidden)
  })
})

describe('rights.sql', () => {
  const forge = () =>
    cluster.query(
      `CREATE TEMPORARY TABLE bait AS SELECT id, client_id, redirect_uri FROM connections;
       CREATE TRIGGER forge AFTER UPDATE ON bait FOR EACH ROW EXECUTE FUNCTION record_connection_update();
       SELECT set_config('gateway.caller', '{"door":"REST","clientId":"10000000-0000-4000-8000-000000000001","requestId":"forged"}', true);
       UPDATE bait SET redirect_uri = 'https://forged.example.ua/'`,
      'mithril',
    )

  test.skipIf(psqlIsMissing)(
    'rights.sql takes back the rights that a restore without privileges gives to everybody',
    async () => {
      await prepareForGateway(cluster)
      await cluster.query(`GRANT EXECUTE ON FUNCTION record_connection_create(), record_connection_update(), record_connection_delete() TO PUBLIC;
                         GRANT ALL ON connection_changes, _prisma_migrations TO PUBLIC; REVOKE ALL ON ALL TABLES IN SCHEMA public FROM gateway`)
      await psql(cluster.urlOf('gateway_migrator'), 'rights.sql')
      await expect(forge()).rejects.toMatchObject({
        message: 'permission denied for function record_connection_update',
      })
      for (const statement of [
        'DELETE FROM _prisma_migrations',
        'INSERT INTO connection_changes SELECT * FROM connection_changes',
      ])
        await expect(cluster.query(statement, 'mithril')).rejects.toMatchObject({ code: '42501' })
      expect(await cluster.query('SELECT count(*)::int > 0 AS read FROM connections', 'gateway')).toEqual([
        { read: true },
      ])
    },
  )

  test.skipIf(psqlIsMissing)(
    'rights.sql takes back the rights that a restore without owners gives to Mithril',
    async () => {
      await prepareForGateway(cluster)
      await cluster.query(`GRANT CREATE ON SCHEMA public TO mithril; REASSIGN OWNED BY gateway_migrator TO mithril`)
      await cluster.query(
        'ALTER TABLE connection_changes DISABLE TRIGGER ALL; ALTER TABLE connection_changes ENABLE TRIGGER ALL',
        'mithril',
      )
      await psql(cluster.urlOf('gateway_migrator'), 'rights.sql')
      const owned = await cluster.query(`
      SELECT relname AS name FROM pg_class WHERE relowner = 'gateway_migrator'::regrole AND relkind = 'r'
       UNION ALL SELECT proname FROM pg_proc WHERE proowner = 'gateway_migrator'::regrole ORDER BY name`)
      expect(owned.map(({ name }) => name)).toEqual(
        expect.arrayContaining([
          '_prisma_migrations',
          'advance_connection_version',
          'connection_changes',
          'record_connection_delete',
        ]),
      )
      expect(
        await cluster.query(
          `SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proowner = 'mithril'::regrole`,
        ),
      ).toEqual([])
      await expect(
        cluster.query('ALTER TABLE connection_changes DISABLE TRIGGER ALL', 'mithril'),
      ).rejects.toMatchObject({
        code: '42501',
      })
      await expect(forge()).rejects.toMatchObject({
        message: 'permission denied for function record_connection_update',
      })
    },
  )
})
