import { createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { importKeys } from './import-keys.ts'
import type { KeySet } from './key-set.ts'

/**
 * Keys that are known from the start and never change: those of the development issuer.
 * @throws TypeError if no key of the set is usable for signatures
 */
export async function createStaticKeySet(jwks: JSONWebKeySet): Promise<KeySet> {
  const { keys } = await importKeys(jwks.keys)
  if (keys.length === 0) throw new TypeError('the key set holds no usable public signature key')
  const local = createLocalJWKSet({ keys: [...keys] })
  return {
    start() {},
    withKeys: (verify) => verify(local),
    state: () => ({ ready: true, ageMs: null, failures: 0, failedFetches: 0 }),
    close() {},
  }
}
