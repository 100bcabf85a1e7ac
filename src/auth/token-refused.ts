import { errors } from 'jose'

/** Why a token was refused: words for logs and metrics. The caller is told `invalid_token` and no more. */
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
  /** An opaque token that nothing is known of, from an address that may ask for no more. */
  | 'opaque_not_looked_up'
  /** The token is good, but its client or user is blocked. */
  | 'blocked'

/** The token is not acceptable: 401. Holds nothing of the token, so that it may be logged whole. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused'
  readonly reason: RefusalReason
  /** The claim or header member that was looked at, where there is one. */
  readonly member: string | undefined

  constructor(reason: RefusalReason, member?: string) {
    super(`access token refused: ${reason}${member === undefined ? '' : ` (${member})`}`)
    this.reason = reason
    this.member = member
  }
}

/**
 * Translates what jose throws for a bad token. jose's errors are not kept as the cause: they carry the whole claims
 * set.
 *
 * @returns undefined for everything that is not the token's fault
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
