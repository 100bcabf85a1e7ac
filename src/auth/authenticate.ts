import type { Caller } from '../domain/caller.ts'
import { GatewayError } from '../domain/errors.ts'
import type { AdmitCaller } from './admit-caller.ts'
import { readBearer } from './bearer.ts'
import { KeysUnavailable } from './key-set.ts'
import { isOpaque, type OpaqueTokens } from './opaque-tokens.ts'
import { type RefusalReason, TokenRefused } from './token-refused.ts'
import type { TokenVerifier } from './verify-token.ts'

/** Without keys the gateway asks the issuer at least every 4 s (`key-set-limits.ts`), so an earlier retry fails. */
const retryAfterSeconds = 5

/** The reason of a failed authentication. `header`: the Authorization header does not conform to RFC 6750. */
export type Unauthenticated =
  | 'no_token'
  | 'header'
  | RefusalReason
  | 'api_key_missing'
  | 'api_key_unknown'
  | 'keys_unavailable'
  | 'registry_unavailable'

export interface AuthenticateOptions {
  readonly verifier: Pick<TokenVerifier, 'verify'>
  /** null: a token that is no JWT is refused like any other malformed one. */
  readonly opaqueTokens: OpaqueTokens | null
  readonly admit: AdmitCaller
  /** Gets the reason of each request that fails authentication, for metrics. */
  readonly onRefused?: (reason: Unauthenticated) => void
}

/** The parts of a request that name its caller. */
export interface Credentials {
  /** Node's flat list of names and values. */
  readonly rawHeaders: readonly string[]
  /** The `API-key` header, or null. */
  readonly apiKey: string | null
  /**
   * Whether an unknown opaque token may be looked up. false: the address has sent too many bad tokens, so only
   * remembered ones are accepted. JWTs need no lookup, so this does not lock out their callers.
   */
  readonly mayLookUpTokens?: () => boolean
}

/**
 * Authenticates a request. It returns no promise for a remembered caller. A refusal is a throw or a rejection.
 *
 * @throws GatewayError `accessDenied` with `tokenWasSent` and `reason`
 * @throws GatewayError `apiKeyMissing` or `apiKeyInvalid` for a client that must send its broker's key
 * @throws GatewayError `unavailable` with `retryAfter` without the issuer's keys or without Mithril's tokens
 */
export type Authenticate = (credentials: Credentials) => Caller | Promise<Caller>

/** Makes the function that turns the credentials of a request into a Caller. */
export function createAuthenticate({
  verifier,
  opaqueTokens,
  admit,
  onRefused = () => {},
}: AuthenticateOptions): Authenticate {
  function refuse(error: unknown): never {
    if (error instanceof TokenRefused) {
      const { reason } = error
      onRefused(reason)
      throw new GatewayError(
        'accessDenied',
        { tokenWasSent: true, tokenHasExpired: reason === 'expired', reason },
        error,
      )
    }
    if (error instanceof KeysUnavailable) {
      onRefused('keys_unavailable')
      throw new GatewayError('unavailable', { retryAfter: retryAfterSeconds }, error)
    }
    if (error instanceof GatewayError) onRefused(reasonOf(error))
    throw error
  }

  function verify(token: string, mayLookUp: () => boolean): Caller | Promise<Caller> {
    return opaqueTokens !== null && isOpaque(token) ? opaqueTokens.verify(token, mayLookUp()) : verifier.verify(token)
  }

  return ({ rawHeaders, apiKey, mayLookUpTokens = () => true }) => {
    const bearer = readBearer(rawHeaders)
    if (bearer.kind === 'none') {
      onRefused('no_token')
      throw new GatewayError('accessDenied', { tokenWasSent: false, reason: 'no_token' })
    }
    if (bearer.kind === 'refused') {
      onRefused('header')
      throw new GatewayError('accessDenied', { tokenWasSent: true, reason: 'header' }, new Error(bearer.why))
    }
    try {
      const verified = verify(bearer.token, mayLookUpTokens)
      const caller =
        verified instanceof Promise ? verified.then((known) => admit(known, apiKey)) : admit(verified, apiKey)
      return caller instanceof Promise ? caller.catch(refuse) : caller
    } catch (error) {
      return refuse(error)
    }
  }
}

function reasonOf({ refusal }: GatewayError): Unauthenticated {
  if (refusal === 'apiKeyMissing') return 'api_key_missing'
  return refusal === 'apiKeyInvalid' ? 'api_key_unknown' : 'registry_unavailable'
}
