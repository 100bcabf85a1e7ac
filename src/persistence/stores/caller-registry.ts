import type { CallerRegistry, CallerStatus, StoredToken } from '../../domain/caller-registry.ts'
import type { Database } from '../pool/database.ts'
import { createColumns, type Row } from './columns.ts'
import { findSecretOwner } from './secret-owner.ts'

const statusColumns = createColumns<CallerStatus>({
  blocked: 'coalesce(clients.is_blocked, false) OR coalesce(users.is_blocked, false)',
  throughBroker: `coalesce(clients.priv_settings ->> 'access_type' = 'BROKER', false)`,
})

/** Always one row: of a client or a user that is not there nothing is said. */
const findStatus = `
  SELECT ${statusColumns.select()}
    FROM (SELECT) AS caller
         LEFT JOIN clients ON clients.id = $1::uuid
         LEFT JOIN users ON users.id = $2::uuid`

/** Who is calling, in PostgreSQL. No secret and no token is ever selected; they are looked for only. */
export function createCallerRegistry(database: Database): CallerRegistry {
  return {
    async statusOf(clientId, userId) {
      const [row] = (await database.rows<Row<CallerStatus>>(findStatus, [clientId, userId])) as [Row<CallerStatus>] // always one
      return statusColumns.read(row)
    },

    async tokenOf(value) {
      // CASE, since details hold whatever was written into them, and a cast of anything but a UUID would be an error and
      // not "no such client".
      const [token] = await database.run(
        (prisma) => prisma.$queryRaw<StoredToken[]>`
          SELECT clients.id AS "clientId", client_types.name AS "clientType", tokens.user_id AS "userId",
                 tokens.details -> 'scope' AS scope, tokens.expires_at AS "expiresAt"
            FROM tokens
                 JOIN clients ON clients.id =
                      CASE WHEN tokens.details ->> 'client_id' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                           THEN (tokens.details ->> 'client_id')::uuid END
                 JOIN client_types ON client_types.id = clients.client_type_id
           WHERE tokens.value = ${value} AND tokens.name = 'access_token'`,
      )
      return token ?? null
    },

    async brokerOf(secret) {
      const owner = await findSecretOwner(database, secret)
      if (owner === null || typeof owner.brokerScope !== 'string') return null
      return { clientId: owner.clientId, scopes: owner.brokerScope.split(' ').filter(Boolean) }
    },
  }
}
