import { randomBytes } from 'node:crypto'
import type { Call } from './call.ts'
import type { Connection, ConnectionKey, ConnectionStore, ExpectedVersions, RefreshedConnection } from './connection.ts'
import { GatewayError } from './errors.ts'
import type { Permit, Permits } from './permit.ts'
import { type ChangeObserver, finishWrite, keyOf } from './write-outcome.ts'

/** Gives a connection a new secret. No other answer shows a secret. */
export interface RefreshClientConnectionSecret {
  permit(call: Call, key: ConnectionKey): Permit | Promise<Permit>
  run(permit: Permit, input: RefreshClientConnectionSecretInput): Promise<RefreshedConnection>
}

export interface RefreshClientConnectionSecretInput extends ExpectedVersions {
  /** The `API-key` of the request: the secret of a connection of the consumer. null: the caller sent none. */
  readonly apiKey: string | null
}

export interface RefreshClientConnectionSecretDeps {
  readonly permits: Permits
  readonly onChange: ChangeObserver
  readonly connections: Pick<ConnectionStore, 'find' | 'replaceSecret' | 'clientOfSecret'>
}

/** 256 bits cannot be guessed, and their text fits the column. */
const newSecret = () => randomBytes(32).toString('base64url')

/**
 * Beside scope and ownership the platform has a third rule (`docs/platform.md` §3): the consumer must take part. The
 * consumer is the caller itself, or the API key is the secret of one of the consumer's own connections.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden`, `tooManyRequests`, `notFound`, `apiKeyMissing`,
 *   `apiKeyInvalid`, `conflict` or `unavailable`
 */
export function createRefreshClientConnectionSecret(
  deps: RefreshClientConnectionSecretDeps,
): RefreshClientConnectionSecret {
  const { permits, onChange, connections } = deps

  async function requireConsumer({ caller }: Permit, { consumerId }: Connection, apiKey: string | null): Promise<void> {
    if (caller.clientId === consumerId) return
    if (apiKey === null) throw new GatewayError('apiKeyMissing')
    const owner = await connections.clientOfSecret(apiKey)
    if (owner === null) throw new GatewayError('apiKeyInvalid')
    if (owner !== consumerId) throw new GatewayError('forbidden')
  }

  return {
    permit: (call, key) => permits.give(call, 'refreshClientConnectionSecret', key),
    async run(given, { apiKey, expectedVersions }) {
      const permit = await permits.confirm(given, 'refreshClientConnectionSecret')
      const key = keyOf(permit)
      const connection = await connections.find(key)
      if (connection === null) throw new GatewayError('notFound')
      await requireConsumer(permit, connection, apiKey)
      const { consumerId } = connection
      const outcome = await connections.replaceSecret({
        ...key,
        consumerId,
        secret: newSecret(),
        expectedVersions,
        author: permit,
      })
      return finishWrite(onChange, permit, 'SECRET_REFRESHED', outcome)
    },
  }
}
