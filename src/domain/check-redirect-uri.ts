import type { Call } from './call.ts'
import type { ConnectionKey, ConnectionStore } from './connection.ts'
import { GatewayError } from './errors.ts'
import type { Permit, Permits } from './permit.ts'
import { longestJudged, type RedirectUriParser } from './redirect-uri-value.ts'
import { type RedirectUriWarning, redirectUriWarnings } from './redirect-uri-warnings.ts'
import type { Violation } from './violation.ts'
import { keyOf } from './write-outcome.ts'

/** The verdict on an update that is not made. */
export interface RedirectUriCheck {
  readonly violations: readonly Violation[]
  /** Points that a person should look at twice. Warnings are not errors: an update ignores them. */
  readonly warnings: readonly RedirectUriWarning[]
}

/** Judges a redirect URI for a connection; writes nothing. */
export interface CheckRedirectUri {
  permit(call: Call, key: ConnectionKey): Permit | Promise<Permit>
  run(permit: Permit, input: { readonly redirectUri: string }): Promise<RedirectUriCheck>
}

export interface CheckRedirectUriDeps {
  readonly permits: Permits
  readonly parseRedirectUri: RedirectUriParser
  readonly connections: Pick<ConnectionStore, 'find'>
}

/**
 * Under the scope of the update, so that a form can ask before it sends.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden`, `notFound` or `unavailable`
 */
export function createCheckRedirectUri({
  permits,
  parseRedirectUri,
  connections,
}: CheckRedirectUriDeps): CheckRedirectUri {
  return {
    permit: (call, key) => permits.give(call, 'checkRedirectUri', key),
    async run(given, { redirectUri }) {
      const permit = await permits.confirm(given, 'checkRedirectUri')
      const connection = await connections.find(keyOf(permit))
      if (connection === null) throw new GatewayError('notFound')
      const parsed = parseRedirectUri(redirectUri)
      return {
        violations: parsed.ok ? [] : parsed.violations,
        // A longer value has its `length` violation; a comparison would be of no use.
        warnings: redirectUri.length > longestJudged ? [] : redirectUriWarnings(redirectUri, connection.redirectUri),
      }
    },
  }
}
