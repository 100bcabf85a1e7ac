import { decodeProtectedHeader } from 'jose'
import { TokenRefused } from './token-refused.ts'

/**
 * JWS compact serialization, three parts (RFC 7515 §7.1). Five parts would be a JWE, an empty third part an unsecured
 * JWT.
 */
const threeParts = /^[\w-]+\.[\w-]+\.([\w-]+)$/

/**
 * RFC 9068 §2.1 and §4, RFC 7519 §5.1: each type with and without `application/`, in any case (RFC 7515 §4.1.9). A
 * token of another type was made for another purpose (RFC 8725 §3.11).
 */
const acceptedType = /^(?:application\/)?(?:at\+)?jwt$/i

/**
 * Checks the parts of a token outside of its claims, before the search for a key. The gateway uses only the hint `kid`,
 * and only within the issuer's own set. `jku`, `x5u`, `jwk` and `x5c` would let the sender choose the key (RFC 8725
 * §3.10).
 *
 * @throws TokenRefused `malformed`, `critical` or `type`
 */
export function checkHeader(token: string): void {
  const signature = threeParts.exec(token)?.[1]
  if (signature === undefined || !isCanonical(signature)) throw new TokenRefused('malformed')
  const header = parseHeader(token)
  // The gateway knows no extension, so it refuses a token that demands one (RFC 7515 §4.1.11). `b64` is valid only
  // together with `crit` (RFC 7797 §6).
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) throw new TokenRefused('critical', 'crit')
  const { typ, kid } = header
  if (typ !== undefined && !(typeof typ === 'string' && acceptedType.test(typ))) throw new TokenRefused('type', 'typ')
  if (kid !== undefined && typeof kid !== 'string') throw new TokenRefused('malformed', 'kid')
}

/** Members as unknown values: jose's types promise strings, but the header of a bad token may hold others. */
function parseHeader(token: string): Record<string, unknown> {
  try {
    return { ...decodeProtectedHeader(token) }
  } catch {
    throw new TokenRefused('malformed')
  }
}

/**
 * Whether a part is the one canonical spelling of its bytes. Decoders ignore the last bits of base64url, so one
 * signature could have several spellings (RFC 4648 §3.5).
 */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part
}
