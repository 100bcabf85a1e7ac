import type { Database } from '../pool/database.ts'

/** The client whose connection has a secret, not blocked. */
export interface SecretOwner {
  readonly clientId: string
  /** `priv_settings.broker_scope`, whatever is stored there. */
  readonly brokerScope: unknown
}

/** What can be a secret: the column holds no more, and PostgreSQL takes no NUL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const secretPattern = /^[^\u0000-\u001f\u007f]{1,255}$/

/** Whose secret this is; null where nobody's, or a blocked client's. The one way to ask. */
export async function findSecretOwner(database: Database, secret: string): Promise<SecretOwner | null> {
  if (!secretPattern.test(secret)) return null
  const [owner] = await database.run(
    (prisma) => prisma.$queryRaw<SecretOwner[]>`
      SELECT clients.id AS "clientId", clients.priv_settings -> 'broker_scope' AS "brokerScope"
        FROM connections JOIN clients ON clients.id = connections.client_id
       WHERE connections.secret = ${secret} AND NOT clients.is_blocked`,
  )
  return owner ?? null
}
