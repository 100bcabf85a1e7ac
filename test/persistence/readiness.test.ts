import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { switchEvents } from '../../src/persistence/events/event-switch.ts'
import { migrate } from '../../src/persistence/migrations/migrate.ts'
import { createDatabase, type Database } from '../../src/persistence/pool/database.ts'
import { createDatabaseReadiness, type DatabaseReadiness } from '../../src/persistence/readiness.ts'
import { createClientStore } from '../../src/persistence/stores/client-store.ts'
import { createConnectionStore } from '../../src/persistence/stores/connection-store.ts'
import { createTestDatabase, databaseDefaults, type TestDatabase } from '../support/database.ts'
import { insertSubscription } from '../support/events.ts'

let testDatabase: TestDatabase
let opened: Database[]
let warnings: string[]
beforeEach(async () => {
  testDatabase = await createTestDatabase()
  opened = []
  warnings = []
})
afterEach(async () => {
  for (const database of opened) await database.close()
  await testDatabase.drop()
})

function readinessOf(
  url = testDatabase.url,
  options: { opaqueTokens?: boolean; events?: boolean } = {},
): DatabaseReadiness {
  const database = createDatabase(url, { ...databaseDefaults, connectTimeoutMs: 10_000 })
  opened.push(database)
  return createDatabaseReadiness(database, { ...options, warn: (sentence) => warnings.push(sentence) })
}

const nameOf = async () => {
  const [row] = await testDatabase.query<{ name: string }>('SELECT current_database() AS name')
  return row?.name ?? ''
}

/** A record as a copy brings it, with its id. */
const copyChange = (id: number, connectionId: string = randomUUID()) =>
  testDatabase.query(
    `INSERT INTO connection_changes (id, connection_id, client_id, kind, redirect_uri_before, redirect_uri_after, door, changed_at)
     VALUES ($1, $2, $3, 'UPDATED', 'https://a.ua/', 'https://b.ua/', 'EXTERNAL', now())`,
    [id, connectionId, randomUUID()],
  )

test('a migrated database is ready, and one question answers both checks', async () => {
  const database = createDatabase(testDatabase.url, databaseDefaults)
  opened.push(database)
  const asked: string[] = []
  const readiness = createDatabaseReadiness(
    {
      query: (sql) => {
        asked.push(sql)
        return database.query(sql)
      },
    },
    { warn: (sentence) => warnings.push(sentence) },
  )

  expect(await Promise.all([readiness.database(), readiness.migrations()])).toEqual([true, true])
  expect(asked).toHaveLength(1)
  expect(warnings).toEqual([])
})

describe('not ready, with the reason, is a database', () => {
  const cases: [name: string, sql: string, reason: string][] = [
    [
      'without the trigger of an update',
      'DROP TRIGGER connections_record_update ON connections',
      'the trigger connections_record_update of connections is missing',
    ],
    [
      'with its trigger of a delete disabled',
      'ALTER TABLE connections DISABLE TRIGGER connections_record_delete',
      'the trigger connections_record_delete of connections is disabled',
    ],
    [
      'whose trigger of a new connection fires for replicas only',
      'ALTER TABLE connections ENABLE REPLICA TRIGGER connections_record_create',
      'the trigger connections_record_create of connections is disabled',
    ],
    [
      'whose versions stand still',
      'DROP TRIGGER connections_advance_version ON connections',
      'the trigger connections_advance_version of connections is missing',
    ],
    [
      'whose history can be rewritten',
      'ALTER TABLE connection_changes DISABLE TRIGGER USER',
      'the trigger connection_changes_append_only of connection_changes is disabled',
    ],
    [
      'whose functions went with their triggers, as after a restore of tables only',
      'DROP FUNCTION record_connection_update() CASCADE',
      'the trigger connections_record_update of connections is missing',
    ],
    [
      'whose trigger calls another function',
      `CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
       CREATE OR REPLACE TRIGGER connections_record_update AFTER UPDATE ON connections FOR EACH ROW EXECUTE FUNCTION nothing()`,
      'the trigger connections_record_update of connections does not call record_connection_update',
    ],
    [
      'whose table can be truncated without a record',
      'ALTER TABLE connections DISABLE TRIGGER connections_record_truncate',
      'the trigger connections_record_truncate of connections is disabled',
    ],
    [
      'where PUBLIC may write new connections into the record',
      'GRANT EXECUTE ON FUNCTION record_connection_create() TO PUBLIC',
      'the function record_connection_create() may be executed by PUBLIC: run ops/postgres/rights.sql',
    ],
    [
      'where PUBLIC may write the record',
      'GRANT EXECUTE ON FUNCTION record_connection_update() TO PUBLIC',
      'the function record_connection_update() may be executed by PUBLIC: run ops/postgres/rights.sql',
    ],
    [
      'whose function runs with the rights of the writer',
      'ALTER FUNCTION record_connection_delete() SECURITY INVOKER',
      'the function record_connection_delete() is not SECURITY DEFINER',
    ],
    [
      'whose client_id has another type',
      `CREATE DOMAIN client_ids AS uuid; ALTER TABLE connections ALTER COLUMN client_id TYPE client_ids`,
      'connections.client_id is of the type client_ids, not uuid',
    ],
    [
      'whose version has another type',
      'ALTER TABLE connections DROP COLUMN version CASCADE; ALTER TABLE connections ADD COLUMN version bigint',
      'connections.version is of the type bigint, not int4',
    ],
    [
      'whose redirect_uri has another type',
      `ALTER TABLE connections RENAME COLUMN redirect_uri TO kept; ALTER TABLE connections ADD COLUMN redirect_uri text`,
      'connections.redirect_uri is of the type text, not varchar',
    ],
    [
      'whose history is empty, but for ids above its sequence',
      `INSERT INTO connection_changes (id, connection_id, client_id, kind, redirect_uri_before, door, changed_at)
       SELECT 19, gen_random_uuid(), gen_random_uuid(), 'DELETED', 'https://a.ua/', 'EXTERNAL', now()`,
      'the sequence of connection_changes.id is behind its ids: run npm run db:migrate',
    ],
  ]
  test.each(cases)('%s', async (_name, sql, reason) => {
    await testDatabase.query(sql)
    const readiness = readinessOf()

    await expect(readiness.database()).rejects.toThrow(reason)
    expect(await readiness.migrations()).toBe(true)
  })

  test.each([
    ['default_transaction_read_only = on', 'the database is read-only'],
    ['session_replication_role = replica', 'session_replication_role is replica, so no change is recorded'],
  ])('with %s', async (setting, reason) => {
    await testDatabase.query(`ALTER DATABASE ${await nameOf()} SET ${setting}`)

    await expect(readinessOf().database()).rejects.toThrow(reason)
  })

  test('a database with a renamed schema is not ready', async () => {
    await testDatabase.query('ALTER SCHEMA public RENAME TO mithril')
    await testDatabase.query(`ALTER DATABASE ${await nameOf()} SET search_path = mithril`)

    await expect(readinessOf().database()).rejects.toThrow(
      'the function record_connection_update() does not write to the connection_changes of this schema',
    )
    await testDatabase.query('ALTER SCHEMA mithril RENAME TO public')
  })

  test('a database with many changes, the last of them above its sequence, is not ready', async () => {
    await testDatabase.query(
      `INSERT INTO connection_changes (connection_id, client_id, kind, redirect_uri_before, redirect_uri_after, door, changed_at)
       SELECT gen_random_uuid(), gen_random_uuid(), 'UPDATED', repeat('a', 200), repeat('b', 200), 'EXTERNAL', now()
         FROM generate_series(1, 5000)`,
    )
    expect(await readinessOf().database()).toBe(true)
    await copyChange(5_001)
    await expect(readinessOf().database()).rejects.toThrow('the sequence of connection_changes.id is behind its ids')
  })

  test('a database without a column of Mithril is not ready', async () => {
    await testDatabase.query('ALTER TABLE clients RENAME COLUMN priv_settings TO private_settings')

    await expect(readinessOf().database()).rejects.toThrow(
      'column "priv_settings" of relation "clients" does not exist',
    )
  })
})

describe('a serving role of its own', () => {
  const role = `serves_${randomUUID().slice(0, 8)}`
  const asRole = () => Object.assign(new URL(testDatabase.url), { username: role, password: 'right' }).href
  beforeEach(async () => {
    await testDatabase.query(`CREATE ROLE ${role} LOGIN PASSWORD 'right'`)
    await testDatabase.query(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`)
  })
  afterEach(async () => {
    for (const database of opened.splice(0)) await database.close()
    await testDatabase.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  })

  test('a history that the owner of connections owns is not ready', async () => {
    await expect(readinessOf(asRole()).database()).rejects.toThrow(
      /^connection_changes belongs to \w+, which owns connections, too: run ops\/postgres\/rights.sql$/,
    )
  })

  test('a serving role is ready if the history has another owner, and not if it lacks a right', async () => {
    const owner = `keeps_${role}`
    await testDatabase.query(`CREATE ROLE ${owner}`)
    try {
      await testDatabase.query(`ALTER TABLE connection_changes OWNER TO ${owner}`)
      expect(await readinessOf(asRole()).database()).toBe(true)

      await testDatabase.query(`REVOKE SELECT ON tokens FROM ${role}`)
      expect(await readinessOf(asRole()).database()).toBe(true)
      await expect(readinessOf(asRole(), { opaqueTokens: true }).database()).rejects.toThrow(
        `the role ${role} has no right to SELECT name of tokens; the role ${role} has no right to SELECT value of tokens`,
      )

      await testDatabase.query(`REVOKE UPDATE, DELETE ON connections FROM ${role}; REVOKE SELECT ON users FROM ${role}`)
      await testDatabase.query(`GRANT UPDATE (redirect_uri, secret, version) ON connections TO ${role}`)
      await expect(readinessOf(asRole()).database()).rejects.toThrow(
        [
          `the role ${role} has no right to SELECT id of users`,
          `the role ${role} has no right to SELECT is_blocked of users`,
          `the role ${role} has no right to UPDATE updated_at of connections`,
          `the role ${role} has no right to DELETE from connections`,
        ].join('; '),
      )
    } finally {
      await testDatabase.query(`DROP OWNED BY ${owner} CASCADE; DROP ROLE ${owner}`)
    }
  })
})

describe('migrations', () => {
  test('pending migrations are no fault of the database', async () => {
    await testDatabase.query(`DELETE FROM _prisma_migrations WHERE migration_name = '0006_client_history'`)
    const readiness = readinessOf()

    expect(await Promise.all([readiness.database(), readiness.migrations()])).toEqual([true, false])
    expect(await readiness.isMigrationPending()).toBe(true)
  })

  test('migrations that have never run are pending, and readiness sees them applied without a restart', async () => {
    const empty = await createTestDatabase({ empty: true })
    try {
      const readiness = readinessOf(empty.url)
      expect(await Promise.all([readiness.database(), readiness.migrations()])).toEqual([true, false])
      expect(await readiness.isMigrationPending()).toBe(true)

      await migrate(empty.url)
      expect(await Promise.all([readiness.database(), readiness.migrations()])).toEqual([true, true])
      await expect.poll(() => readiness.isMigrationPending(), { timeout: 30_000 }).toBe(false)
    } finally {
      for (const database of opened.splice(0)) await database.close()
      await empty.drop()
    }
  })
})

test('tables in a schema of their own are ready and served, raw statements and all, by the search path', async () => {
  const place = await createTestDatabase({ empty: true })
  try {
    const [name] = await place.query<{ name: string }>('SELECT current_database() AS name')
    await place.query(`CREATE SCHEMA mithril; ALTER DATABASE ${name?.name} SET search_path = mithril, public`)
    await migrate(place.url)
    const session = new Client({ connectionString: place.url })
    await session.connect()
    const [clientId, connectionId] = [randomUUID(), randomUUID()]
    await session.query(
      `INSERT INTO client_types (id, name, inserted_at, updated_at) VALUES (gen_random_uuid(), 'MSP', now(), now());
       INSERT INTO clients (id, name, client_type_id, inserted_at, updated_at) SELECT '${clientId}', 'Клініка', id, now(), now() FROM client_types;
       INSERT INTO connections (id, secret, redirect_uri, client_id, consumer_id, inserted_at, updated_at)
       VALUES ('${connectionId}', 'a-secret', 'https://a.ua/', '${clientId}', '${clientId}', now(), now())`,
    )
    await session.end()
    const database = createDatabase(place.url, databaseDefaults)
    opened.push(database)
    const readiness = createDatabaseReadiness(database, { warn: () => {} })

    expect(await Promise.all([readiness.database(), readiness.migrations()])).toEqual([true, true])
    expect(await createClientStore(database).references([clientId])).toEqual([{ id: clientId, name: 'Клініка' }])
    const connections = createConnectionStore(database)
    expect(await connections.clientOfSecret('a-secret')).toBe(clientId)
    expect(await connections.find({ clientId, connectionId })).toMatchObject({ id: connectionId })
  } finally {
    for (const database of opened.splice(0)) await database.close()
    await place.query('DROP SCHEMA mithril CASCADE')
    await place.drop()
  }
})

test('a database whose letters are those of C is ready, and warned of once', async () => {
  const name = `${await nameOf()}_c`
  await testDatabase.query(
    `CREATE DATABASE ${name} TEMPLATE template0 LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'UTF8'`,
  )
  try {
    const url = Object.assign(new URL(testDatabase.url), { pathname: `/${name}` }).href
    await migrate(url)
    const readiness = readinessOf(url)
    expect(await readiness.database()).toBe(true)
    expect(await readiness.database()).toBe(true)
    expect(warnings).toEqual([expect.stringMatching(/^LC_CTYPE of the database does not know Ukrainian letters/)])
  } finally {
    for (const database of opened.splice(0)) await database.close()
    await testDatabase.query(`DROP DATABASE ${name} WITH (FORCE)`)
  }
})

test('a gateway with events warns if changes that replication brings are recorded and queue no event', async () => {
  await switchEvents(testDatabase.url, true)
  await insertSubscription(testDatabase)
  const clientId = await testDatabase.insertClient({ type: 'MSP' })
  await testDatabase.insertConnection({ clientId, consumerId: clientId, redirectUri: 'https://a.example.ua/' })
  const triggers = ['advance_version', 'record_create', 'record_update', 'record_delete']
  for (const name of triggers)
    await testDatabase.query(`ALTER TABLE connections ENABLE ALWAYS TRIGGER connections_${name}`)
  const inboxAfterReplication = async () => {
    const end = await testDatabase.hold(
      `SET LOCAL session_replication_role = 'replica'; UPDATE connections SET redirect_uri = redirect_uri || 'b'`,
    )
    await end('COMMIT')
    return (await testDatabase.query('SELECT FROM event_inbox')).length
  }
  const sentence =
    'Changes that replication brings are recorded, but queue no events: ' +
    'connection_changes_queue_event of connection_changes needs ENABLE ALWAYS'
  expect([await readinessOf(undefined, { events: true }).database(), warnings]).toEqual([true, [sentence]])
  expect(await inboxAfterReplication()).toBe(0)

  await testDatabase.query('ALTER TABLE connection_changes ENABLE ALWAYS TRIGGER connection_changes_queue_event')
  expect([await readinessOf(undefined, { events: true }).database(), warnings]).toEqual([true, [sentence]])
  expect(await inboxAfterReplication()).toBe(1)
  expect(await switchEvents(testDatabase.url, true)).toEqual({ wasSo: true, queues: true })
  expect(await inboxAfterReplication()).toBe(2)
})
