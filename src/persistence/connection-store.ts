import type { Connection, ConnectionStore } from '../domain/connection.ts'
import type { Prisma } from '../generated/prisma/client.ts'
import type { Database } from './database.ts'

/** The columns a connection is made of: an allow-list, without the secret. */
const connectionColumns = {
  id: true,
  clientId: true,
  consumerId: true,
  redirectUri: true,
  insertedAt: true,
  updatedAt: true,
} satisfies Prisma.ConnectionSelect

/**
 * The change and its audit row in one statement, so in one round trip and one transaction.
 * `locked` comes first: the value is compared, and an unchanged row is answered, as it is after any concurrent writer, not as
 * it was when the statement began. The update reads the setting, so it is there before the trigger asks for it (see
 * record_redirect_uri_change in prisma/migrations), and it ends with the transaction.
 * Parameters: author as JSON, connection id, client id, redirect URI.
 */
const changeRedirectUri = `
  WITH author AS MATERIALIZED (
    SELECT set_config('gateway.caller', $1, true) AS setting
  ), locked AS (
    SELECT id, client_id, consumer_id, redirect_uri, inserted_at, updated_at
      FROM connections
     WHERE id = $2::uuid AND client_id = $3::uuid
       FOR NO KEY UPDATE
  ), updated AS (
    UPDATE connections
       SET redirect_uri = $4, updated_at = timezone('utc', clock_timestamp())
      FROM locked, author
     WHERE connections.id = locked.id AND locked.redirect_uri <> $4 AND author.setting IS NOT NULL
    RETURNING connections.id, connections.client_id, connections.consumer_id, connections.redirect_uri,
              connections.inserted_at, connections.updated_at
  )
  SELECT * FROM updated UNION ALL SELECT * FROM locked WHERE NOT EXISTS (SELECT FROM updated)`

type ConnectionRow = readonly [id: string, clientId: string, consumerId: string, redirectUri: string, insertedAt: string, updatedAt: string]

const connectionOf = ([id, clientId, consumerId, redirectUri, insertedAt, updatedAt]: ConnectionRow): Connection => ({
  id,
  clientId,
  consumerId,
  redirectUri,
  insertedAt: new Date(insertedAt),
  updatedAt: new Date(updatedAt),
})

/** Connections in PostgreSQL. SQL stands in this room and in the migrations, nowhere else. */
export function createConnectionStore(database: Database): ConnectionStore {
  return {
    find: (clientId, connectionId) =>
      database.run((prisma) => prisma.connection.findUnique({ where: { id: connectionId, clientId }, select: connectionColumns })),

    async updateRedirectUri({ clientId, connectionId, redirectUri, author: { caller, door, requestId } }) {
      const author = JSON.stringify({ clientId: caller.clientId, clientType: caller.clientType, userId: caller.userId, door, requestId })
      const [row] = await database.rows(changeRedirectUri, [author, connectionId, clientId, redirectUri])
      return row === undefined ? null : connectionOf(row as ConnectionRow) // the statement above names these columns
    },
  }
}
