import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type MithrilCluster, prepareForGateway, startMithrilCluster } from '../support/mithril-cluster.ts'

// The role that owns Mithril's tables makes types, casts, operators and functions. None of them may run with the rights
// of gateway_migrator, which owns the record of changes.

let cluster: MithrilCluster
beforeEach(async () => {
  cluster = await startMithrilCluster()
  await prepareForGateway(cluster)
})
afterEach(() => cluster?.stop())

const countRecord = () => cluster.query('SELECT count(*) FROM connection_changes')

/** The body of a function that works for Mithril, and fails with the name of every other role. */
const says = `LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
  IF current_user <> 'mithril' THEN RAISE EXCEPTION 'ran as %', current_user; END IF;
  RETURN NULL;
END $$`

/** A type of Mithril's, and casts from it to the types of the record. */
const oddType = `
  CREATE TYPE odd AS (value text);
  CREATE FUNCTION as_uuid(odd) RETURNS uuid ${says};
  CREATE FUNCTION as_text(odd) RETURNS varchar ${says};
  CREATE CAST (odd AS uuid) WITH FUNCTION as_uuid(odd) AS IMPLICIT;
  CREATE CAST (odd AS varchar) WITH FUNCTION as_text(odd) AS IMPLICIT;`
const retype = (column: string) => `
  ALTER TABLE connections DROP CONSTRAINT connections_client_id_fkey;
  ALTER TABLE connections ALTER COLUMN ${column} TYPE odd USING row(${column}::text)::odd;`
const oddId = `${oddType} ${retype('id')}`
const oddClientId = `${oddType} ${retype('client_id')}`
const oddConsumerId = `${oddType}
  ALTER TABLE connections DROP CONSTRAINT connections_consumer_id_fkey;
  ALTER TABLE connections ALTER COLUMN consumer_id TYPE odd USING row(consumer_id::text)::odd;`
const oddSecret = `${oddType}
  ALTER TABLE connections RENAME COLUMN secret TO old_secret;
  ALTER TABLE connections ADD COLUMN secret odd NOT NULL DEFAULT row('a secret')::odd;`
const oddRedirectUri = `${oddType}
  ALTER TABLE connections RENAME COLUMN redirect_uri TO old_uri;
  ALTER TABLE connections ADD COLUMN redirect_uri odd NOT NULL DEFAULT row('https://odd.example.ua/')::odd;`

describe('the functions that write the record', () => {
  const refused = {
    code: '42804',
    message: 'connections has a column of another type than the record of changes',
  }

  test.each([
    ['id', oddId, `UPDATE connections SET redirect_uri = 'https://new.example.ua/'`],
    ['client_id', oddClientId, `UPDATE connections SET redirect_uri = 'https://new.example.ua/'`],
    ['client_id, with a new secret', oddClientId, 'UPDATE connections SET secret = id'],
    ['client_id, with a delete', oddClientId, 'DELETE FROM connections'],
    ['redirect_uri', oddRedirectUri, `UPDATE connections SET old_uri = 'https://new.example.ua/'`],
    ['redirect_uri, with a delete', oddRedirectUri, 'DELETE FROM connections'],
    ['consumer_id', oddConsumerId, `UPDATE connections SET redirect_uri = 'https://new.example.ua/'`],
    ['consumer_id, with a truncation', oddConsumerId, 'TRUNCATE connections'],
    ['secret', oddSecret, `UPDATE connections SET secret = row('another')::odd`],
    [
      'client_id, with a new connection',
      oddClientId,
      `INSERT INTO connections (id, secret, redirect_uri, client_id, consumer_id, inserted_at, updated_at)
       SELECT gen_random_uuid(), '', '', row('odd')::odd, id, now(), now() FROM clients LIMIT 1`,
    ],
  ])('the functions call no cast of Mithril from another type of %s', async (_column, prepare, write) => {
    await cluster.query(prepare, 'mithril')
    const before = await countRecord()
    await expect(cluster.query(write, 'mithril')).rejects.toMatchObject(refused)
    expect(await countRecord()).toEqual(before)
  })
})

describe('the functions that archive the record', () => {
  const digest = createHash('sha256').update('a file').digest('hex')
  const register = () =>
    cluster.query(`SELECT register_history_archive('${digest}', '2016-01-01', 1)`, 'gateway_archivist')
  const remove = () =>
    cluster.query(
      `SET timezone = 'UTC';
       SELECT remove_archived_changes('${digest}', array_agg(row_to_json(connection_changes)::text))::int AS removed
         FROM connection_changes`,
      'gateway_archivist',
    )
  beforeEach(async () => {
    await cluster.query(`
      INSERT INTO connection_changes
             (connection_id, client_id, kind, redirect_uri_before, redirect_uri_after, door, changed_at)
        SELECT connection.id, client_id, 'UPDATED', redirect_uri, redirect_uri, 'EXTERNAL', changed_at
          FROM (SELECT * FROM connections LIMIT 1) AS connection,
               unnest('{2015-01-01,2015-01-02}'::timestamptz[]) AS changed_at ORDER BY changed_at`)
  })

  test('the functions call no operator of Mithril', async () => {
    await cluster.query(
      `CREATE FUNCTION are_equal(character, text) RETURNS boolean ${says};
       CREATE OPERATOR public.= (FUNCTION = are_equal, LEFTARG = character, RIGHTARG = text)`,
      'mithril',
    )
    await register()
    expect(await remove()).toEqual([{ removed: 1 }])
    await expect(cluster.query('DELETE FROM connection_changes', 'gateway_migrator')).rejects.toMatchObject({
      message: 'connection_changes is append-only: DELETE refused',
    })
  })

  const refused = { code: '55000', message: expect.stringContaining('connections is no table with an id of type uuid') }
  const asFunction = `CREATE FUNCTION is_odd(integer) RETURNS boolean ${says};`
  const asChild = `${asFunction} CREATE TABLE child () INHERITS (connections);`

  test.each([
    ['an id of another type', oddId, refused],
    [
      'a view in place of the table',
      `${asFunction} ALTER TABLE connections RENAME TO stored;
       CREATE VIEW connections AS SELECT * FROM stored WHERE is_odd(length(secret))`,
      refused,
    ],
    ['an index', `${asFunction} CREATE INDEX ON connections (id) WHERE is_odd(1)`, refused],
    ['statistics', `${asFunction} CREATE STATISTICS odd ON is_odd(1), id FROM connections`, refused],
    ['an index of a child', `${asChild} CREATE INDEX ON child (id) WHERE is_odd(1)`, refused],
    ['a constraint of a child', `${asChild} ALTER TABLE child ADD CHECK (is_odd(1))`, refused],
    [
      'a policy',
      `${asFunction} CREATE POLICY odd ON connections USING (is_odd(length(secret)));
       ALTER TABLE connections ENABLE ROW LEVEL SECURITY; ALTER TABLE connections FORCE ROW LEVEL SECURITY`,
      { code: '42501', message: 'query would be affected by row-level security policy for table "connections"' },
    ],
  ])('the functions call no function of Mithril by %s', async (_way, prepare, refusal) => {
    await register()
    await cluster.query(prepare, 'mithril')
    const before = await countRecord()
    await expect(remove()).rejects.toMatchObject(refusal)
    expect(await countRecord()).toEqual(before)
  })
})
