import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Place } from '../../src/development/embedded/place.ts'
import { type Cluster, copyCluster, makeBaseCluster } from '../faults/postgres-cluster.ts'
import { connections, fillRegistry } from '../faults/registry.ts'

// ops/debezium.md: what a reader of logical replication gets of the history. PostgreSQL's own functions decode the log
// by pgoutput, as Debezium does.

const readOps = (path: string) => readFile(new URL(`../../ops/${path}`, import.meta.url), 'utf8')

const slot = 'connection_changes'
const [connection] = connections
const connectionId = connection?.connectionId ?? ''

let directory: string
let base: Place
let cluster: Cluster
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-debezium-'))
  await chmod(directory, 0o755) // PostgreSQL runs as another user where this process is root.
  base = await makeBaseCluster(join(directory, 'base'), fillRegistry)
  cluster = await copyCluster(base, join(dirname(base.directory), 'primary'))
  await cluster.start(['wal_level=logical', 'fsync=off'])
  await cluster.query(await readOps('postgres/publication.sql'))
  await cluster.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot])
}, 120_000)
afterAll(async () => {
  await cluster?.stop('immediate')
  for (const path of [directory, base?.directory]) await rm(path, { recursive: true, force: true })
})

type Tuple = readonly (string | null)[]

/** The columns of a relation, from its message (PostgreSQL manual, 54.9). */
function columnsOf(message: Buffer): string[] {
  const names = message.subarray(5).toString('latin1').split('\0')
  const nameOfTable = `${names[0]}\0${names[1]}\0`
  let at = 5 + nameOfTable.length + 1
  const columns: string[] = []
  for (let left = message.readInt16BE(at), from = at + 2; left > 0; left--) {
    at = message.indexOf(0, from + 1)
    columns.push(message.toString('utf8', from + 1, at))
    from = at + 1 + 8
  }
  return columns
}

/** The values of an inserted row. */
function tupleOf(message: Buffer): Tuple {
  const values: (string | null)[] = []
  for (let left = message.readInt16BE(6), at = 8; left > 0; left--) {
    if (message.toString('latin1', at, at + 1) === 'n') {
      values.push(null)
      at += 1
    } else {
      const end = at + 5 + message.readInt32BE(at + 1)
      values.push(message.toString('utf8', at + 5, end))
      at = end
    }
  }
  return values
}

/** What the slot has since the last call: its raw messages, and its rows by column. */
async function decode() {
  const rows = await cluster.query<{ data: Buffer }>(
    `SELECT data FROM pg_logical_slot_get_binary_changes($1::name, NULL, NULL, 'proto_version', '1', 'publication_names', $1::text)`,
    [slot],
  )
  const messages = rows.map(({ data }) => data)
  const of = (type: string) => messages.filter((message) => message.toString('latin1', 0, 1) === type)
  const columns = of('R').map(columnsOf)[0] ?? []
  const inserted = of('I').map((message) => {
    const values = tupleOf(message)
    return Object.fromEntries(columns.map((column, place) => [column, values[place]]))
  })
  return { messages, columns, inserted }
}

test('the publication has each change in its order, and no secret and no user', async () => {
  const caller = { door: 'REST', clientId: connection?.clientId, userId: 'a-user-of-the-test', requestId: 'request-1' }
  await cluster.query(
    `WITH caller AS (SELECT set_config('gateway.caller', $2, true))
     UPDATE connections SET redirect_uri = 'https://second.example.ua/' FROM caller WHERE id = $1`,
    [connectionId, JSON.stringify(caller)],
  )
  await cluster.query(`UPDATE connections SET secret = 'a-new-secret-of-the-test' WHERE id = $1`, [connectionId])
  const session = await cluster.session()
  await session.query('BEGIN')
  await session.query(`UPDATE connections SET redirect_uri = 'https://rolled-back.example.ua/'`)
  await session.query('ROLLBACK')
  await session.end()
  await cluster.query('DELETE FROM connections WHERE id = $1', [connectionId])

  const { messages, columns, inserted } = await decode()
  expect(columns).toEqual(
    ['id', 'connection_id', 'client_id', 'kind', 'redirect_uri_before', 'redirect_uri_after', 'door'].concat([
      'request_id',
      'changed_at',
      'consumer_id',
      'version',
    ]),
  )
  expect(inserted.map(({ kind, door, redirect_uri_after: after }) => [kind, door, after])).toEqual([
    ['UPDATED', 'REST', 'https://second.example.ua/'],
    ['SECRET_REFRESHED', 'EXTERNAL', 'https://second.example.ua/'],
    ['DELETED', 'EXTERNAL', null],
  ])
  const ids = inserted.map(({ id }) => Number(id))
  expect(ids).toEqual([...ids].sort((a, b) => a - b))
  expect(Buffer.concat(messages).toString('latin1')).not.toMatch(/secret-of-the-test|secret of|user-of-the-test/)
})

test('the publication has no row that archiving removes', async () => {
  await cluster.query(`SET session_replication_role = replica; DELETE FROM connection_changes`)
  expect((await decode()).inserted).toEqual([])
})

test('the query of the page shows how much log the slot keeps', async () => {
  const [, query = ''] = /```text\n(SELECT slot_name[\s\S]*?)```/.exec(await readOps('debezium.md')) ?? []
  expect(await cluster.query(query)).toEqual([
    { slot_name: slot, active: false, wal_status: 'reserved', kept_bytes: expect.stringMatching(/^\d+$/) },
  ])
})
