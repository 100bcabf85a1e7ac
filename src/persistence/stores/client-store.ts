import type { Client, ClientFilter, ClientOrder, ClientReference, ClientStore } from '../../domain/client.ts'
import type { PageRequest } from '../../domain/page.ts'
import type { Database } from '../pool/database.ts'
import { plannedAnew } from '../pool/statement-names.ts'
import { createColumns, type Row } from './columns.ts'
import { dateOf } from './connection-rows.ts'
import { nameContains } from './name-search.ts'
import { type ListOrder, pageClause, pageOf, RowWithCursor, SqlParameters, totalOf, whereAll } from './paging.ts'

/** A client as PostgreSQL returns it. Timestamps are ISO 8601 in UTC, without an offset. */
interface ClientValues extends Omit<Client, 'insertedAt' | 'updatedAt'> {
  readonly insertedAt: string
  readonly updatedAt: string
}
type ClientRow = Row<ClientValues>

/** The allow-list of columns. It lacks the legacy secret and the private settings. */
export const clientColumns = createColumns<ClientValues>({
  id: 'clients.id',
  name: 'clients.name',
  settings: 'clients.settings',
  isBlocked: 'clients.is_blocked',
  blockReason: 'clients.block_reason',
  userId: 'clients.user_id',
  clientTypeId: 'clients.client_type_id',
  clientTypeName: 'client_types.name',
  insertedAt: 'clients.inserted_at',
  updatedAt: 'clients.updated_at',
})

const selectClient = `
  SELECT ${clientColumns.select()} AS client
    FROM clients JOIN client_types ON client_types.id = clients.client_type_id`

const referenceColumns = createColumns<ClientReference>({ id: 'id', name: 'name' })

/** The text is the same for any number of ids, so that PostgreSQL prepares it once. */
const findReferences = `SELECT ${referenceColumns.select()} FROM clients WHERE id = ANY ($1::uuid[])`

const findClient = `${selectClient} WHERE clients.id = $1::uuid`

function clientOf(row: ClientRow): Client {
  const client = clientColumns.read(row)
  return { ...client, insertedAt: dateOf(client.insertedAt), updatedAt: dateOf(client.updatedAt) }
}

/** Selects a page of clients, and their number if the request asks for it. */
function selectPage(filter: ClientFilter, order: ClientOrder, page: PageRequest) {
  const values = new SqlParameters()
  const conditions: string[] = []
  if (filter.id !== undefined) conditions.push(`clients.id = ${values.add(filter.id)}::uuid`)
  if (filter.userId !== undefined) conditions.push(`clients.user_id = ${values.add(filter.userId)}::uuid`)
  if (filter.nameContains !== undefined) conditions.push(nameContains('clients.name', filter.nameContains, values))
  if (filter.isBlocked !== undefined) conditions.push(`clients.is_blocked = ${filter.isBlocked}`)
  if (filter.connectionId !== undefined) {
    const id = `${values.add(filter.connectionId)}::uuid`
    conditions.push(`clients.id = (SELECT client_id FROM connections WHERE connections.id = ${id})`)
  }
  const by: ListOrder = {
    key: 'clients.inserted_at',
    id: 'clients.id',
    keyType: 'timestamp',
    idType: 'uuid',
    descending: order === 'INSERTED_AT_DESC',
  }
  const total = totalOf(page, `clients ${whereAll(conditions)}`)
  const text = `${filter.nameContains === undefined ? '' : plannedAnew}
    SELECT json_build_array(counted.total, page.clients)
      FROM (${total}) AS counted
           CROSS JOIN LATERAL (
             SELECT coalesce(json_agg(found.client), '[]') AS clients
               FROM (${selectClient} ${pageClause(page, by, conditions, values, 'counted.total')}) AS found
           ) AS page`
  return { text, values: values.list }
}

type PagedRow = readonly [total: number | null, clients: readonly ClientRow[]]

const { get } = clientColumns
const withCursor = (row: ClientRow) => new RowWithCursor(clientOf(row), get(row, 'insertedAt'), get(row, 'id'))

/** The store of clients in PostgreSQL. */
export function createClientStore(database: Database): ClientStore {
  return {
    async find(id) {
      const [row] = await database.read<ClientRow>(findClient, [id])
      return row === undefined ? null : clientOf(row)
    },

    async page(filter, order, page) {
      const { text, values } = selectPage(filter, order, page)
      const [[total, clients] = [null, []]] = await database.rows<PagedRow>(text, values)
      return pageOf(clients.map(withCursor), page, total)
    },

    async references(ids) {
      const found = await database.read<Row<ClientReference>>(findReferences, [ids])
      const byId = new Map(found.map(referenceColumns.read).map((reference) => [reference.id, reference]))
      return ids.map((id) => byId.get(id) ?? null)
    },
  }
}
