import type { Client, ClientFilter, ClientOrder, ClientReference, ClientStore } from '../../domain/client.ts'
import type { PageRequest } from '../../domain/page.ts'
import type { Database } from '../pool/database.ts'
import { plannedAnew } from '../pool/statement-names.ts'
import { dateOf } from './connection-rows.ts'
import { nameContains } from './name-search.ts'
import { type ListOrder, Placed, pageClause, pageOf, totalOf, Values, whereAll } from './paging.ts'

/** The columns of a client: an allow-list, without its legacy secret and its private settings. */
const columns = [
  'id',
  'name',
  'settings',
  'is_blocked',
  'block_reason',
  'user_id',
  'client_type_id',
  'inserted_at',
  'updated_at',
]
const clientRow = `json_build_array(${columns.map((column) => `clients.${column}`).join(', ')}, client_types.name)`

type ClientRow = readonly [
  id: string,
  name: string | null,
  settings: unknown,
  isBlocked: boolean,
  blockReason: string | null,
  userId: string | null,
  clientTypeId: string,
  insertedAt: string,
  updatedAt: string,
  clientTypeName: string,
]

const selectClient = `SELECT ${clientRow} AS client FROM clients JOIN client_types ON client_types.id = clients.client_type_id`

/** One text for any number of ids: PostgreSQL keeps each text prepared. */
const findReferences = 'SELECT json_build_array(id, name) FROM clients WHERE id = ANY ($1::uuid[])'

const findClient = `${selectClient} WHERE clients.id = $1::uuid`

function clientOf([
  id,
  name,
  settings,
  isBlocked,
  blockReason,
  userId,
  clientTypeId,
  insertedAt,
  updatedAt,
  clientTypeName,
]: ClientRow): Client {
  return {
    id,
    name,
    settings,
    isBlocked,
    blockReason,
    userId,
    clientTypeId,
    clientTypeName,
    insertedAt: dateOf(insertedAt),
    updatedAt: dateOf(updatedAt),
  }
}

/** A page of clients, and how many there are, if that is asked for. */
function selectPage(filter: ClientFilter, order: ClientOrder, page: PageRequest) {
  const values = new Values()
  const conditions: string[] = []
  if (filter.id !== undefined) conditions.push(`clients.id = ${values.add(filter.id)}::uuid`)
  if (filter.userId !== undefined) conditions.push(`clients.user_id = ${values.add(filter.userId)}::uuid`)
  if (filter.nameContains !== undefined) conditions.push(nameContains('clients.name', filter.nameContains, values))
  if (filter.isBlocked !== undefined) conditions.push(`clients.is_blocked = ${filter.isBlocked}`)
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

const placed = (row: ClientRow) => new Placed(clientOf(row), row[7], row[0])

/** Clients in PostgreSQL. */
export function createClientStore(database: Database): ClientStore {
  return {
    async find(id) {
      const [row] = await database.rows<ClientRow>(findClient, [id])
      return row === undefined ? null : clientOf(row)
    },

    async page(filter, order, page) {
      const { text, values } = selectPage(filter, order, page)
      const [[total, clients] = [null, []]] = await database.rows<PagedRow>(text, values)
      return pageOf(clients.map(placed), page, total)
    },

    async references(ids) {
      const found = await database.rows<readonly [id: string, name: string | null]>(findReferences, [ids])
      const byId = new Map<string, ClientReference>(found.map(([id, name]) => [id, { id, name }]))
      return ids.map((id) => byId.get(id) ?? null)
    },
  }
}
