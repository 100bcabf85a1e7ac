import { errors, type JWTVerifyGetKey } from 'jose'
import { findKey, KeysUnavailable } from './find-key.ts'
import { type KeptKeys, type KeptKeysOptions, keepKeys } from './kept-keys.ts'
import { defaultLimits, type KeySetLimits } from './key-set-limits.ts'

export { KeysUnavailable }

export interface KeySet extends Pick<KeptKeys, 'start' | 'state' | 'close'> {
  /**
   * Finds the key for a token (jose's key resolver).
   * @throws KeysUnavailable; jose's `JWKSNoMatchingKey` and `JWKSMultipleMatchingKeys`
   */
  readonly getKey: JWTVerifyGetKey
}

export interface KeySetOptions extends Omit<KeptKeysOptions, 'limits'> {
  readonly limits?: Partial<KeySetLimits>
}

/**
 * The keys of an issuer, fetched over HTTP and kept: jose's local set over a document that is fetched here. jose's own
 * remote set has no pause after a failed fetch and stops serving the keys it has when their age is up.
 *
 * Where there are no keys that may serve, `getKey` throws `KeysUnavailable`, after waiting for a fetch at most
 * `timeoutSeconds`.
 *
 * An unknown kid is the token's fault only if a fetch that began after the token came does not know it either. So it
 * waits for the next such fetch, together with all others: a new key of the issuer's is never refused, not even in the
 * midst of a flood of made-up kids, which pays for that with a wait of `cooldownSeconds`. While fetches fail, the
 * answer is `KeysUnavailable`.
 */
export function createKeySet(options: KeySetOptions): KeySet {
  const limits = { ...defaultLimits, ...options.limits }
  const kept = keepKeys({ ...options, limits })
  let unknownKidsWaiting = 0

  function unavailable(): KeysUnavailable {
    return new KeysUnavailable("the issuer's keys are not to be had", { cause: kept.lastFailure() })
  }

  async function getKey(...[header, token]: Parameters<JWTVerifyGetKey>): Promise<CryptoKey> {
    if (kept.usable() === null) await within(limits.timeoutSeconds, kept.fetchFirstKeys())
    const current = kept.usable()
    if (current === null) throw unavailable()
    try {
      return await findKey(current, header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      await waitForUnknownKid(error)
      const newer = kept.usable()
      if (newer !== null && newer !== current) return await findKey(newer, header, token)
      throw unavailable()
    }
  }

  /** @throws what is given, where too many wait already: nobody but a flood of made-up kids has so many. */
  async function waitForUnknownKid(tooMany: unknown): Promise<void> {
    if (unknownKidsWaiting >= limits.unknownKidsWaitingAtMost) throw tooMany
    unknownKidsWaiting += 1
    await within(limits.timeoutSeconds, kept.state().failures > 0 ? kept.fetchOnDemand() : kept.fetchForUnknownKid())
    unknownKidsWaiting -= 1
  }

  return { start: kept.start, getKey, state: kept.state, close: kept.close }
}

/** Waits for a promise that never rejects, but not longer than this. */
async function within(seconds: number, done: Promise<void>): Promise<void> {
  const { promise: timeout, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, seconds * 1_000)
  await Promise.race([done, timeout])
  clearTimeout(timer)
}
