import { randomBytes, randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let mithril: Client
let clientId: string
let connectionId: string

// As in production: Mithril has a role of its own, with rights on its own tables and none on ours.
const role = `mithril_${randomBytes(4).toString('hex')}`

beforeAll(async () => {
  database = await createTestDatabase()
  await database.query(`CREATE ROLE ${role}`)
  await database.query(
    `GRANT SELECT, INSERT, UPDATE, DELETE ON users, client_types, clients, connections, tokens TO ${role}`,
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
  const consumerId = await database.insertClient({ type: 'MIS' })
  clientId = await database.insertClient({ type: 'MSP' })
  connectionId = await database.insertConnection({
    clientId,
    consumerId,
    redirectUri: 'http://old.example',
    secret: randomUUID(),
  })
})

const changes = () => database.query('SELECT * FROM connection_changes WHERE client_id = $1 ORDER BY id', [clientId])
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
  test('Mithril inserts a connection with any redirect URI, and no change is recorded', async () => {
    const { rows } = await mithril.query(
      `INSERT INTO "connections" ("client_id","consumer_id","redirect_uri","secret","inserted_at","updated_at","id")
       VALUES ($1, $1, 'http://new.example', $2, '2026-11-23 10:00:00', '2026-11-23 10:00:00', $3) RETURNING "redirect_uri"`,
      [clientId, randomUUID(), randomUUID()],
    )

    expect(rows).toEqual([{ redirect_uri: 'http://new.example' }])
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
      for (const name of ['record_redirect_uri_change', 'record_secret_change', 'record_connection_delete'])
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
        CREATE FUNCTION ambush.jsonb_exists(jsonb, text) RETURNS boolean ${raise};
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
    } finally {
      await mithril.query('RESET search_path')
      await database.query('DROP SCHEMA ambush CASCADE')
    }

    expect(await changes()).toEqual([
      external('http://old.example', 'https://new.example'),
      external('https://new.example', 'https://new.example', 'SECRET_REFRESHED'),
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
