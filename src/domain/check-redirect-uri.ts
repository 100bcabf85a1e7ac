import type { Call } from './caller.ts'
import type { ConnectionKey, ConnectionStore } from './connection.ts'
import { GatewayError } from './errors.ts'
import { type Policy, requiredScope } from './policy.ts'
import { type RedirectUriWarning, redirectUriWarnings } from './redirect-uri-warnings.ts'
import { requireKey } from './settle-write.ts'
import type { ConnectionUpdateParser } from './update-request-schema.ts'
import type { Violation } from './violation.ts'

/** What would come of an update, without making it. */
export interface RedirectUriCheck {
  readonly violations: readonly Violation[]
  /** What a person should look at twice. Warnings are not errors: an update ignores them. */
  readonly warnings: readonly RedirectUriWarning[]
}

/** Judges a redirect URI for a connection; writes nothing. */
export type CheckRedirectUri = (
  call: Call,
  input: ConnectionKey & { readonly redirectUri: string },
) => Promise<RedirectUriCheck>

export interface CheckRedirectUriDeps {
  readonly policy: Policy
  readonly parseConnectionUpdate: ConnectionUpdateParser
  readonly connections: Pick<ConnectionStore, 'find'>
}

/** Longer values have their violation; there is no use in comparing them. */
const longestCompared = 2_048

/**
 * Under the scope of the update, so that a form can ask before it sends.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden`, `notFound` or `unavailable`
 */
export function createCheckRedirectUri({
  policy,
  parseConnectionUpdate,
  connections,
}: CheckRedirectUriDeps): CheckRedirectUri {
  return async (call, { redirectUri, ...key }) => {
    policy.authorize(call, requiredScope.updateConnection, key.clientId)
    const connection = await connections.find(requireKey(key))
    if (connection === null) throw new GatewayError('notFound')
    const update = parseConnectionUpdate({ redirect_uri: redirectUri })
    return {
      violations: update.ok ? [] : update.violations,
      warnings: redirectUri.length > longestCompared ? [] : redirectUriWarnings(redirectUri, connection.redirectUri),
    }
  }
}
