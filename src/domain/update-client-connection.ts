import type { Call } from './call.ts'
import type { Connection, ConnectionKey, ConnectionStore, ExpectedVersions } from './connection.ts'
import { GatewayError } from './errors.ts'
import type { Permit, Permits } from './permit.ts'
import type { RedirectUriParser } from './redirect-uri-parser.ts'
import { type ChangeObserver, finishWrite, keyOf } from './write-outcome.ts'

/** Changes the redirect URI of a client's connection. */
export interface UpdateClientConnection {
  permit(call: Call, key: ConnectionKey): Permit | Promise<Permit>
  run(permit: Permit, input: UpdateClientConnectionInput): Promise<Connection>
}

export interface UpdateClientConnectionInput extends ExpectedVersions {
  /** The value that the caller sent. It may have any type. */
  readonly redirectUri: unknown
}

export interface UpdateClientConnectionDeps {
  readonly permits: Permits
  readonly onChange: ChangeObserver
  readonly parseRedirectUri: RedirectUriParser
  readonly connections: Pick<ConnectionStore, 'updateRedirectUri'>
}

/**
 * The operation of the specification API-009-001-006-0339. Its steps are: authorize and count (`permit`), validate,
 * store. The order is contract: the answer to a foreign caller does not depend on the input. The answer to an invalid
 * input does not depend on the database. `run` returns the connection after the write. A value that the row holds
 * already is no error, and `run` writes nothing.
 * @throws GatewayError `permit`: `accessDenied`, `invalidScopes`, `forbidden`, `unavailable`, `tooManyRequests`; `run`:
 *   also `validationFailed`, `notFound`, `conflict`
 */
export function createUpdateClientConnection(deps: UpdateClientConnectionDeps): UpdateClientConnection {
  const { permits, onChange, parseRedirectUri, connections } = deps
  return {
    permit: (call, key) => permits.give(call, 'updateClientConnection', key),
    async run(given, { redirectUri, expectedVersions }) {
      const permit = await permits.confirm(given, 'updateClientConnection')
      const parsed = parseRedirectUri(redirectUri)
      if (!parsed.ok) throw new GatewayError('validationFailed', { violations: parsed.violations })
      const write = { ...keyOf(permit), expectedVersions, author: permit }
      const outcome = await connections.updateRedirectUri({
        ...write,
        redirectUri: parsed.value,
        revertedChangeId: null,
      })
      // An empty list allows no version. So an existing connection is a conflict, even if it holds the value.
      if (outcome.kind === 'unchanged' && expectedVersions?.length === 0)
        throw new GatewayError('conflict', { current: outcome.result })
      return finishWrite(onChange, permit, 'UPDATED', outcome)
    },
  }
}
