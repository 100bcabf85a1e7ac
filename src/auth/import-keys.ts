import { createLocalJWKSet, type JWK } from 'jose'
import { isSignatureAlgorithm, signatureAlgorithms } from './algorithms.ts'

/** The gateway drops shorter RSA keys (RFC 7518 §3.3). jose would throw a plain TypeError at the first token. */
const rsaBitsAtLeast = 2_048

/** Members that hold a private or a symmetric key, over all key types (RFC 7518 §6, RFC 8037 §2; `priv`: ML-DSA). */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/**
 * The members that make a public key, and that choose it for a token. All others are dropped: WebCrypto refuses a
 * public key whose `key_ops` holds `sign`, as key vaults write it.
 */
const keptMembers = ['kty', 'crv', 'n', 'e', 'x', 'y', 'pub', 'kid', 'alg', 'use']

/** A member of a key set that cannot verify a signature. */
export interface DroppedKey {
  /** The first 100 characters of its `kid`; null: it has none. */
  readonly kid: string | null
  readonly reason: 'no key' | 'private or symmetric' | 'not for signatures' | 'cannot be imported'
}

export interface ImportedKeys {
  readonly keys: readonly JWK[]
  readonly dropped: readonly DroppedKey[]
}

/**
 * Keeps the keys of a set that can verify signatures: public, asymmetric, for signatures, and importable by jose. It
 * drops all others (RFC 7517 §5), so that an odd key does not make the good ones useless.
 *
 * It also drops a key whose private half is published, because everybody can sign with it.
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

/** Whether jose can import a key, which it otherwise tries only at the first token. */
async function isImportable(key: JWK): Promise<boolean> {
  try {
    const set = createLocalJWKSet({ keys: [key] })
    for (const alg of key.alg === undefined ? signatureAlgorithms : [key.alg]) {
      const imported = await set({ alg }).catch(() => undefined)
      if (imported === undefined) continue
      const { modulusLength = rsaBitsAtLeast } = imported.algorithm as Partial<RsaKeyAlgorithm> // only RSA keys have it
      return modulusLength >= rsaBitsAtLeast
    }
    return false
  } catch {
    return false
  }
}
