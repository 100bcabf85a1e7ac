import { createPublicKey } from 'node:crypto'
import type { JWK } from 'jose'
import { isSignatureAlgorithm } from './algorithms.ts'

/** RSA keys below this are refused (RFC 7518 §3.3); jose would throw a plain TypeError at the first token. */
const rsaBitsAtLeast = 2_048

/** Members that hold a private or a symmetric key, over all key types (RFC 7518 §6, RFC 8037 §2; `priv`: ML-DSA). */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/**
 * Keeps those members of a key set with which signatures can be verified: public, asymmetric, meant for signatures,
 * well formed. The others are ignored, as RFC 7517 §5 asks for, so that one odd key does not take the good ones with
 * it.
 *
 * A key whose private half is published is dropped whole: whoever has read the set can sign with it.
 */
export function usableKeys(members: readonly unknown[]): JWK[] {
  return members.filter(isVerificationKey)
}

function isVerificationKey(member: unknown): member is JWK {
  if (typeof member !== 'object' || member === null || Array.isArray(member)) return false
  // A parsed edge: JSON.parse made this object, and every member that is used is checked below.
  const jwk = member as Record<string, unknown>
  if (secretMembers.some((name) => Object.hasOwn(jwk, name))) return false
  if (jwk['use'] !== undefined && jwk['use'] !== 'sig') return false
  if (jwk['key_ops'] !== undefined && !(Array.isArray(jwk['key_ops']) && jwk['key_ops'].includes('verify')))
    return false
  if (jwk['kid'] !== undefined && typeof jwk['kid'] !== 'string') return false
  if (jwk['alg'] !== undefined && !(typeof jwk['alg'] === 'string' && isSignatureAlgorithm(jwk['alg']))) return false
  if (jwk['kty'] === 'OKP' && jwk['crv'] !== 'Ed25519') return false
  return isWellFormed(jwk)
}

/** Lets OpenSSL look at the key once, at the fetch: points off the curve and short moduli never get to a token. */
function isWellFormed(jwk: Record<string, unknown>): boolean {
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: jwk, format: 'jwk' })
    return (asymmetricKeyDetails?.modulusLength ?? rsaBitsAtLeast) >= rsaBitsAtLeast
  } catch {
    return false
  }
}
