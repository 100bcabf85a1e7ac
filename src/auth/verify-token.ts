import { hash } from 'node:crypto'
import { errors, type JWTPayload, type JWTVerifyOptions, jwtVerify, type LocalJWKSet } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Caller } from '../domain/caller.ts'
import { isSignatureAlgorithm } from './algorithms.ts'
import { tokenLengthAtMost } from './bearer.ts'
import { type AccessToken, parseClaims, requiredClaims } from './claims.ts'
import type { KeySet } from './key-set.ts'
import { checkHeader } from './token-header.ts'
import { refusalOf, TokenRefused } from './token-refused.ts'

/** Seconds by which the issuer's clock and ours may differ. */
const clockTolerance = 30

export interface TokenVerifierOptions {
  /** The one accepted `iss`, compared exactly (RFC 8725 §3.8). */
  readonly issuer: string
  /** Must be `aud` or a member of it (RFC 8725 §3.9). */
  readonly audience: string
  /** Accepted signature algorithms; the token's own `alg` is only compared with them (RFC 8725 §3.1). */
  readonly algorithms: readonly string[]
  readonly keys: Pick<KeySet, 'withKeys'>
  /** How long a verified token is remembered; 0: not at all. Tokens of a revoked key stay valid for this time. */
  readonly cacheSeconds: number
  /** How many verified tokens are remembered at most. */
  readonly cacheEntriesAtMost?: number
  /** How many characters the remembered tokens may have together, because a long token has many claims to remember. */
  readonly cacheLengthAtMost?: number
  /** Milliseconds since 1970, by the wall clock, because `exp` is a time of it. */
  readonly now?: () => number
}

export interface TokenVerifier {
  /**
   * Verifies an access token. It returns no promise for a remembered token. Every refusal is a rejection.
   * @throws TokenRefused the token is not acceptable (401)
   * @throws KeysUnavailable there is no key to judge the token by (503)
   */
  verify(token: string): Caller | Promise<Caller>
  /** How many tokens are remembered. */
  remembered(): number
}

interface Remembered {
  readonly caller: Caller
  readonly from: number
  readonly until: number
}

/**
 * Makes the verifier of access tokens (RFC 9068, RFC 8725).
 * @throws TypeError without issuer, audience or algorithms, or with an algorithm that is not an asymmetric signature
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { issuer, audience, keys, cacheSeconds, now = Date.now } = options
  const { cacheEntriesAtMost = 10_000, cacheLengthAtMost = 8_000_000 } = options
  // jose skips the check of an option that is undefined; an empty one is a mistake of the configuration.
  if (!issuer || !audience) throw new TypeError('issuer and audience must not be empty')
  const algorithms = [...options.algorithms]
  if (algorithms.length === 0 || !algorithms.every(isSignatureAlgorithm)) {
    throw new TypeError('algorithms must be asymmetric signature algorithms, at least one')
  }
  // Keyed by a digest, so that memory holds no usable token.
  const cache = new LRUCache<string, Remembered>({ max: cacheEntriesAtMost, maxSize: cacheLengthAtMost })

  function recall(digest: string): Caller | undefined {
    const entry = cache.get(digest)
    if (entry === undefined) return undefined
    const time = now()
    // `from`: a clock that was set back must not prolong the memory.
    if (entry.from <= time && time < entry.until) return entry.caller
    cache.delete(digest)
    return undefined
  }

  /** Remembers a token until its `exp` at most. The clock tolerance does not prolong that. */
  function remember(digest: string, length: number, { caller, expiresAt }: AccessToken): void {
    const from = now()
    const until = Math.min(from + cacheSeconds * 1_000, expiresAt * 1_000)
    if (from < until) cache.set(digest, { caller, from, until }, { size: length })
  }

  async function check(token: string): Promise<AccessToken> {
    checkHeader(token)
    const currentDate = new Date(now())
    const expected = { issuer, audience, algorithms, requiredClaims, clockTolerance, currentDate }
    const verified = parseClaims(await verifySigned(token, expected))
    if (verified.issuedAt > currentDate.getTime() / 1_000 + clockTolerance)
      throw new TokenRefused('not_yet_valid', 'iat')
    return verified
  }

  async function verifySigned(token: string, expected: JWTVerifyOptions): Promise<JWTPayload> {
    try {
      return await keys.withKeys((set) => verifyWith(set, token, expected))
    } catch (error) {
      throw refusalOf(error) ?? error
    }
  }

  return {
    verify(token) {
      if (token.length > tokenLengthAtMost) return Promise.reject(new TokenRefused('malformed'))
      const digest = hash('sha256', token, 'base64url')
      return (
        recall(digest) ??
        check(token).then((verified) => {
          remember(digest, token.length, verified)
          return verified.caller
        })
      )
    },
    remembered: () => cache.size,
  }
}

/**
 * Where several keys fit the header (one kid twice, or no kid at all), the token is good if one of them made it.
 * @throws jose's errors
 */
async function verifyWith(keys: LocalJWKSet, token: string, expected: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys, expected)).payload
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, expected)).payload
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error
      }
    }
    throw new errors.JWSSignatureVerificationFailed()
  }
}
