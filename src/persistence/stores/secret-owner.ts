import type { Database } from '../pool/database.ts'

/** The client whose connection has a secret. It is not blocked. */
export interface SecretOwner {
  readonly clientId: string
  /** The stored `priv_settings.broker_scope`, of any type. */
  readonly brokerScope: unknown
}

/** The texts that can be a secret: the column holds 255 characters, and PostgreSQL refuses NUL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const secretPattern = /^[^\u0000-\u001f\u007f]{1,255}$/

/** Finds the owner of a secret. null: no connection has it, or its client is blocked. No other code looks for one. */
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
