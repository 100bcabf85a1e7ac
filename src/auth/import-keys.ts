import { createLocalJWKSet, type JWK } from 'jose'
import { isSignatureAlgorithm, signatureAlgorithms } from './algorithms.ts'

/** RSA keys below this are refused (RFC 7518 §3.3); jose would throw a plain TypeError at the first token. */
const rsaBitsAtLeast = 2_048

/** Members that hold a private or a symmetric key, over all key types (RFC 7518 §6, RFC 8037 §2; `priv`: ML-DSA). */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/**
 * The members that make a public key, and that choose it for a token. jose gives WebCrypto the whole key, and WebCrypto
 * refuses a public key whose `key_ops` holds `sign`, as key vaults write it.
 */
const keptMembers = ['kty', 'crv', 'n', 'e', 'x', 'y', 'pub', 'kid', 'alg', 'use']

/** A member of a key set with which no signature can be verified. */
export interface DroppedKey {
  /** At most 100 characters of it; null: the member has none. */
  readonly kid: string | null
  readonly reason: 'no key' | 'private or symmetric' | 'not for signatures' | 'cannot be imported'
}

export interface ImportedKeys {
  readonly keys: readonly JWK[]
  readonly dropped: readonly DroppedKey[]
}

/**
 * Keeps the members of a key set with which signatures can be verified: public, asymmetric, for signatures, and such
 * that jose can import them. RFC 7517 §5 asks for that, so that one odd key does not take the good ones with it.
 *
 * A key whose private half is published is dropped whole: everybody who has read the set can sign with it.
 */
export async function importKeys(members: readonly unknown[]): Promise<ImportedKeys> {
  const keys: JWK[] = []
  const dropped: DroppedKey[] = []
  for (const member of members) {
    const jwk = isObject(member) ? member : {}
    const reason = isObject(member) ? reasonAgainst(jwk) : 'no key'
    const key: JWK = Object.fromEntries(keptMembers.flatMap((name) => (name in jwk ? [[name, jwk[name]]] : [])))
    if (reason === undefined && (await isImportable(key))) keys.push(key)
    else {
      const { kid } = jwk
      const name = typeof kid === 'string' ? kid.slice(0, 100) : null
      dropped.push({ kid: name, reason: reason ?? 'cannot be imported' })
    }
  }
  return { keys, dropped }
}

const isObject = (member: unknown): member is Record<string, unknown> =>
  typeof member === 'object' && member !== null && !Array.isArray(member)

function reasonAgainst({ use, key_ops: operations, kid, alg, ...others }: Record<string, unknown>) {
  if (secretMembers.some((name) => Object.hasOwn(others, name))) return 'private or symmetric'
  if (use !== undefined && use !== 'sig') return 'not for signatures'
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify')))
    return 'not for signatures'
  if (alg !== undefined && !(typeof alg === 'string' && isSignatureAlgorithm(alg))) return 'not for signatures'
  return kid === undefined || typeof kid === 'string' ? undefined : 'no key'
}

/** Lets jose import the key at the fetch, as it will for a token: a key that it cannot import never meets a token. */
async function isImportable(key: JWK): Promise<boolean> {
  try {
    const set = createLocalJWKSet({ keys: [key] })
    for (const alg of key.alg === undefined ? signatureAlgorithms : [key.alg]) {
      const imported = await set({ alg }).catch(() => undefined)
      if (imported === undefined) continue
      const { modulusLength = rsaBitsAtLeast } = imported.algorithm as Partial<RsaKeyAlgorithm> // by the kind of key
      return modulusLength >= rsaBitsAtLeast
    }
    return false
  } catch {
    return false
  }
}
