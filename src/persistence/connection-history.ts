import type { ChangeKind, ConnectionChange, ConnectionHistory } from '../domain/connection.ts'
import type { PageRequest, Place } from '../domain/page.ts'
import type { Database } from './database.ts'
import { type ListOrder, pageClause, pageOf, totalOf, Values, whereAll } from './paging.ts'

const columnNames = [
  'id',
  'connection_id',
  'client_id',
  'kind',
  'redirect_uri_before',
  'redirect_uri_after',
  'door',
  'caller_client_id',
  'caller_client_type',
  'caller_user_id',
  'request_id',
  'reverted_change_id',
  'changed_at',
]
// Prisma's adapter takes every offset for UTC, and a timestamp with one comes in the session's own: so it comes without.
const columns = columnNames.map((column) => (column === 'changed_at' ? `timezone('utc', changed_at) AS changed_at` : column)).join(', ')
const columnsOfPage = columnNames.map((column) => `page.${column}`).join(', ')

type ChangeRow = readonly [
  id: string,
  connectionId: string,
  clientId: string,
  kind: ChangeKind,
  before: string,
  after: string | null,
  door: ConnectionChange['door'],
  callerClientId: string | null,
  callerClientType: string | null,
  callerUserId: string | null,
  requestId: string | null,
  revertedChangeId: string | null,
  changedAt: string,
]

const newestFirst: ListOrder = { key: 'id', id: 'id', keyType: 'bigint', idType: 'bigint', descending: true }

const findChange = `SELECT ${columns} FROM connection_changes WHERE id = $1::bigint AND connection_id = $2::uuid AND client_id = $3::uuid`

const findLatest = `
  SELECT ${columnsOfPage}
    FROM unnest($1::uuid[]) AS parent(id)
         CROSS JOIN LATERAL (
           SELECT ${columns} FROM connection_changes WHERE connection_id = parent.id ORDER BY connection_changes.id DESC LIMIT 1
         ) AS page`

function selectPages(connectionIds: readonly string[], page: PageRequest) {
  const values = new Values()
  const parents = values.add(connectionIds)
  const condition = 'connection_id = parent.id'
  const total = totalOf(page, `connection_changes ${whereAll([condition])}`)
  const text = `
    SELECT parent.position, counted.total, ${columnsOfPage}
      FROM unnest(${parents}::uuid[]) WITH ORDINALITY AS parent(id, position)
           CROSS JOIN LATERAL (${total}) AS counted
           LEFT JOIN LATERAL (
             SELECT ${columns} FROM connection_changes ${pageClause(page, newestFirst, [condition], values, 'counted.total')}
           ) AS page ON true`
  return { text, values: values.list }
}

type PagedRow = readonly [position: string, total: string | null, ...change: ChangeRow | readonly null[]]

function changeOf(row: ChangeRow): ConnectionChange {
  const [id, connectionId, clientId, kind, before, after, door, callerId, callerType, callerUser, requestId, revertedChangeId, changedAt] =
    row
  return {
    id,
    connectionId,
    clientId,
    kind,
    before,
    after,
    door,
    caller: callerId === null ? null : { clientId: callerId, clientType: callerType ?? '', userId: callerUser },
    requestId,
    revertedChangeId,
    changedAt: new Date(changedAt),
  }
}

const placed = (row: ChangeRow) => {
  const place = (): Place => [row[0], row[0]]
  return { item: changeOf(row), place }
}

/** The history of connections in PostgreSQL. Written by a trigger, read here. */
export function createConnectionHistory(database: Database): ConnectionHistory {
  return {
    async find({ clientId, connectionId }, changeId) {
      const [row] = await database.rows(findChange, [changeId, connectionId, clientId])
      return row === undefined ? null : changeOf(row as unknown as ChangeRow) // the statement names these columns
    },

    async latest(connectionIds) {
      const rows = (await database.rows(findLatest, [connectionIds])) as unknown as readonly ChangeRow[] // the statement names these columns
      const found = new Map(rows.map((row) => [row[1], changeOf(row)]))
      return connectionIds.map((id) => found.get(id) ?? null)
    },

    async pagesOf(connectionIds, page) {
      const { text, values } = selectPages(connectionIds, page)
      const rows = (await database.rows(text, values)) as unknown as readonly PagedRow[] // the statement names these columns
      const byPosition = Map.groupBy(rows, ([position]) => Number(position))
      return connectionIds.map((_, index) => {
        const ofOne = byPosition.get(index + 1) ?? []
        const total = ofOne[0]?.[1] ?? null
        const changes = ofOne.flatMap(([, , ...row]) => (row[0] === null ? [] : [placed(row as ChangeRow)])) // null: no change
        return pageOf(changes, page, total === null ? null : Number(total))
      })
    },
  }
}
