import { errors } from 'jose'

/** The reason of a refusal, for logs and metrics. The caller only gets `invalid_token`. */
export type RefusalReason =
  | 'malformed'
  | 'type'
  | 'critical'
  | 'algorithm'
  | 'unknown_key'
  | 'signature'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'not_yet_valid'
  | 'claims'
  /** No access token of Mithril's has this value. */
  | 'opaque_unknown'
  /** An unknown opaque token from an address that has used up its lookups. */
  | 'opaque_not_looked_up'
  /** The token is good, but its client or user is blocked. */
  | 'blocked'

/** The token is not acceptable: 401. The error holds no part of the token, so a log may hold all of it. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused'
  readonly reason: RefusalReason
  /** The claim or header member at fault, if any. */
  readonly member: string | undefined

  constructor(reason: RefusalReason, member?: string) {
    super(`access token refused: ${reason}${member === undefined ? '' : ` (${member})`}`)
    this.reason = reason
    this.member = member
  }
}

/**
 * Translates jose's error for a bad token. The result does not have it as its cause, because it holds all the claims.
 *
 * @returns undefined if the token is not the cause of the error
 */
export function refusalOf(error: unknown): TokenRefused | undefined {
  if (error instanceof errors.JWTExpired) return new TokenRefused('expired', 'exp')
  if (error instanceof errors.JWTClaimValidationFailed) return new TokenRefused(reasonOfClaim(error), error.claim)
  if (error instanceof errors.JOSEAlgNotAllowed) return new TokenRefused('algorithm', 'alg')
  if (error instanceof errors.JWKSNoMatchingKey) return new TokenRefused('unknown_key', 'kid')
  if (error instanceof errors.JWSSignatureVerificationFailed) return new TokenRefused('signature')
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return new TokenRefused('malformed')
  return undefined
}

function reasonOfClaim({ claim, reason }: errors.JWTClaimValidationFailed): RefusalReason {
  if (claim === 'iss') return 'issuer'
  if (claim === 'aud') return 'audience'
  return claim === 'nbf' && reason === 'check_failed' ? 'not_yet_valid' : 'claims'
}
