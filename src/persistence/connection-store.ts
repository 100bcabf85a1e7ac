import type { Connection, ConnectionFilter, ConnectionStore, WriteOutcome } from '../domain/connection.ts'
import type { Page, PageRequest } from '../domain/page.ts'
import { type ConnectionRow, columnsOf, connectionColumns, connectionOf } from './connection-rows.ts'
import { deleteConnection, replaceSecret, updateRedirectUri, writeValues } from './connection-writes.ts'
import { type Database, plannedAnew, type SqlValue } from './database.ts'
import { type ListOrder, pageClause, pageOf, placeOfTime, totalOf, Values, whereAll } from './paging.ts'

const findConnection = `SELECT ${connectionColumns.join(', ')} FROM connections WHERE id = $1::uuid AND client_id = $2::uuid`

const newestFirst: ListOrder = { key: 'inserted_at', id: 'id', keyType: 'timestamp', idType: 'uuid', descending: true }

/** A page of the connections of each client in `parent`, and of each whether it exists and, if asked for, how many it has. */
function selectPages(clientIds: readonly string[], filter: ConnectionFilter, page: PageRequest) {
  const values = new Values()
  const [only] = clientIds
  // One client is by far the commonest, and costs the database a third without the list.
  const parent =
    clientIds.length === 1 && only !== undefined
      ? `(SELECT ${values.add(only)}::uuid, 1) AS parent(id, position)`
      : `unnest(${values.add(clientIds)}::uuid[]) WITH ORDINALITY AS parent(id, position)`
  const conditions = ['client_id = parent.id']
  if (filter.consumerId !== undefined) conditions.push(`consumer_id = ${values.add(filter.consumerId)}::uuid`)
  if (filter.redirectUriContains !== undefined) conditions.push(`redirect_uri ILIKE ${values.addContained(filter.redirectUriContains)}`)
  const total = totalOf(page, `connections ${whereAll(conditions)}`)
  // A subquery for one value, and not EXISTS, which PostgreSQL would answer by reading all clients into a hash table first.
  const text = `${filter.redirectUriContains === undefined ? '' : plannedAnew}
    SELECT parent.position, (SELECT true FROM clients WHERE clients.id = parent.id), counted.total, ${columnsOf('page')}
      FROM ${parent}
           CROSS JOIN LATERAL (${total}) AS counted
           LEFT JOIN LATERAL (
             SELECT ${connectionColumns.join(', ')} FROM connections ${pageClause(page, newestFirst, conditions, values, 'counted.total')}
           ) AS page ON true`
  return { text, values: values.list }
}

type PagedRow = readonly [
  position: string | number,
  exists: true | null,
  total: string | null,
  ...connection: ConnectionRow | readonly null[],
]

const placed = (row: ConnectionRow) => ({ item: connectionOf(row), place: () => placeOfTime(row[5], row[0]) })

/** Connections in PostgreSQL. SQL stands in this room and in the migrations, nowhere else. */
export function createConnectionStore(database: Database): ConnectionStore {
  /** Runs a write; its answer has a last column beside the connection: whether the version was one that was expected. */
  async function write<Done>(
    text: string,
    values: readonly SqlValue[],
    done: (connection: Connection) => Done,
  ): Promise<WriteOutcome<Done>> {
    const [row] = await database.rows(text, values)
    if (row === undefined) return { kind: 'missing' }
    const connection = connectionOf(row as ConnectionRow) // the statement names these columns
    return row.at(-1) === true ? { kind: 'done', result: done(connection) } : { kind: 'stale', current: connection }
  }

  return {
    async find({ clientId, connectionId }) {
      const [row] = await database.rows(findConnection, [connectionId, clientId])
      return row === undefined ? null : connectionOf(row as ConnectionRow) // the statement names these columns
    },

    async pagesOf(clientIds, filter, page) {
      const { text, values } = selectPages(clientIds, filter, page)
      const pages: (Page<Connection> | null)[] = clientIds.map(() => null)
      const rows = (await database.rows(text, values)) as readonly PagedRow[] // the statement names these columns
      for (const [position, ofOne] of Map.groupBy(rows, ([at]) => Number(at))) {
        const [[, exists, total]] = ofOne as [PagedRow] // a group is not empty
        const connections = ofOne.flatMap(([, , , ...row]) => (row[0] === null ? [] : [placed(row as ConnectionRow)])) // null: no connection
        if (exists) pages[position - 1] = pageOf(connections, page, total === null ? null : Number(total))
      }
      return pages
    },

    updateRedirectUri: ({ redirectUri, revertedChangeId, ...key }) =>
      write(updateRedirectUri, [...writeValues(key, revertedChangeId), redirectUri], (connection) => connection),

    replaceSecret: ({ secret, ...key }) => write(replaceSecret, [...writeValues(key), secret], (connection) => ({ connection, secret })),

    delete: (key) => write(deleteConnection, writeValues(key), (connection) => connection),

    async clientOfSecret(secret) {
      const found = await database.run((prisma) => prisma.connection.findUnique({ where: { secret }, select: { clientId: true } }))
      return found?.clientId ?? null
    },
  }
}
