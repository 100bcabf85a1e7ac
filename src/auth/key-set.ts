import { errors, type LocalJWKSet } from 'jose'
import { type KeptKeys, type KeptKeysOptions, keepKeys } from './kept-keys.ts'
import { defaultLimits, type KeySetLimits } from './key-set-limits.ts'

/** The issuer's keys cannot be had, so nothing can be said about a token: 503, never 401. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable'
}

export interface KeySet extends Pick<KeptKeys, 'start' | 'state' | 'close'> {
  /**
   * Verifies a token with the keys. Where jose finds no key for it, or its signature does not fit a key, `verify` runs
   * once more, with keys whose fetch began after the token came.
   * @throws KeysUnavailable; else what `verify` throws
   */
  withKeys<Verified>(verify: (keys: LocalJWKSet) => Promise<Verified>): Promise<Verified>
}

export interface KeySetOptions extends Omit<KeptKeysOptions, 'limits'> {
  readonly limits?: Partial<KeySetLimits>
}

/** Whether newer keys may lead to another verdict: the issuer may have added a key, or replaced one under its kid. */
const mayBeOutdated = (error: unknown) =>
  error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed

/**
 * The keys of an issuer, fetched over HTTP and kept. `docs/decisions/0030-own-key-set.md` says why jose's remote set is
 * not used.
 *
 * Where no keys may serve, `withKeys` waits for a fetch for at most `timeoutSeconds`, and then throws
 * `KeysUnavailable`.
 *
 * A token is refused for its key or its signature only if newer keys do not fit it either. All such tokens wait
 * together for the next fetch, so the gateway never refuses a new key of the issuer, not even in a flood of made-up
 * kids or signatures. In such a flood each of them waits for `cooldownSeconds`. While fetches fail, they get
 * `KeysUnavailable`.
 */
export function createKeySet(options: KeySetOptions): KeySet {
  const limits = { ...defaultLimits, ...options.limits }
  const kept = keepKeys({ ...options, limits })
  let waiting = 0

  const unavailable = () => new KeysUnavailable("the issuer's keys are not to be had", { cause: kept.lastFailure() })

  /** @throws the given error where too many tokens wait already: only a flood of bad tokens has so many */
  async function waitForNewerKeys(begunBefore: number, error: unknown): Promise<void> {
    if (waiting >= limits.waitingAtMost) throw error
    waiting += 1
    await within(limits.timeoutSeconds, kept.fetchAnew(begunBefore))
    waiting -= 1
  }

  return {
    start: kept.start,
    async withKeys(verify) {
      const begunBefore = kept.fetchesBegun()
      const newerKeys = () => {
        const keys = kept.usable()
        return keys !== null && keys.fetch > begunBefore ? keys : null
      }
      if (kept.usable() === null) await within(limits.timeoutSeconds, kept.fetchFirstKeys())
      const first = kept.usable()
      if (first === null) throw unavailable()
      try {
        return await verify(first.set)
      } catch (error) {
        if (!mayBeOutdated(error) || first.fetch > begunBefore) throw error
        if (newerKeys() === null) await waitForNewerKeys(begunBefore, error)
        const newer = newerKeys()
        if (newer === null) throw unavailable()
        return await verify(newer.set)
      }
    },
    state: kept.state,
    close: kept.close,
  }
}

/** Waits for a promise that never rejects, but not longer than this. */
async function within(seconds: number, done: Promise<void>): Promise<void> {
  const { promise: timeout, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, seconds * 1_000)
  await Promise.race([done, timeout])
  clearTimeout(timer)
}
