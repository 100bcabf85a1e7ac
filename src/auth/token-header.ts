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
 * Checks what is outside of the claims, before a key is looked for. Of the header's key hints only `kid` is ever
 * followed, and only within the issuer's own set: `jku`, `x5u`, `jwk` and `x5c` let the sender choose the key (RFC 8725
 * §3.10) and are not looked at.
 *
 * @throws TokenRefused `malformed`, `critical` or `type`
 */
export function checkHeader(token: string): void {
  const signature = threeParts.exec(token)?.[1]
  if (signature === undefined || !isCanonical(signature)) throw new TokenRefused('malformed')
  const header = parseHeader(token)
  // No extension is understood here, so that a token which demands one must be refused (RFC 7515 §4.1.11). `b64` is
  // valid together with `crit` only (RFC 7797 §6).
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) throw new TokenRefused('critical', 'crit')
  const { typ, kid } = header
  if (typ !== undefined && !(typeof typ === 'string' && acceptedType.test(typ))) throw new TokenRefused('type', 'typ')
  if (kid !== undefined && typeof kid !== 'string') throw new TokenRefused('malformed', 'kid')
}

/** As unknown values: jose's types promise strings that a stranger's header need not hold. */
function parseHeader(token: string): Record<string, unknown> {
  try {
    return { ...decodeProtectedHeader(token) }
  } catch {
    throw new TokenRefused('malformed')
  }
}

/**
 * The last character of base64url may carry bits that no decoder looks at; a signature must have one spelling only (RFC
 * 4648 §3.5).
 */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part
}
