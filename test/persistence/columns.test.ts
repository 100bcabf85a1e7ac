import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientColumns } from '../../src/persistence/stores/client-store.ts'
import { type Columns, createColumns, type Row } from '../../src/persistence/stores/columns.ts'
import { changeColumns } from '../../src/persistence/stores/connection-history.ts'
import { connectionColumns } from '../../src/persistence/stores/connection-rows.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

test('one list of columns gives the SQL of a row, and finds each member whatever its place', () => {
  interface Pair {
    readonly name: string
    readonly number: number
  }
  const pair = createColumns<Pair>({ number: 'some_number', name: 'some_name' })
  const row: Row<Pair> = [7, 'seven']

  expect(pair.select('t.')).toBe('json_build_array(t.some_number, t.some_name)')
  expect([pair.get(row, 'name'), pair.get(row, 'number')]).toEqual(['seven', 7])
  expect(pair.read(row)).toEqual({ name: 'seven', number: 7 })
})

describe('the rows of', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
    const clientId = await database.insertClient({ type: 'MSP', name: 'Клініка' })
    const id = await database.insertConnection({ clientId, consumerId: clientId, redirectUri: 'https://a.ua/' })
    await database.query(`UPDATE connections SET redirect_uri = 'https://b.ua/' WHERE id = $1`, [id])
  })
  afterAll(() => database.drop())

  /** The row by its positions, and each member by a statement of its own. */
  async function bothWays<Members extends object>(
    columns: Columns<Members>,
    sql: Record<string, string>,
    from: string,
  ) {
    const [found] = await database.query<{ row: Row<Members> }>(`SELECT ${columns.select()} AS row FROM ${from}`)
    const row = found?.row ?? []
    const alone: Record<string, unknown> = {}
    for (const [name, column] of Object.entries(sql))
      alone[name] = (await database.query(`SELECT to_json(${column}) AS value FROM ${from}`))[0]?.['value']
    expect(row).toHaveLength(columns.names.length)
    return { read: columns.read(row), alone }
  }

  const sameIn = (...names: string[]) => Object.fromEntries(names.map((name) => [name, name]))

  test('connections are read by the names of their columns', async () => {
    const sql = {
      ...sameIn('id', 'version'),
      clientId: 'client_id',
      consumerId: 'consumer_id',
      redirectUri: 'redirect_uri',
      insertedAt: 'inserted_at',
      updatedAt: 'updated_at',
    }
    const { read, alone } = await bothWays(connectionColumns, sql, 'connections')
    expect(read).toEqual(alone)
  })

  test('clients are read by the names of their columns', async () => {
    const sql = {
      id: 'clients.id',
      name: 'clients.name',
      settings: 'settings',
      isBlocked: 'is_blocked',
      blockReason: 'block_reason',
      userId: 'user_id',
      clientTypeId: 'client_type_id',
      clientTypeName: 'client_types.name',
      insertedAt: 'clients.inserted_at',
      updatedAt: 'clients.updated_at',
    }
    const from = 'clients JOIN client_types ON client_types.id = client_type_id'
    const { read, alone } = await bothWays(clientColumns, sql, from)
    expect(read).toEqual(alone)
  })

  test('changes are read by the names of their columns', async () => {
    const sql = {
      ...sameIn('kind', 'door', 'version'),
      id: 'id::text',
      connectionId: 'connection_id',
      clientId: 'client_id',
      consumerId: 'consumer_id',
      before: 'redirect_uri_before',
      after: 'redirect_uri_after',
      callerClientId: 'caller_client_id',
      callerClientType: 'caller_client_type',
      callerUserId: 'caller_user_id',
      brokerClientId: 'broker_client_id',
      requestId: 'request_id',
      revertedChangeId: 'reverted_change_id',
      changedAt: `timezone('utc', changed_at)`,
    }
    const { read, alone } = await bothWays(changeColumns, sql, 'connection_changes')
    expect(read).toEqual(alone)
  })
})
