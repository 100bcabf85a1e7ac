import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { baseline, migrate, pendingMigrations } from '../../src/persistence/migrations/migrate.ts'
import { MIGRATIONS } from '../../src/persistence/migrations/migration-files.ts'
import { requireServerVersion } from '../../src/persistence/migrations/server-version.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { insertSubscription } from '../support/events.ts'
import { diffFromSchema } from '../support/schema-diff.ts'
import { startUkrainianPostgres } from '../support/ukrainian-postgres.ts'

const all = [
  '0000_init',
  '0001_connection_changes',
  '0002_versions_and_history',
  '0003_lists',
  '0004_faster_record',
  '0005_guarded_record',
  '0006_client_history',
  '0007_history_archives',
  '0008_ordered_record',
  '0009_checks_in_the_functions',
  '0010_consumer_list',
  '0011_guarded_archives',
  '0012_whole_history',
  '0013_events',
  '0014_waiting_events',
  '0015_first_subscription',
  '0016_replicated_inbox',
]
const additive = all.slice(1)

let database: TestDatabase
beforeEach(async () => {
  database = await createTestDatabase({ empty: true })
})
afterEach(() => database.drop())

const scriptOf = (name: string) => readFile(join(MIGRATIONS, name, 'migration.sql'), 'utf8')
const makeMithrilsTables = async () => database.query(await scriptOf('0000_init'))
const records = () =>
  database.query(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished, rolled_back_at IS NOT NULL AS rolled_back, applied_steps_count, logs
     FROM _prisma_migrations ORDER BY started_at`,
  )

describe('migrations of a database that others go on using', () => {
  const connectionId = randomUUID()
  const next = '0004_faster_record'
  beforeEach(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'migrations-'))
    await cp(MIGRATIONS, directory, { recursive: true, filter: (source) => !/00(?:0[4-9]|1\d)_\w+$/.test(source) })
    await migrate(database.url, { directory }).finally(() => rm(directory, { recursive: true }))
    const clientId = await database.insertClient({ type: 'MSP' })
    await database.insertConnection({
      id: connectionId,
      clientId,
      consumerId: clientId,
      redirectUri: 'https://before.example.ua/',
    })
  })

  async function whileSomebody(
    holds: string,
    work: (holder: PoolClient, migrated: Promise<string[]>) => Promise<void>,
  ): Promise<void> {
    const holder = await database.pool.connect()
    try {
      await holder.query('BEGIN')
      await holder.query(holds)
      const migrated = migrate(database.url)
      migrated.catch(() => {})
      await database.untilLockWaited()
      await work(holder, migrated)
      await holder.query('COMMIT')
      expect(await migrated).toEqual(all.slice(all.indexOf(next)))
    } finally {
      holder.release(true)
    }
    expect((await records()).map(({ finished, rolled_back }) => [finished, rolled_back])).toEqual(
      all.map(() => [true, false]),
    )
  }

  test('a migration gives way to a waiting write, and comes after it', { timeout: 120_000 }, async () => {
    await whileSomebody(`SELECT FROM connections WHERE id = '${connectionId}' FOR UPDATE`, async (holder) => {
      // PostgreSQL finds out by whoever has waited longest: that is to be the migration.
      await holder.query(`SET LOCAL deadlock_timeout = '15s'`)
      await holder.query(
        `UPDATE connections SET redirect_uri = 'https://after.example.ua/' WHERE id = '${connectionId}'`,
      )
    })
    expect(await database.query('SELECT redirect_uri_after AS uri FROM connection_changes')).toEqual([
      { uri: 'https://after.example.ua/' },
    ])
  })

  test('a migration lets others pass while a long transaction holds a table', { timeout: 120_000 }, async () => {
    await whileSomebody('LOCK TABLE connections IN ACCESS SHARE MODE', async (_holder, migrated) => {
      for (let write = 0; write < 3; write++) await database.query('UPDATE connections SET updated_at = updated_at')
      expect(await Promise.race([migrated, delay(3_000, 'still waits')])).toBe('still waits')
      await database.query('UPDATE connections SET updated_at = updated_at')
    })
  })
})

describe('migrations of an empty database', () => {
  test('migrations of an empty database make exactly prisma/schema.prisma', async () => {
    await migrate(database.url)

    const nothing = '-- This is an empty migration.\n'
    expect(await diffFromSchema(database.url)).toEqual({ toSchema: nothing, toDatabase: nothing })
  })

  test('the comparison with prisma/schema.prisma sees a difference', async () => {
    await migrate(database.url)
    await database.query('DROP INDEX connections_secret_index')

    expect(await diffFromSchema(database.url)).toEqual({
      toSchema: expect.stringContaining('CREATE UNIQUE INDEX "connections_secret_index"'),
      toDatabase: expect.stringMatching(/DROP INDEX .*"connections_secret_index"/),
    })
  })

  test('migrations are recorded as `prisma migrate deploy` records them', async () => {
    expect(await migrate(database.url)).toEqual(all)

    const checksum = async (name: string) =>
      createHash('sha256')
        .update(await scriptOf(name))
        .digest('hex')
    const record = { finished: true, rolled_back: false, applied_steps_count: 1, logs: null }
    expect(await records()).toEqual([
      ...(await Promise.all(
        all.map(async (name) => ({ migration_name: name, checksum: await checksum(name), ...record })),
      )),
    ])
  })

  test('a second run has no migration to apply', async () => {
    await migrate(database.url)

    expect(await migrate(database.url)).toEqual([])
    expect(await records()).toHaveLength(all.length)
  })

  test('each migration runs once when two instances start together', async () => {
    const applied = await Promise.all([migrate(database.url), migrate(database.url), migrate(database.url)])

    expect(applied.sort((a, b) => b.length - a.length)).toEqual([all, [], []])
    expect(await records()).toHaveLength(all.length)
  })

  test('migrations leave no connection and no lock behind', async () => {
    await migrate(database.url)

    const query = () =>
      database.query('SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()')
    await expect.poll(query).toEqual([])
  })
})

describe('a database that Mithril made', () => {
  test('a database of Mithril is not migrated before it has a baseline', async () => {
    await makeMithrilsTables()

    await expect(migrate(database.url)).rejects.toThrow(
      "This database has Mithril's tables already, but no record of 0000_init. Run `npm run db:baseline` first.",
    )
    expect(
      await database.query(
        `SELECT to_regclass('connection_changes') AS ours, to_regclass('_prisma_migrations') AS record`,
      ),
    ).toEqual([{ ours: null, record: null }])
  })

  test('a database of Mithril takes the additive migrations and then fits prisma/schema.prisma', async () => {
    await makeMithrilsTables()
    const clientId = await database.insertClient({ type: 'MSP' })
    const id = await database.insertConnection({ clientId, consumerId: clientId, redirectUri: 'http://old.example' })

    expect(await baseline(database.url)).toBe('0000_init')
    expect(await pendingMigrations(database.query)).toEqual(additive)
    expect(await migrate(database.url)).toEqual(additive)

    const nothing = '-- This is an empty migration.\n'
    expect(await diffFromSchema(database.url)).toEqual({ toSchema: nothing, toDatabase: nothing })
    expect(await database.query('SELECT id, redirect_uri FROM connections')).toEqual([
      { id, redirect_uri: 'http://old.example' },
    ])
    expect((await records())[0]).toMatchObject({ migration_name: '0000_init', finished: true, applied_steps_count: 0 })
  })

  test('only a database of Mithril takes a baseline', async () => {
    await expect(baseline(database.url)).rejects.toThrow(
      'This database has no tables of Mithril (connections, clients): nothing to baseline. `npm run db:migrate` makes them.',
    )
  })

  test('a database of Mithril takes its baseline once', async () => {
    await makeMithrilsTables()
    await baseline(database.url)

    await expect(baseline(database.url)).rejects.toThrow(
      '0000_init is recorded as applied already: nothing to baseline.',
    )
  })
})

describe('tables of Mithril that are not as they should be', () => {
  const cases: [name: string, sql: string, difference: string][] = [
    [
      'lack a column',
      'ALTER TABLE clients DROP COLUMN priv_settings',
      'the column clients.priv_settings (jsonb) is missing',
    ],
    [
      'have a column of another type',
      'ALTER TABLE clients ALTER COLUMN settings TYPE text',
      'the column clients.settings is text, not jsonb',
    ],
    [
      'have a column that holds less',
      'ALTER TABLE connections ALTER COLUMN redirect_uri TYPE varchar(100)',
      'the column connections.redirect_uri is character varying(100), not character varying(255)',
    ],
    [
      'have ids that are texts',
      'ALTER TABLE tokens ALTER COLUMN id TYPE varchar(36)',
      'the column tokens.id is character varying(36), not uuid',
    ],
    ['lack a table', 'DROP TABLE tokens', 'the table tokens is missing'],
    [
      'lack nearly everything',
      `DROP TABLE tokens; ALTER TABLE connections DROP COLUMN secret, DROP COLUMN inserted_at`,
      'the column connections.inserted_at (timestamp(6) without time zone) is missing; ' +
        'the column connections.secret (character varying(255)) is missing; the table tokens is missing',
    ],
  ]
  test.each(cases)('the baseline names %s and records nothing', async (_name, sql, difference) => {
    await makeMithrilsTables()
    await database.query(sql)

    await expect(baseline(database.url)).rejects.toThrow(
      `Mithril's tables are not as the gateway needs them, and nothing was recorded: ${difference}.`,
    )
    expect(
      await database.query(
        `SELECT to_regclass('_prisma_migrations') AS record, to_regnamespace('gateway_baseline') AS scratch`,
      ),
    ).toEqual([{ record: null, scratch: null }])
  })

  test('tables of Mithril may have more columns and longer texts than the script', async () => {
    await makeMithrilsTables()
    await database.query(`ALTER TABLE connections ALTER COLUMN redirect_uri TYPE varchar(2048), ADD COLUMN note text`)
    await database.query(`ALTER TABLE clients ALTER COLUMN inserted_at TYPE timestamp(0)`)

    expect(await baseline(database.url)).toBe('0000_init')
  })
})

describe('a database whose extensions have a schema of their own', () => {
  const makeExtensions = () =>
    database.query(
      'CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions; CREATE EXTENSION pg_trgm SCHEMA extensions',
    )

  test('a new database with extensions in their own schema is migrated', async () => {
    await makeExtensions()
    expect(await migrate(database.url)).toEqual(all)
  })

  test('a database of Mithril with extensions in their own schema is baselined and migrated', async () => {
    await makeExtensions()
    await database.query(`SET search_path = public, extensions; ${await scriptOf('0000_init')}; RESET search_path`)

    expect(await baseline(database.url)).toBe('0000_init')
    expect(await migrate(database.url)).toEqual(additive)
  })
})

describe('a history whose sequence is behind its ids', () => {
  const copy = (id: number) =>
    database.query(
      `INSERT INTO connection_changes (id, connection_id, client_id, kind, redirect_uri_before, door, changed_at)
       VALUES ($1, gen_random_uuid(), gen_random_uuid(), 'DELETED', 'https://a.ua/', 'EXTERNAL', now())`,
      [id],
    )
  const nextId = async () =>
    Number((await database.query(`SELECT nextval('connection_changes_id_seq') AS id`))[0]?.['id'])

  test('the sequence continues above the ids after a migration', async () => {
    await migrate(database.url)
    await copy(19)
    const told: string[] = []

    expect(await migrate(database.url, { tell: (sentence) => told.push(sentence) })).toEqual([])
    expect(told).toEqual([
      'The sequence of connection_changes.id was behind the ids in the table: it goes on after 19.',
    ])
    expect(await nextId()).toBe(20)
  })

  test('a migration does not change a sequence that is not behind', async () => {
    await migrate(database.url)
    await copy(await nextId())
    const told: string[] = []

    await migrate(database.url, { tell: (sentence) => told.push(sentence) })
    expect(told).toEqual([])
    expect(await nextId()).toBe(2)
  })
})

describe('a history from before its rows had versions', () => {
  beforeEach(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'migrations-'))
    await cp(MIGRATIONS, directory, { recursive: true, filter: (source) => !/00(?:1[2-9])_\w+$/.test(source) })
    await migrate(database.url, { directory }).finally(() => rm(directory, { recursive: true }))
    const clientId = await database.insertClient({ type: 'MSP' })
    await database.insertConnection({ clientId, consumerId: clientId, redirectUri: 'https://0.example.ua/' })
  })
  const change = (number: number) =>
    database.query(`UPDATE connections SET redirect_uri = 'https://${number}.example.ua/'`)

  test('old rows keep their order and have no version, and new ones follow them with one', async () => {
    for (const number of [1, 2]) await change(number)
    await migrate(database.url)
    for (const number of [3, 4]) await change(number)

    expect(
      await database.query(
        `SELECT redirect_uri_after AS uri, version, consumer_id = client_id AS named FROM connection_changes ORDER BY id`,
      ),
    ).toEqual([
      { uri: 'https://1.example.ua/', version: null, named: null },
      { uri: 'https://2.example.ua/', version: null, named: null },
      { uri: 'https://3.example.ua/', version: 4, named: true },
      { uri: 'https://4.example.ua/', version: 5, named: true },
    ])
  })

  test.each([
    ['ENABLE ALWAYS', 'A'],
    ['ENABLE', 'O'],
  ])('triggers of a table that the operator set to %s fire in the same way after the migration', async (how, state) => {
    for (const name of ['advance_version', 'record_redirect_uri', 'record_secret', 'record_delete'])
      await database.query(`ALTER TABLE connections ${how} TRIGGER connections_${name}`)
    await migrate(database.url)

    expect(
      await database.query(
        `SELECT tgname AS name, tgenabled AS state FROM pg_trigger
          WHERE tgrelid = 'connections'::regclass AND NOT tgisinternal AND tgtype & 1 = 1 ORDER BY tgname`,
      ),
    ).toEqual(
      ['advance_version', 'record_create', 'record_delete', 'record_update'].map((name) => ({
        name: `connections_${name}`,
        state,
      })),
    )
  })
})

describe('an installation from before the first subscription enabled the queue', () => {
  const state = async () =>
    (
      await database.query(
        `SELECT tgname AS name, tgenabled AS state FROM pg_trigger
          WHERE tgname IN ('connection_changes_queue_event', 'event_subscriptions_enable_queue') ORDER BY tgname`,
      )
    ).map((row) => row['state'])
  beforeEach(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'migrations-'))
    await cp(MIGRATIONS, directory, { recursive: true, filter: (source) => !/001[56]_\w+$/.test(source) })
    await migrate(database.url, { directory }).finally(() => rm(directory, { recursive: true }))
  })
  const enable = () => database.query('ALTER TABLE connection_changes ENABLE TRIGGER connection_changes_queue_event')

  test('with events off keeps them off', async () => {
    await insertSubscription(database)
    await migrate(database.url)
    expect(await state()).toEqual(['D', 'D'])
  })

  test('with events on and a subscription queues changes as before', async () => {
    await enable()
    await insertSubscription(database)
    await migrate(database.url)
    expect(await state()).toEqual(['O', 'O'])
  })

  test('with events on and no subscription queues no change until the first one', async () => {
    await enable()
    await migrate(database.url)
    expect(await state()).toEqual(['D', 'O'])
    await insertSubscription(database)
    expect(await state()).toEqual(['O', 'O'])
  })
})

test('PostgreSQL older than 13 is refused by its version', async () => {
  await requireServerVersion(database.query)
  const old = async () => [{ major: 12, version: '12.22' }]
  await expect(requireServerVersion(old)).rejects.toThrow(
    'PostgreSQL 12.22 is too old: the gateway needs version 13 or newer.',
  )
})

describe('a migration that fails', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'migrations-'))
    await cp(MIGRATIONS, directory, { recursive: true })
  })
  afterEach(() => rm(directory, { recursive: true }))

  const write = async (sql: string) => {
    await mkdir(join(directory, '0099_next'), { recursive: true })
    await writeFile(join(directory, '0099_next', 'migration.sql'), sql)
  }

  test('a failed migration is named with the error, leaves nothing behind, and runs again once mended', async () => {
    await write('CREATE TABLE half_done (); CREATE TABLE clients ();')

    await expect(migrate(database.url, { directory })).rejects.toThrow(
      /^Migration 0099_next failed, and nothing of it was applied: ERROR: relation "clients" already exists$/,
    )
    expect(await database.query(`SELECT to_regclass('half_done') AS table`)).toEqual([{ table: null }])
    expect(await pendingMigrations(database.query, { directory })).toEqual(['0099_next'])

    await write('CREATE TABLE done ();')
    expect(await migrate(database.url, { directory })).toEqual(['0099_next'])
    expect(await pendingMigrations(database.query, { directory })).toEqual([])
  })

  const refused: [code: string, script: string, said: string][] = [
    ['42P01', 'INSERT INTO nowhere VALUES (1)', 'relation "nowhere" does not exist'],
    ['42703', 'ALTER TABLE clients DROP COLUMN nothing', 'column "nothing" of relation "clients" does not exist'],
    [
      '23505',
      'CREATE TABLE one (id int UNIQUE); INSERT INTO one VALUES (1), (1)',
      'duplicate key value violates unique constraint "one_id_key"',
    ],
    [
      '23503',
      'CREATE TABLE part (id uuid REFERENCES users); INSERT INTO part VALUES (gen_random_uuid())',
      'insert or update on table "part" violates foreign key constraint "part_id_fkey"',
    ],
    [
      '23502',
      'CREATE TABLE one (id int NOT NULL); INSERT INTO one VALUES (NULL)',
      'null value in column "id" of relation "one" violates not-null constraint',
    ],
    ['42601', 'CREATE TABEL one ()', 'syntax error at or near "TABEL"'],
    ['22P02', `SELECT 'x'::uuid`, 'invalid input syntax for type uuid: "x"'],
    ['22023', 'SET ROLE nobody_knows', 'role "nobody_knows" does not exist'],
  ]
  test.each(refused)('after %s the mended script runs', async (_code, script, said) => {
    await write(`CREATE TABLE half_done (); ${script};`)
    await expect(migrate(database.url, { directory })).rejects.toThrow(
      `Migration 0099_next failed, and nothing of it was applied: ERROR: ${said}`,
    )

    await write('CREATE TABLE done ();')
    expect(await migrate(database.url, { directory })).toEqual(['0099_next'])
    expect(await database.query(`SELECT to_regclass('half_done') AS half, to_regclass('done')::text AS done`)).toEqual([
      { half: null, done: 'done' },
    ])
  })

  test.each(['CREATE TABEL one ()', 'INSERT INTO nowhere VALUES (1)'])(
    'lets the mended script run where PostgreSQL speaks Ukrainian: %s',
    async (script) => {
      const ukrainian = await startUkrainianPostgres(database.url)
      try {
        await write(script)
        await expect(migrate(ukrainian.url, { directory })).rejects.toThrow(
          'Migration 0099_next failed, and nothing of it was applied: ERROR: так не можна',
        )
        await write('CREATE TABLE done ();')
        expect(await migrate(ukrainian.url, { directory })).toEqual(['0099_next'])

        await write('SELECT pg_terminate_backend(pg_backend_pid())')
        await rename(join(directory, '0099_next'), join(directory, '0100_next'))
        await write('CREATE TABLE done ();')
        await expect(migrate(ukrainian.url, { directory })).rejects.toThrow('0100_next was begun and not finished')
      } finally {
        await ukrainian.close()
      }
    },
  )

  test('a migration that may have had an effect is not tried again', async () => {
    await write('SELECT pg_terminate_backend(pg_backend_pid())')
    await expect(migrate(database.url, { directory })).rejects.toThrow(
      /^Migration 0099_next was begun and not finished.+UPDATE _prisma_migrations/s,
    )

    await write('CREATE TABLE done ();')
    await expect(migrate(database.url, { directory })).rejects.toThrow(
      /^Migration 0099_next was begun and not finished.+UPDATE _prisma_migrations/s,
    )
    expect(await database.query(`SELECT to_regclass('done') AS table`)).toEqual([{ table: null }])

    await database.query(
      `UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '0099_next' AND finished_at IS NULL`,
    )
    expect(await migrate(database.url, { directory })).toEqual(['0099_next'])
  })
})

describe('the order of migrations', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'migrations-'))
    await cp(MIGRATIONS, directory, { recursive: true })
  })
  afterEach(() => rm(directory, { recursive: true }))

  const add = async (name: string, sql = 'SELECT 1') => {
    await mkdir(join(directory, name))
    await writeFile(join(directory, name, 'migration.sql'), sql)
  }

  test('more than ten migrations run in the order of their numbers', async () => {
    await add('0098_later', 'ALTER TABLE added ADD COLUMN later int')
    await add('0097_first', 'CREATE TABLE added ()')
    await add('0100_last', 'ALTER TABLE added DROP COLUMN later')

    const expected = [...all, '0097_first', '0098_later', '0100_last']
    expect(await migrate(database.url, { directory })).toEqual(expected)
    expect((await records()).map((record) => record['migration_name'])).toEqual(expected)
  })

  test.each(['10_outbox', '20261127102030_outbox', 'outbox', '0007', '0007-outbox', '00007_outbox'])(
    'has no place for the name %s',
    async (name) => {
      await add(name)

      const refusal = `The migration ${name} has no place in the order: its name must begin like 0001_, with its number.`
      await expect(migrate(database.url, { directory })).rejects.toThrow(refusal)
      await expect(pendingMigrations(database.query, { directory })).rejects.toThrow(refusal)
      expect(await database.query(`SELECT to_regclass('_prisma_migrations') AS record`)).toEqual([{ record: null }])
    },
  )

  test('two migrations with the same number are refused', async () => {
    await add('0001_other')

    await expect(migrate(database.url, { directory })).rejects.toThrow(
      'The migrations 0001_connection_changes and 0001_other have the same number: give the newer one the next number.',
    )
  })
})

describe('a database that version 0.1 has migrated', () => {
  const former = [
    '0_init',
    '1_connection_changes',
    '2_versions_and_history',
    '3_lists',
    '4_faster_record',
    '5_guarded_record',
  ]
  const giveFormerNames = async () => {
    for (const name of former)
      await database.query('UPDATE _prisma_migrations SET migration_name = $1 WHERE migration_name = $2', [
        name,
        `000${name}`,
      ])
    await database.query('DELETE FROM _prisma_migrations WHERE NOT migration_name = ANY ($1)', [former])
  }

  test('a database of version 0.1 keeps its records under the new names, and nothing runs twice', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'migrations-'))
    await cp(MIGRATIONS, directory, {
      recursive: true,
      filter: (source) => !/[\\/]\d{4}_\w+$/.test(source) || former.some((name) => source.endsWith(`000${name}`)),
    })
    await migrate(database.url, { directory }).finally(() => rm(directory, { recursive: true }))
    const before = await records()
    await giveFormerNames()

    expect(await migrate(database.url)).toEqual(all.slice(former.length))
    expect((await records()).slice(0, former.length)).toEqual(before)
    expect(await pendingMigrations(database.query)).toEqual([])
  })

  test('a database of version 0.1 takes no second baseline', async () => {
    await migrate(database.url)
    await giveFormerNames()

    await expect(baseline(database.url)).rejects.toThrow('0000_init is recorded as applied already')
  })
})

describe('pending migrations', () => {
  test('pending are migrations without a record, and unfinished or rolled back ones', async () => {
    expect(await pendingMigrations(database.query)).toEqual(all)

    await migrate(database.url)
    expect(await pendingMigrations(database.query)).toEqual([])

    await database.query(
      `UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '0001_connection_changes'`,
    )
    expect(await pendingMigrations(database.query)).toEqual(['0001_connection_changes'])

    await database.query(
      `UPDATE _prisma_migrations SET rolled_back_at = NULL, finished_at = NULL WHERE migration_name = '0001_connection_changes'`,
    )
    expect(await pendingMigrations(database.query)).toEqual(['0001_connection_changes'])
  })
})

describe('the commands', () => {
  const run = (name: string, url?: string) =>
    new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      const script = join(import.meta.dirname, '../../src/commands', `${name}.ts`)
      execFile(
        process.execPath,
        [script],
        { env: url === undefined ? {} : { DATABASE_URL: url } },
        (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }),
      )
    })

  test('the commands say in a line what they did', { timeout: 120_000 }, async () => {
    await makeMithrilsTables()

    expect(await run('baseline', database.url)).toEqual({
      code: 0,
      stdout: 'Recorded 0000_init as applied. Run `npm run db:migrate` for the rest.\n',
      stderr: '',
    })
    expect(await run('migrate', database.url)).toEqual({
      code: 0,
      stdout: `Applied ${additive.join(', ')}.\n`,
      stderr: '',
    })
    expect(await run('migrate', database.url)).toEqual({
      code: 0,
      stdout: 'Nothing to migrate: the database is up to date.\n',
      stderr: '',
    })
  })

  test('the commands fail in one line without stack and password', async () => {
    expect(await run('migrate', 'postgresql://gateway:hunter2@127.0.0.1:1/mithril')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Cannot connect to the database 127.0.0.1:1/mithril: connect ECONNREFUSED 127.0.0.1:1\n',
    })
    const { port } = new URL(database.url)
    expect(await run('baseline', `postgresql://nobody:hunter2@127.0.0.1:${port}/mithril`)).toEqual({
      code: 1,
      stdout: '',
      stderr: `Cannot connect to the database 127.0.0.1:${port}/mithril: password authentication failed for user "nobody"\n`,
    })
  })

  test('the commands refuse to run without DATABASE_URL', async () => {
    expect(await run('migrate')).toMatchObject({
      code: 78,
      stdout: '',
      stderr: expect.stringContaining('DATABASE_URL is required'),
    })
  })
})
