import type { Client, ClientFilter, ClientOrder, ClientReference, ClientStore } from '../domain/client.ts'
import type { PageRequest } from '../domain/page.ts'
import { type Database, plannedAnew } from './database.ts'
import { type ListOrder, pageClause, pageOf, placeOfTime, totalOf, Values, whereAll } from './paging.ts'

/** The columns of a client: an allow-list, without its legacy secret and its private settings. */
const columns = ['id', 'name', 'settings', 'is_blocked', 'block_reason', 'user_id', 'client_type_id', 'inserted_at', 'updated_at']
  .map((column) => `clients.${column}`)
  .join(', ')

type ClientRow = readonly [
  id: string,
  name: string | null,
  settings: string | null,
  isBlocked: boolean,
  blockReason: string | null,
  userId: string | null,
  clientTypeId: string,
  insertedAt: string,
  updatedAt: string,
  clientTypeName: string,
]

const selectClient = `SELECT ${columns}, client_types.name FROM clients JOIN client_types ON client_types.id = clients.client_type_id`

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
    settings: settings === null ? null : (JSON.parse(settings) as unknown),
    isBlocked,
    blockReason,
    userId,
    clientTypeId,
    clientTypeName,
    insertedAt: new Date(insertedAt),
    updatedAt: new Date(updatedAt),
  }
}

/** A page of clients, each row beginning with how many there are, if that is asked for. One row at least, of nothing but that. */
function selectPage(filter: ClientFilter, order: ClientOrder, page: PageRequest) {
  const values = new Values()
  const conditions: string[] = []
  if (filter.id !== undefined) conditions.push(`clients.id = ${values.add(filter.id)}::uuid`)
  if (filter.userId !== undefined) conditions.push(`clients.user_id = ${values.add(filter.userId)}::uuid`)
  if (filter.nameContains !== undefined) conditions.push(`clients.name ILIKE ${values.addContained(filter.nameContains)}`)
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
    SELECT counted.total, page.*
      FROM (${total}) AS counted
           LEFT JOIN LATERAL (${selectClient} ${pageClause(page, by, conditions, values, 'counted.total')}) AS page ON true`
  return { text, values: values.list }
}

type PagedRow = readonly [total: string | null, ...client: ClientRow | readonly null[]]

/** Clients in PostgreSQL. */
export function createClientStore(database: Database): ClientStore {
  return {
    async find(id) {
      const [row] = await database.rows(findClient, [id])
      return row === undefined ? null : clientOf(row as unknown as ClientRow) // the statement names these columns
    },

    async page(filter, order, page) {
      const { text, values } = selectPage(filter, order, page)
      const rows = (await database.rows(text, values)) as unknown as readonly PagedRow[] // the statement names these columns
      const total = rows[0]?.[0] ?? null
      const clients = rows.flatMap(([, ...row]) => (row[0] === null ? [] : [row as ClientRow])) // null: no client
      return pageOf(
        clients.map((row) => ({ item: clientOf(row), place: () => placeOfTime(row[7], row[0]) })),
        page,
        total === null ? null : Number(total),
      )
    },

    async references(ids) {
      const found = await database.run((prisma) =>
        prisma.client.findMany({ where: { id: { in: [...ids] } }, select: { id: true, name: true } }),
      )
      const byId = new Map<string, ClientReference>(found.map((client) => [client.id, client]))
      return ids.map((id) => byId.get(id) ?? null)
    },
  }
}
