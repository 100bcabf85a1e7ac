import { errors, type JWTVerifyGetKey, type LocalJWKSet } from 'jose'

/** The issuer's keys cannot be had, so that nothing can be said about a token: 503, never 401. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable'
}

/**
 * Finds a token's key in a local set. jose's own errors speak of the token and pass; whatever else goes wrong here (an
 * import that fails) is the key's fault.
 *
 * @throws KeysUnavailable; jose's `JWKSNoMatchingKey` and `JWKSMultipleMatchingKeys`
 */
export async function findKey(keys: LocalJWKSet, ...[header, token]: Parameters<JWTVerifyGetKey>): Promise<CryptoKey> {
  try {
    return await keys(header, token)
  } catch (error) {
    if (error instanceof errors.JOSEError) throw error
    throw new KeysUnavailable("a key of the issuer's cannot be used", { cause: error })
  }
}
