import type { CallerRegistry, CallerStatus, StoredToken } from '../../domain/caller-registry.ts'
import type { Database } from '../pool/database.ts'
import { createColumns, type Row } from './columns.ts'
import { findSecretOwner } from './secret-owner.ts'

const statusColumns = createColumns<CallerStatus>({
  blocked: 'coalesce(clients.is_blocked, false) OR coalesce(users.is_blocked, false)',
  throughBroker: `coalesce(clients.priv_settings ->> 'access_type' = 'BROKER', false)`,
  registered: 'clients.id IS NOT NULL',
})

/** Returns always one row. A client or user without a row counts as not blocked. */
const findStatus = `
  SELECT ${statusColumns.select()}
    FROM (SELECT) AS caller
         LEFT JOIN clients ON clients.id = $1::uuid
         LEFT JOIN users ON users.id = $2::uuid`

/** The caller registry in PostgreSQL. Its statements compare secrets and tokens, but never select them. */
export function createCallerRegistry(database: Database): CallerRegistry {
  return {
    async statusOf(clientId, userId) {
      const [row] = await database.read<Row<CallerStatus>>(findStatus, [clientId, userId])
      return statusColumns.read(row as Row<CallerStatus>) // the statement returns always one row
    },

    async tokenOf(value) {
      // `details` may hold any text. The CASE casts only a UUID: PostgreSQL answers an error to any other cast.
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
