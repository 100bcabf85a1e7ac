import type { Call } from './call.ts'
import type { ConnectionKey, ConnectionStore } from './connection.ts'
import { GatewayError } from './errors.ts'
import type { Permit, Permits } from './permit.ts'
import { longestJudged, type RedirectUriParser } from './redirect-uri-parser.ts'
import { type RedirectUriWarning, redirectUriWarnings } from './redirect-uri-warnings.ts'
import type { Violation } from './violation.ts'
import { keyOf } from './write-outcome.ts'

/** The result of a check: the violations and warnings that an update would have. */
export interface RedirectUriCheck {
  readonly violations: readonly Violation[]
  /** Points that a person should review. Warnings are not errors: an update ignores them. */
  readonly warnings: readonly RedirectUriWarning[]
}

/** Validates a redirect URI for a connection without a write. */
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
 * Needs the scope of the update, because a form asks just before it sends the update.
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
        // A longer value has a `length` violation already, and a comparison would only cost time.
        warnings: redirectUri.length > longestJudged ? [] : redirectUriWarnings(redirectUri, connection.redirectUri),
      }
    },
  }
}
