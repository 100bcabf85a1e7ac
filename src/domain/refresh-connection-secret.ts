import { randomBytes } from 'node:crypto'
import type { Author, Call } from './caller.ts'
import type { Connection, ConnectionKey, ConnectionStore, RefreshedConnection } from './connection.ts'
import { GatewayError } from './errors.ts'
import { requiredScope } from './policy.ts'
import { requireKey, settleWrite } from './settle-write.ts'
import type { AuthorizeWrite } from './write-limit.ts'

/** Gives a connection a new secret. The answer is the only one that ever shows it. */
export type RefreshConnectionSecret = (
  call: Call,
  input: ConnectionKey & { readonly expectedVersions: readonly number[] | null },
) => Promise<RefreshedConnection>

export interface RefreshConnectionSecretDeps {
  readonly authorizeWrite: AuthorizeWrite
  readonly connections: Pick<ConnectionStore, 'find' | 'replaceSecret' | 'clientOfSecret'>
}

/** 256 bits: nobody guesses it, and it fits the column many times over. */
const newSecret = () => randomBytes(32).toString('base64url')

/**
 * Beside scope and ownership there is a third rule (`docs/platform.md` §3). Either the caller is the connection's
 * consumer, or the `API-key` header is the secret of one of the consumer's own connections.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden`, `tooManyRequests`, `notFound`, `apiKeyMissing`,
 *   `apiKeyInvalid`, `conflict` or
 *   `unavailable`
 */
export function createRefreshConnectionSecret({
  authorizeWrite,
  connections,
}: RefreshConnectionSecretDeps): RefreshConnectionSecret {
  async function requireConsumer({ caller, apiKey }: Author, { consumerId }: Connection): Promise<void> {
    if (caller.clientId === consumerId) return
    if (apiKey === null) throw new GatewayError('apiKeyMissing')
    const owner = await connections.clientOfSecret(apiKey)
    if (owner === null) throw new GatewayError('apiKeyInvalid')
    if (owner !== consumerId) throw new GatewayError('forbidden')
  }

  return async (call, { expectedVersions, ...input }) => {
    const author = await authorizeWrite(call, requiredScope.refreshSecret, input.clientId)

    const key = requireKey(input)
    const connection = await connections.find(key)
    if (connection === null) throw new GatewayError('notFound')
    await requireConsumer(author, connection)

    return settleWrite(await connections.replaceSecret({ ...key, secret: newSecret(), expectedVersions, author }))
  }
}
