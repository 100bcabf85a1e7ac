import type {
  ChangeFilter,
  ChangeKind,
  ConnectionChange,
  ConnectionHistory,
  ConnectionKey,
} from '../../domain/connection.ts'
import type { PageRequest } from '../../domain/page.ts'
import type { Database } from '../pool/database.ts'
import { dateOf } from './connection-rows.ts'
import { type ListOrder, Placed, pageClause, pageOf, totalOf, Values, whereAll } from './paging.ts'

/** A change as one value, a JSON array. Numbers that outgrow JavaScript's are texts. */
const changeRow = `json_build_array(
  id::text, connection_id, client_id, kind, redirect_uri_before, redirect_uri_after, door, caller_client_id, caller_client_type, caller_user_id,
  broker_client_id, request_id, reverted_change_id::text, timezone('utc', changed_at))`

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
  brokerClientId: string | null,
  requestId: string | null,
  revertedChangeId: string | null,
  changedAt: string,
]

const newestFirst: ListOrder = { key: 'id', id: 'id', keyType: 'bigint', idType: 'bigint', descending: true }

const findChange = `SELECT ${changeRow} FROM connection_changes WHERE id = $1::bigint AND connection_id = $2::uuid AND client_id = $3::uuid`

/** What happened to a connection of this id while it was another client's is none of the present one's business. */
const ofParent = 'connection_id = parent.id AND client_id = parent.owner'

const idsOf = (keys: readonly ConnectionKey[]) => keys.map(({ connectionId }) => connectionId)
const ownersOf = (keys: readonly ConnectionKey[]) => keys.map(({ clientId }) => clientId)

const findLatest = `
  SELECT latest.change
    FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS parent(id, owner, position)
         LEFT JOIN LATERAL (
           SELECT ${changeRow} AS change FROM connection_changes
            WHERE ${ofParent} ORDER BY connection_changes.id DESC LIMIT 1
         ) AS latest ON true
   ORDER BY parent.position`

/** A page of the history of each connection, in their order, and of each, if asked for, how long it is. */
function selectPages(keys: readonly ConnectionKey[], page: PageRequest) {
  const values = new Values()
  const ids = values.add(idsOf(keys))
  const owners = values.add(ownersOf(keys))
  const total = totalOf(page, `connection_changes ${whereAll([ofParent])}`)
  const text = `
    SELECT json_build_array(counted.total, page.changes)
      FROM unnest(${ids}::uuid[], ${owners}::uuid[]) WITH ORDINALITY AS parent(id, owner, position)
           CROSS JOIN LATERAL (${total}) AS counted
           CROSS JOIN LATERAL (
             SELECT coalesce(json_agg(found.change), '[]') AS changes FROM (
               SELECT ${changeRow} AS change FROM connection_changes ${pageClause(page, newestFirst, [ofParent], values, 'counted.total')}
             ) AS found
           ) AS page
     ORDER BY parent.position`
  return { text, values: values.list }
}

/** A page of the history of a client, and, if asked for, how long it is. */
function selectPageOfClient(clientId: string, filter: ChangeFilter, page: PageRequest) {
  const values = new Values()
  const conditions = [`client_id = ${values.add(clientId)}::uuid`]
  if (filter.connectionId !== undefined) conditions.push(`connection_id = ${values.add(filter.connectionId)}::uuid`)
  if (filter.kind !== undefined) conditions.push(`kind = ${values.add(filter.kind)}`)
  const total = totalOf(page, `connection_changes ${whereAll(conditions)}`)
  const text = `
    SELECT json_build_array(counted.total, page.changes)
      FROM (${total}) AS counted
           CROSS JOIN LATERAL (
             SELECT coalesce(json_agg(found.change), '[]') AS changes FROM (
               SELECT ${changeRow} AS change FROM connection_changes ${pageClause(page, newestFirst, conditions, values, 'counted.total')}
             ) AS found
           ) AS page`
  return { text, values: values.list }
}

type PagedRow = readonly [total: number | null, changes: readonly ChangeRow[]]

function changeOf(row: ChangeRow): ConnectionChange {
  const [
    id,
    connectionId,
    clientId,
    kind,
    before,
    after,
    door,
    callerId,
    callerType,
    callerUser,
    brokerClientId,
    ...rest
  ] = row
  const [requestId, revertedChangeId, changedAt] = rest
  return {
    id,
    connectionId,
    clientId,
    kind,
    before,
    after,
    door,
    caller: callerId === null ? null : { clientId: callerId, clientType: callerType ?? '', userId: callerUser },
    brokerClientId,
    requestId,
    revertedChangeId,
    changedAt: dateOf(changedAt),
  }
}

const placed = (row: ChangeRow) => new Placed(changeOf(row), row[0], row[0])

/** The history of connections in PostgreSQL. Written by triggers, read here. */
export function createConnectionHistory(database: Database): ConnectionHistory {
  return {
    async find({ clientId, connectionId }, changeId) {
      const [row] = await database.rows<ChangeRow>(findChange, [changeId, connectionId, clientId])
      return row === undefined ? null : changeOf(row)
    },

    async latest(keys) {
      const rows = await database.rows<ChangeRow | null>(findLatest, [idsOf(keys), ownersOf(keys)])
      return rows.map((row) => (row === null ? null : changeOf(row)))
    },

    async pagesOf(keys, page) {
      const { text, values } = selectPages(keys, page)
      const rows = await database.rows<PagedRow>(text, values)
      return rows.map(([total, changes]) => pageOf(changes.map(placed), page, total))
    },

    async pageOfClient(clientId, filter, page) {
      const { text, values } = selectPageOfClient(clientId, filter, page)
      const [[total, changes] = [null, []]] = await database.rows<PagedRow>(text, values)
      return pageOf(changes.map(placed), page, total)
    },
  }
}
