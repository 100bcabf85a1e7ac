import type {
  Connection,
  ConnectionFilter,
  ConnectionStore,
  ConsumerConnectionFilter,
  WriteOutcome,
} from '../../domain/connection.ts'
import type { PageRequest } from '../../domain/page.ts'
import type { Database } from '../pool/database.ts'
import type { SqlValue } from '../pool/json-rows.ts'
import { plannedAnew } from '../pool/statement-names.ts'
import { type ConnectionRow, connectionColumns, connectionOf } from './connection-rows.ts'
import {
  deleteConnection,
  type LockedOutcome,
  replaceSecret,
  updateRedirectUri,
  type Write,
  writeValues,
} from './connection-writes.ts'
import { type ListOrder, pageClause, pageOf, RowWithCursor, SqlParameters, totalOf, whereAll } from './paging.ts'
import { findSecretOwner } from './secret-owner.ts'

const { get, select } = connectionColumns

const findConnection = `SELECT ${select()} FROM connections WHERE id = $1::uuid AND client_id = $2::uuid`

const newestFirst: ListOrder = { key: 'inserted_at', id: 'id', keyType: 'timestamp', idType: 'uuid', descending: true }

/**
 * Selects a page of each client's connections in the order of the clients, and whether the client exists. It counts the
 * connections if the request asks for the number.
 */
function selectPages(clientIds: readonly string[], filter: ConnectionFilter, page: PageRequest) {
  const values = new SqlParameters()
  const [only] = clientIds
  // Most requests name one client. Without the list, the statement costs PostgreSQL a third.
  const parent =
    clientIds.length === 1 && only !== undefined
      ? `(SELECT ${values.add(only)}::uuid, 1) AS parent(id, position)`
      : `unnest(${values.add(clientIds)}::uuid[]) WITH ORDINALITY AS parent(id, position)`
  const conditions = ['client_id = parent.id']
  if (filter.consumerId !== undefined) conditions.push(`consumer_id = ${values.add(filter.consumerId)}::uuid`)
  if (filter.redirectUriContains !== undefined)
    conditions.push(`redirect_uri ILIKE ${values.addContained(filter.redirectUriContains)}`)
  const total = totalOf(page, `connections ${whereAll(conditions)}`)
  // The subquery selects one value. For EXISTS, PostgreSQL would read all clients into a hash table.
  const text = `${filter.redirectUriContains === undefined ? '' : plannedAnew}
    SELECT json_build_array((SELECT true FROM clients WHERE clients.id = parent.id), counted.total, page.connections)
      FROM ${parent}
           CROSS JOIN LATERAL (${total}) AS counted
           CROSS JOIN LATERAL (
             SELECT coalesce(json_agg(found.connection), '[]') AS connections FROM (
               SELECT ${select()} AS connection
                 FROM connections ${pageClause(page, newestFirst, conditions, values, 'counted.total')}
             ) AS found
           ) AS page
     ORDER BY parent.position`
  return { text, values: values.list }
}

/**
 * A condition for redirect URIs whose host is one of some names, or is below one of them. A port and, in old rows, user
 * information may stand beside the host.
 */
function hostIsOrIsBelow(hosts: readonly string[], values: SqlParameters): string {
  const names = hosts.map((host) => host.replace(/[^\p{L}\p{M}\p{N}_-]/gu, '\\$&')).join('|')
  const pattern = `^[a-z][a-z0-9+.-]*://([^/?#@]*@)?([^/?#@:]*[.])?(${names})(:[0-9]*)?([/?#]|$)`
  return `redirect_uri ~* ${values.add(pattern)}`
}

/** Selects a page of a consumer's connections, and their number if the request asks for it. */
function selectPageOfConsumer(consumerId: string, filter: ConsumerConnectionFilter, page: PageRequest) {
  const { hosts, redirectUriContains } = filter
  const values = new SqlParameters()
  const conditions = [`consumer_id = ${values.add(consumerId)}::uuid`]
  if (hosts !== undefined) conditions.push(hostIsOrIsBelow(hosts, values))
  if (redirectUriContains !== undefined)
    conditions.push(`redirect_uri ILIKE ${values.addContained(redirectUriContains)}`)
  const total = totalOf(page, `connections ${whereAll(conditions)}`)
  const text = `${conditions.length === 1 ? '' : plannedAnew}
    SELECT json_build_array(counted.total, page.connections)
      FROM (${total}) AS counted
           CROSS JOIN LATERAL (
             SELECT coalesce(json_agg(found.connection), '[]') AS connections FROM (
               SELECT ${select()} AS connection
                 FROM connections ${pageClause(page, newestFirst, conditions, values, 'counted.total')}
             ) AS found
           ) AS page`
  return { text, values: values.list }
}

type PagedRow = readonly [exists: true | null, total: number | null, connections: readonly ConnectionRow[]]

const withCursor = (row: ConnectionRow) => new RowWithCursor(connectionOf(row), get(row, 'insertedAt'), get(row, 'id'))

/** The store of connections in PostgreSQL. */
export function createConnectionStore(database: Database): ConnectionStore {
  async function write(
    { attempt, skipsLocked, lockAndWrite }: Write,
    values: readonly SqlValue[],
  ): Promise<WriteOutcome<Connection>> {
    const [written] = await (skipsLocked ? database.write : database.rows)<ConnectionRow>(attempt, values)
    if (written !== undefined) return { kind: 'done', result: connectionOf(written) }
    const [row] = await database.rows<readonly [outcome: LockedOutcome, connection: ConnectionRow]>(
      lockAndWrite,
      values,
    )
    if (row === undefined) return { kind: 'missing' }
    const connection = connectionOf(row[1])
    if (row[0] === 'swallowed') throw new Error('a trigger on connections that is not ours has suppressed a write')
    return row[0] === 'stale' ? { kind: 'stale', current: connection } : { kind: row[0], result: connection }
  }

  return {
    async find({ clientId, connectionId }) {
      const [row] = await database.read<ConnectionRow>(findConnection, [connectionId, clientId])
      return row === undefined ? null : connectionOf(row)
    },

    async pagesOf(clientIds, filter, page) {
      const { text, values } = selectPages(clientIds, filter, page)
      const isShort = clientIds.length === 1 && filter.redirectUriContains === undefined
      const rows = await (isShort ? database.read : database.rows)<PagedRow>(text, values)
      return rows.map(([exists, total, connections]) =>
        exists ? pageOf(connections.map(withCursor), page, total) : null,
      )
    },

    async pageOfConsumer(consumerId, filter, page) {
      const { text, values } = selectPageOfConsumer(consumerId, filter, page)
      type Row = readonly [total: number | null, connections: readonly ConnectionRow[]]
      const [[total, connections] = [null, []]] = await database.rows<Row>(text, values)
      return pageOf(connections.map(withCursor), page, total)
    },

    updateRedirectUri: ({ redirectUri, revertedChangeId, ...of }) =>
      write(updateRedirectUri, [...writeValues(of, revertedChangeId), redirectUri]),

    async replaceSecret({ secret, consumerId, ...of }) {
      const outcome = await write(replaceSecret, [...writeValues(of), secret, consumerId])
      return 'result' in outcome ? { ...outcome, result: { connection: outcome.result, secret } } : outcome
    },

    delete: (of) => write(deleteConnection, writeValues(of)),

    clientOfSecret: async (secret) => (await findSecretOwner(database, secret))?.clientId ?? null,
  }
}
