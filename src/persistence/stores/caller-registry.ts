import type { CallerRegistry } from '../../domain/caller-registry.ts'
import type { Database } from '../pool/database.ts'

/** Always one row: of a client or a user that is not there nothing is said. */
const findStanding = `
  SELECT json_build_array(
           coalesce(clients.is_blocked, false) OR coalesce(users.is_blocked, false),
           coalesce(clients.priv_settings ->> 'access_type' = 'BROKER', false))
    FROM (SELECT) AS caller
         LEFT JOIN clients ON clients.id = $1::uuid
         LEFT JOIN users ON users.id = $2::uuid`

type StandingRow = readonly [blocked: boolean, throughBroker: boolean]

// CASE, since details hold whatever was written into them, and a cast of anything but a UUID would be an error and not
// "no such client".
const findToken = `
  SELECT json_build_array(clients.id, client_types.name, tokens.user_id, tokens.details -> 'scope', tokens.expires_at)
    FROM tokens
         JOIN clients ON clients.id = CASE WHEN tokens.details ->> 'client_id' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                                           THEN (tokens.details ->> 'client_id')::uuid END
         JOIN client_types ON client_types.id = clients.client_type_id
   WHERE tokens.value = $1 AND tokens.name = 'access_token'`

type TokenRow = readonly [
  clientId: string,
  clientType: string,
  userId: string | null,
  scope: unknown,
  expiresAt: number | null,
]

const findBroker = `
  SELECT json_build_array(clients.id, clients.priv_settings -> 'broker_scope')
    FROM connections JOIN clients ON clients.id = connections.client_id
   WHERE connections.secret = $1 AND NOT clients.is_blocked`

type BrokerRow = readonly [clientId: string, scope: unknown]

/** Who is calling, in PostgreSQL. No secret and no token is ever selected; they are looked for only. */
export function createCallerRegistry(database: Database): CallerRegistry {
  return {
    async standingOf(clientId, userId) {
      const [[blocked, throughBroker]] = (await database.rows<StandingRow>(findStanding, [clientId, userId])) as [
        StandingRow,
      ] // always one row
      return { blocked, throughBroker }
    },

    async tokenOf(value) {
      const [row] = await database.rows<TokenRow>(findToken, [value])
      if (row === undefined) return null
      const [clientId, clientType, userId, scope, expiresAt] = row
      return { clientId, clientType, userId, scope, expiresAt }
    },

    async brokerOf(secret) {
      const [row] = await database.rows<BrokerRow>(findBroker, [secret])
      if (row === undefined) return null
      const [clientId, scope] = row
      return typeof scope === 'string' ? { clientId, scopes: scope.split(' ').filter(Boolean) } : null
    },
  }
}
