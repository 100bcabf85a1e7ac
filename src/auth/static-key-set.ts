import { createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { findKey } from './find-key.ts'
import type { KeySet } from './key-set.ts'
import { usableKeys } from './usable-keys.ts'

/**
 * Keys that are known from the start and never change: those of the development issuer.
 * @throws TypeError if no key of the set is usable for signatures
 */
export function createStaticKeySet(jwks: JSONWebKeySet): KeySet {
  const keys = usableKeys(jwks.keys)
  if (keys.length === 0) throw new TypeError('the key set holds no usable public signature key')
  const local = createLocalJWKSet({ keys })
  return {
    start() {},
    getKey: (...token) => findKey(local, ...token),
    state: () => ({ ready: true, ageMs: null, failures: 0, failedFetches: 0 }),
    close() {},
  }
}
