import { randomBytes, randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let mithril: Client
let clientId: string
let consumerId: string
let connectionId: string

// As in production: Mithril has a role of its own, with rights on its own tables and none on ours.
const role = `mithril_${randomBytes(4).toString('hex')}`

beforeAll(async () => {
  database = await createTestDatabase()
  await database.query(`CREATE ROLE ${role}`)
  await database.query(
    `GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON users, client_types, clients, connections, tokens TO ${role}`,
  )
  mithril = new Client({ connectionString: database.url })
  await mithril.connect()
  await mithril.query(`SET ROLE ${role}`)
})

afterAll(async () => {
  await mithril.end()
  await database.query(`DROP OWNED BY ${role}`)
  await database.query(`DROP ROLE ${role}`)
  await database.drop()
})

beforeEach(async () => {
  consumerId = await database.insertClient({ type: 'MIS' })
  clientId = await database.insertClient({ type: 'MSP' })
  connectionId = await database.insertConnection({
    clientId,
    consumerId,
    redirectUri: 'http://old.example',
    secret: randomUUID(),
  })
})

const changes = () => database.query('SELECT * FROM connection_changes WHERE client_id = $1 ORDER BY id', [clientId])
/** The whole record of some connections, of all their clients, in a few words. */
const record = (...ids: string[]) =>
  database.query(
    `SELECT kind, connection_id AS id, client_id AS client, consumer_id AS consumer, version,
            redirect_uri_before AS before, redirect_uri_after AS after
       FROM connection_changes WHERE connection_id = ANY ($1) ORDER BY connection_changes.id`,
    [ids],
  )
const update = (redirectUri: string) =>
  mithril.query(`UPDATE "connections" SET "redirect_uri" = $1, "updated_at" = $2 WHERE "id" = $3`, [
    redirectUri,
    '2026-11-23 10:00:00',
    connectionId,
  ])

/** What PostgreSQL recorded of a change that did not come through the gateway. */
const external = (before: string, after: string | null, kind = 'UPDATED') => ({
  id: expect.any(String),
  connection_id: connectionId,
  client_id: clientId,
  consumer_id: consumerId,
  version: expect.any(Number),
  kind,
  redirect_uri_before: before,
  redirect_uri_after: after,
  door: 'EXTERNAL',
  caller_client_id: null,
  broker_client_id: null,
  caller_client_type: null,
  caller_user_id: null,
  request_id: null,
  reverted_change_id: null,
  changed_at: expect.any(Date),
})

describe('Mithril, by its own role,', () => {
  test('Mithril inserts a connection with any redirect URI, and its history begins', async () => {
    const id = randomUUID()
    const { rows } = await mithril.query(
      `INSERT INTO "connections" ("client_id","consumer_id","redirect_uri","secret","inserted_at","updated_at","id")
       VALUES ($1, $1, 'http://new.example', $2, '2026-11-23 10:00:00', '2026-11-23 10:00:00', $3) RETURNING "redirect_uri"`,
      [clientId, randomUUID(), id],
    )

    expect(rows).toEqual([{ redirect_uri: 'http://new.example' }])
    expect(await changes()).toEqual([
      {
        ...external('http://new.example', 'http://new.example', 'CREATED'),
        connection_id: id,
        consumer_id: clientId,
        version: 1,
      },
    ])
  })

  test("Mithril's upsert leaves CREATED for a new connection, and the changes of one that exists", async () => {
    const upsert = (redirectUri: string) =>
      mithril.query(
        `INSERT INTO connections (client_id, consumer_id, redirect_uri, secret, inserted_at, updated_at, id)
         VALUES ($1, $1, $2, $3, now(), now(), $4)
         ON CONFLICT (client_id, consumer_id) DO UPDATE
           SET redirect_uri = excluded.redirect_uri, secret = excluded.secret, updated_at = excluded.updated_at
         RETURNING id`,
        [clientId, redirectUri, randomUUID(), randomUUID()],
      )
    const { rows } = await upsert('http://a.example')
    expect((await upsert('http://b.example')).rows).toEqual(rows)

    const row = { id: rows[0]?.id, client: clientId, consumer: clientId }
    expect(await record(rows[0]?.id)).toEqual([
      { ...row, kind: 'CREATED', version: 1, before: 'http://a.example', after: 'http://a.example' },
      { ...row, kind: 'UPDATED', version: 2, before: 'http://a.example', after: 'http://b.example' },
      { ...row, kind: 'SECRET_REFRESHED', version: 2, before: 'http://b.example', after: 'http://b.example' },
    ])
  })

  describe('moves a connection', () => {
    const from = () => ({ id: connectionId, client: clientId, consumer: consumerId })
    const moved = (before: object, after: object) => [
      { ...before, kind: 'MOVED', version: 2, before: 'http://old.example', after: null },
      { ...after, kind: 'MOVED', version: 2, before: 'http://old.example', after: 'http://old.example' },
    ]

    test.each(['client', 'consumer', 'id'] as const)('to another %s, and both places have a row', async (column) => {
      const to = { ...from(), [column]: column === 'id' ? randomUUID() : await database.insertClient({ type: 'MSP' }) }
      await mithril.query('UPDATE connections SET id = $2, client_id = $3, consumer_id = $4 WHERE id = $1', [
        connectionId,
        to.id,
        to.client,
        to.consumer,
      ])

      expect(await record(connectionId, to.id)).toEqual(moved(from(), to))
    })

    test('and changes its redirect URI and secret, which the new client sees', async () => {
      const to = { ...from(), client: await database.insertClient({ type: 'MSP' }) }
      await mithril.query(
        `UPDATE connections SET client_id = $2, redirect_uri = 'http://new.example', secret = $3 WHERE id = $1`,
        [connectionId, to.client, randomUUID()],
      )

      expect(await record(connectionId)).toEqual([
        ...moved(from(), to),
        { ...to, kind: 'UPDATED', version: 2, before: 'http://old.example', after: 'http://new.example' },
        { ...to, kind: 'SECRET_REFRESHED', version: 2, before: 'http://new.example', after: 'http://new.example' },
      ])
    })

    test('there and back, and each client has its own part of the record', async () => {
      const other = await database.insertClient({ type: 'MSP' })
      for (const client of [other, clientId])
        await mithril.query('UPDATE connections SET client_id = $2 WHERE id = $1', [connectionId, client])

      expect((await changes()).map((row) => [row['version'], row['redirect_uri_after']])).toEqual([
        [2, null],
        [3, 'http://old.example'],
      ])
      expect((await record(connectionId)).map(({ client }) => client)).toEqual([clientId, other, other, clientId])
    })
  })

  test('Mithril truncates its table, and each connection has a record of its end', async () => {
    const other = await database.insertConnection({ clientId, consumerId: clientId, redirectUri: 'http://a.example' })
    await mithril.query('TRUNCATE connections')

    expect(await database.query('SELECT FROM connections')).toEqual([])
    const row = { kind: 'DELETED', client: clientId, version: 1, after: null }
    expect(await record(connectionId, other)).toEqual(
      expect.arrayContaining([
        { ...row, id: connectionId, consumer: consumerId, before: 'http://old.example' },
        { ...row, id: other, consumer: clientId, before: 'http://a.example' },
      ]),
    )
    expect(await changes()).toHaveLength(2)
  })

  test('Mithril truncates its clients, and the record of their connections ends, too', async () => {
    await update('https://new.example')
    await mithril.query('TRUNCATE clients CASCADE')

    expect(await database.query('SELECT FROM connections')).toEqual([])
    expect(await changes()).toEqual([
      external('http://old.example', 'https://new.example'),
      external('https://new.example', null, 'DELETED'),
    ])
  })

  test('a truncation that is rolled back leaves the table and no record', async () => {
    await mithril.query('BEGIN')
    await mithril.query('TRUNCATE connections')
    await mithril.query('ROLLBACK')

    expect(await database.query('SELECT id FROM connections WHERE id = $1', [connectionId])).toHaveLength(1)
    expect(await changes()).toEqual([])
  })

  test('Mithril changes a redirect URI, and the change is recorded as EXTERNAL', async () => {
    await update('https://new.example')

    expect(await changes()).toEqual([external('http://old.example', 'https://new.example')])
  })

  test('Mithril changes an old http: redirect URI to another one', async () => {
    await update('http://newer.example')

    expect(await changes()).toEqual([external('http://old.example', 'http://newer.example')])
  })

  test('the writes of Mithril leave an unbroken chain of changes', async () => {
    for (const uri of ['https://a.example', 'https://b.example', 'https://a.example']) await update(uri)

    expect(await changes()).toEqual([
      external('http://old.example', 'https://a.example'),
      external('https://a.example', 'https://b.example'),
      external('https://b.example', 'https://a.example'),
    ])
  })

  test('an equal value or a rolled back change leaves no record', async () => {
    await update('http://old.example')
    await mithril.query('BEGIN')
    await update('https://new.example')
    await mithril.query('ROLLBACK')

    expect(await changes()).toEqual([])
  })

  test('Mithril changes a secret, and the change is recorded without it', async () => {
    const { rows } = await mithril.query(`UPDATE connections SET secret = $1 WHERE id = $2 RETURNING redirect_uri`, [
      randomUUID(),
      connectionId,
    ])

    expect(rows).toEqual([{ redirect_uri: 'http://old.example' }])
    expect(await changes()).toEqual([external('http://old.example', 'http://old.example', 'SECRET_REFRESHED')])
  })

  test('Mithril changes both at once, and two records continue the chain', async () => {
    await mithril.query(`UPDATE connections SET secret = $1, redirect_uri = 'https://new.example' WHERE id = $2`, [
      randomUUID(),
      connectionId,
    ])

    expect(await changes()).toEqual([
      external('http://old.example', 'https://new.example'),
      external('https://new.example', 'https://new.example', 'SECRET_REFRESHED'),
    ])
  })

  test('each update of Mithril moves the version, also of an unrecorded column', async () => {
    const version = async () =>
      (await database.query('SELECT version FROM connections WHERE id = $1', [connectionId]))[0]
    expect(await version()).toEqual({ version: 1 })
    await update('https://new.example')
    await mithril.query(`UPDATE connections SET updated_at = '2026-11-23 11:00:00' WHERE id = $1`, [connectionId])
    expect(await version()).toEqual({ version: 3 })
  })

  test('Mithril deletes a connection, and its history stays', async () => {
    await update('https://new.example')
    await mithril.query('DELETE FROM connections WHERE id = $1', [connectionId])

    expect(await database.query('SELECT id FROM connections WHERE id = $1', [connectionId])).toEqual([])
    expect(await changes()).toEqual([
      external('http://old.example', 'https://new.example'),
      external('https://new.example', null, 'DELETED'),
    ])
  })

  test('Mithril deletes a client with its connections', async () => {
    await mithril.query('DELETE FROM clients WHERE id = $1', [clientId])

    expect(await database.query('SELECT id FROM connections WHERE client_id = $1', [clientId])).toEqual([])
    expect(await changes()).toEqual([external('http://old.example', null, 'DELETED')])
  })

  test('Mithril has no right on the record itself', async () => {
    for (const statement of [
      'SELECT FROM connection_changes',
      'DELETE FROM connection_changes',
      'TRUNCATE connection_changes',
    ])
      await expect(mithril.query(statement)).rejects.toMatchObject({
        code: '42501',
        message: 'permission denied for table connection_changes',
      })
  })

  test('Mithril cannot make triggers of its own that write to the record', async () => {
    await mithril.query('CREATE TEMPORARY TABLE bait AS SELECT id, client_id, redirect_uri FROM connections')
    try {
      for (const name of ['record_connection_create', 'record_connection_update', 'record_connection_delete'])
        await expect(
          mithril.query(`CREATE TRIGGER forge AFTER UPDATE ON bait FOR EACH ROW EXECUTE FUNCTION ${name}()`),
        ).rejects.toMatchObject({ code: '42501', message: `permission denied for function ${name}` })
    } finally {
      await mithril.query('DROP TABLE pg_temp.bait')
    }
  })

  test('Mithril cannot replace the record by a temporary table of the same name', async () => {
    const columns = await database.query<{ sql: string }>(
      `SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ') AS sql
       FROM pg_attribute WHERE attrelid = 'connection_changes'::regclass AND attnum > 0`,
    )
    await mithril.query(`CREATE TEMPORARY TABLE connection_changes (${columns[0]?.sql})`)
    try {
      await update('https://new.example')
    } finally {
      await mithril.query('DROP TABLE pg_temp.connection_changes')
    }

    expect(await changes()).toEqual([external('http://old.example', 'https://new.example')])
  })

  test('Mithril cannot replace the functions or operators of the record by others of the same name', async () => {
    await database.query(`CREATE SCHEMA ambush AUTHORIZATION ${role}`)
    try {
      const raise = `LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ran with the rights of the owner: %', current_user; END $$`
      await mithril.query(`
        CREATE FUNCTION ambush.current_setting(text, boolean) RETURNS text ${raise};
        CREATE FUNCTION ambush.starts_with(text, text) RETURNS boolean ${raise};
        CREATE FUNCTION ambush.string_to_array(text, text, text) RETURNS text[] ${raise};
        CREATE FUNCTION ambush.unnest(text[]) RETURNS SETOF text ${raise};
        CREATE FUNCTION ambush.nextval(regclass) RETURNS bigint ${raise};
        CREATE FUNCTION ambush.numbers(bigint, bigint) RETURNS boolean ${raise};
        CREATE OPERATOR ambush.>= (FUNCTION = ambush.numbers, LEFTARG = bigint, RIGHTARG = bigint);
        CREATE FUNCTION ambush.jsonb_extract_path_text(jsonb, VARIADIC text[]) RETURNS text ${raise};
        CREATE FUNCTION ambush.clock_timestamp() RETURNS timestamptz ${raise};
        CREATE FUNCTION ambush.texts(text, text) RETURNS boolean ${raise};
        CREATE OPERATOR ambush.= (FUNCTION = ambush.texts, LEFTARG = text, RIGHTARG = text);
        CREATE OPERATOR ambush.<> (FUNCTION = ambush.texts, LEFTARG = text, RIGHTARG = text);
        CREATE DOMAIN ambush.jsonb AS pg_catalog.jsonb CHECK (false);
        SET search_path = ambush, pg_catalog`)
      await mithril.query(`UPDATE public.connections SET redirect_uri = 'https://new.example' WHERE id = $1`, [
        connectionId,
      ])
      await mithril.query('UPDATE public.connections SET secret = $1 WHERE id = $2', [randomUUID(), connectionId])
      await mithril.query('UPDATE public.connections SET consumer_id = client_id WHERE id = $1', [connectionId])
      await mithril.query('TRUNCATE public.connections')
    } finally {
      await mithril.query('RESET search_path')
      await database.query('DROP SCHEMA ambush CASCADE')
    }

    expect(await changes()).toEqual([
      external('http://old.example', 'https://new.example'),
      external('https://new.example', 'https://new.example', 'SECRET_REFRESHED'),
      external('https://new.example', null, 'MOVED'),
      { ...external('https://new.example', 'https://new.example', 'MOVED'), consumer_id: clientId },
      { ...external('https://new.example', null, 'DELETED'), consumer_id: clientId },
    ])
  })
})

describe('the record of changes', () => {
  // Several statements in one message are one transaction.
  const asGateway = (caller: object, redirectUri: string) =>
    database.pool.query(
      `SELECT set_config('gateway.caller', '${JSON.stringify(caller)}', true);
       UPDATE connections SET redirect_uri = '${redirectUri}' WHERE id = '${connectionId}'`,
    )
  const caller = () => ({ door: 'REST', clientId, clientType: 'MSP', userId: 'user', requestId: 'request' })

  test('the record is append-only for its owner, too', async () => {
    await update('https://new.example')

    for (const [statement, operation] of [
      [`UPDATE connection_changes SET door = 'REST'`, 'UPDATE'],
      ['DELETE FROM connection_changes', 'DELETE'],
      ['TRUNCATE connection_changes', 'TRUNCATE'],
    ] as const)
      await expect(database.query(statement)).rejects.toMatchObject({
        code: '42501',
        message: `connection_changes is append-only: ${operation} refused`,
      })
    expect(await changes()).toEqual([external('http://old.example', 'https://new.example')])
  })

  test('the record names the caller that the gateway set, for its transaction only', async () => {
    await asGateway(caller(), 'https://new.example')
    await database.query('UPDATE connections SET redirect_uri = $1 WHERE id = $2', [
      'https://newer.example',
      connectionId,
    ])

    expect(await changes()).toEqual([
      {
        ...external('http://old.example', 'https://new.example'),
        door: 'REST',
        caller_client_id: clientId,
        caller_client_type: 'MSP',
        caller_user_id: 'user',
        request_id: 'request',
      },
      external('https://new.example', 'https://newer.example'),
    ])
  })

  test('the record refuses http:, a missing caller or an unknown door, and so the change', async () => {
    const refused = (constraint: string) => ({ code: '23514', constraint })

    await expect(asGateway(caller(), 'http://new.example')).rejects.toMatchObject(
      refused('connection_changes_redirect_uri_is_https'),
    )
    await expect(asGateway({ door: 'REST' }, 'https://new.example')).rejects.toMatchObject(
      refused('connection_changes_caller_is_known'),
    )
    await expect(asGateway({ ...caller(), door: 'WINDOW' }, 'https://new.example')).rejects.toMatchObject(
      refused('connection_changes_door_is_known'),
    )
    expect(await database.query('SELECT redirect_uri FROM connections WHERE id = $1', [connectionId])).toEqual([
      { redirect_uri: 'http://old.example' },
    ])
  })
})
