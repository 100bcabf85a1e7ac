import type { ConnectionKey } from '../../domain/connection.ts'
import type { ChangeFilter, ConnectionChange, ConnectionHistory } from '../../domain/connection-change.ts'
import type { PageRequest } from '../../domain/page.ts'
import type { Database } from '../pool/database.ts'
import { createColumns, type Row } from './columns.ts'
import { dateOf } from './connection-rows.ts'
import { type ListOrder, pageClause, pageOf, RowWithCursor, SqlParameters, totalOf, whereAll } from './paging.ts'

/** A change as PostgreSQL returns it. Numbers are texts, because a bigint may be too large for JavaScript. */
interface ChangeValues extends Omit<ConnectionChange, 'caller' | 'changedAt'> {
  readonly callerClientId: string | null
  readonly callerClientType: string | null
  readonly callerUserId: string | null
  /** ISO 8601 in UTC, without an offset. */
  readonly changedAt: string
}
type ChangeRow = Row<ChangeValues>

export const changeColumns = createColumns<ChangeValues>({
  id: 'id::text',
  connectionId: 'connection_id',
  clientId: 'client_id',
  consumerId: 'consumer_id',
  version: 'version',
  kind: 'kind',
  before: 'redirect_uri_before',
  after: 'redirect_uri_after',
  door: 'door',
  callerClientId: 'caller_client_id',
  callerClientType: 'caller_client_type',
  callerUserId: 'caller_user_id',
  brokerClientId: 'broker_client_id',
  requestId: 'request_id',
  revertedChangeId: 'reverted_change_id::text',
  changedAt: `timezone('utc', changed_at)`,
})
const changeRow = changeColumns.select()

const newestFirst: ListOrder = { key: 'id', id: 'id', keyType: 'bigint', idType: 'bigint', descending: true }

const findChange = `
  SELECT ${changeRow} FROM connection_changes
   WHERE id = $1::bigint AND connection_id = $2::uuid AND client_id = $3::uuid`

/**
 * A client does not see the changes from the time when another client owned the connection. PostgreSQL takes the
 * equality of the client for a rare one. It would then collect the whole history of the connection from two indexes.
 * Inside coalesce the equality is a mere filter, and the primary key is read from its end.
 */
const ofConnection = (connection: string, client: string) => [
  `connection_id = ${connection}`,
  `coalesce(client_id = ${client}, false)`,
]
const ofParent = ofConnection('parent.id', 'parent.owner')

const idsOf = (keys: readonly ConnectionKey[]) => keys.map(({ connectionId }) => connectionId)
const ownersOf = (keys: readonly ConnectionKey[]) => keys.map(({ clientId }) => clientId)

const findLatest = `
  SELECT latest.change
    FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS parent(id, owner, position)
         LEFT JOIN LATERAL (
           SELECT ${changeRow} AS change FROM connection_changes
            ${whereAll(ofParent)} ORDER BY connection_changes.id DESC LIMIT 1
         ) AS latest ON true
   ORDER BY parent.position`

/** Selects a page of each connection's history in the order of the keys, and its length if the request asks for it. */
function selectPages(keys: readonly ConnectionKey[], page: PageRequest) {
  const values = new SqlParameters()
  const ids = values.add(idsOf(keys))
  const owners = values.add(ownersOf(keys))
  const total = totalOf(page, `connection_changes ${whereAll(ofParent)}`)
  const text = `
    SELECT json_build_array(counted.total, page.changes)
      FROM unnest(${ids}::uuid[], ${owners}::uuid[]) WITH ORDINALITY AS parent(id, owner, position)
           CROSS JOIN LATERAL (${total}) AS counted
           CROSS JOIN LATERAL (
             SELECT coalesce(json_agg(found.change), '[]') AS changes FROM (
               SELECT ${changeRow} AS change
                 FROM connection_changes ${pageClause(page, newestFirst, ofParent, values, 'counted.total')}
             ) AS found
           ) AS page
     ORDER BY parent.position`
  return { text, values: values.list }
}

/** Selects a page of a client's history, and its length if the request asks for it. */
function selectPageOfClient(clientId: string, filter: ChangeFilter, page: PageRequest) {
  const values = new SqlParameters()
  const client = `${values.add(clientId)}::uuid`
  const conditions =
    filter.connectionId === undefined
      ? [`client_id = ${client}`]
      : ofConnection(`${values.add(filter.connectionId)}::uuid`, client)
  if (filter.kind !== undefined) conditions.push(`kind = ${values.add(filter.kind)}`)
  const total = totalOf(page, `connection_changes ${whereAll(conditions)}`)
  const text = `
    SELECT json_build_array(counted.total, page.changes)
      FROM (${total}) AS counted
           CROSS JOIN LATERAL (
             SELECT coalesce(json_agg(found.change), '[]') AS changes FROM (
               SELECT ${changeRow} AS change
                 FROM connection_changes ${pageClause(page, newestFirst, conditions, values, 'counted.total')}
             ) AS found
           ) AS page`
  return { text, values: values.list }
}

type PagedRow = readonly [total: number | null, changes: readonly ChangeRow[]]

function changeOf(row: ChangeRow): ConnectionChange {
  const { callerClientId, callerClientType, callerUserId, changedAt, ...change } = changeColumns.read(row)
  return {
    ...change,
    caller:
      callerClientId === null
        ? null
        : { clientId: callerClientId, clientType: callerClientType ?? '', userId: callerUserId },
    changedAt: dateOf(changedAt),
  }
}

const { get } = changeColumns
const withCursor = (row: ChangeRow) => new RowWithCursor(changeOf(row), get(row, 'id'), get(row, 'id'))

/** The history of connections in PostgreSQL. Triggers write it, and this store reads it. */
export function createConnectionHistory(database: Database): ConnectionHistory {
  return {
    async find({ clientId, connectionId }, changeId) {
      const [row] = await database.read<ChangeRow>(findChange, [changeId, connectionId, clientId])
      return row === undefined ? null : changeOf(row)
    },

    async latest(keys) {
      const rows = await database.read<ChangeRow | null>(findLatest, [idsOf(keys), ownersOf(keys)])
      return rows.map((row) => (row === null ? null : changeOf(row)))
    },

    async pagesOf(keys, page) {
      const { text, values } = selectPages(keys, page)
      const rows = await (keys.length === 1 ? database.read : database.rows)<PagedRow>(text, values)
      return rows.map(([total, changes]) => pageOf(changes.map(withCursor), page, total))
    },

    async pageOfClient(clientId, filter, page) {
      const { text, values } = selectPageOfClient(clientId, filter, page)
      const [[total, changes] = [null, []]] = await database.rows<PagedRow>(text, values)
      return pageOf(changes.map(withCursor), page, total)
    },
  }
}
