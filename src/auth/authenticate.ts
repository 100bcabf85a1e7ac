import type { Caller } from '../domain/caller.ts'
import { GatewayError } from '../domain/errors.ts'
import { readBearer } from './bearer.ts'
import { KeysUnavailable } from './key-set.ts'
import { type RefusalReason, TokenRefused } from './token-refused.ts'
import type { TokenVerifier } from './verify-token.ts'

/** Keys come back within 5 s after their server (`security.md`, faults); an earlier attempt makes no sense. */
const retryAfterSeconds = 5

/** Why a request is not authenticated: no token, a header that is not RFC 6750, a token that was refused, or no keys to tell. */
export type Unauthenticated = 'no_token' | 'header' | RefusalReason | 'keys_unavailable'

export interface AuthenticateOptions {
  readonly verifier: Pick<TokenVerifier, 'verify'>
  /** Told the reason of each request that is turned away here, for metrics. */
  readonly onRefused?: (reason: Unauthenticated) => void
}

/**
 * Says who is calling. At once for a token that is remembered (the Caller itself, no promise), else by a promise; so refusals, too, are
 * thrown or rejected.
 *
 * @throws GatewayError `accessDenied` with `tokenWasSent`; `unavailable` with `retryAfter` where the issuer's keys cannot be had
 */
export type Authenticate = (rawHeaders: readonly string[]) => Caller | Promise<Caller>

/** Makes the function that turns the raw headers of a request (Node's flat list) into a Caller. */
export function createAuthenticate({ verifier, onRefused = () => {} }: AuthenticateOptions): Authenticate {
  function refuse(error: unknown): never {
    if (error instanceof TokenRefused) {
      onRefused(error.reason)
      throw new GatewayError('accessDenied', { tokenWasSent: true }, error)
    }
    if (error instanceof KeysUnavailable) {
      onRefused('keys_unavailable')
      throw new GatewayError('unavailable', { retryAfter: retryAfterSeconds }, error)
    }
    throw error
  }

  return (rawHeaders) => {
    const bearer = readBearer(rawHeaders)
    if (bearer.kind === 'none') {
      onRefused('no_token')
      throw new GatewayError('accessDenied', { tokenWasSent: false })
    }
    if (bearer.kind === 'refused') {
      onRefused('header')
      throw new GatewayError('accessDenied', { tokenWasSent: true }, new Error(bearer.why))
    }
    const caller = verifier.verify(bearer.token)
    return caller instanceof Promise ? caller.catch(refuse) : caller
  }
}
