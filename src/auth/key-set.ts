import { errors, type LocalJWKSet } from 'jose'
import { type KeptKeys, type KeptKeysOptions, keepKeys } from './kept-keys.ts'
import { defaultLimits, type KeySetLimits } from './key-set-limits.ts'

/** The gateway has no keys of the issuer, so it cannot judge a token: 503, never 401. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable'
}

export interface KeySet extends Pick<KeptKeys, 'start' | 'state' | 'close'> {
  /**
   * Verifies a token with the keys. If jose finds no key for it, or its signature fits none, `verify` runs once more.
   * The second run gets keys whose fetch began after the token came.
   * @throws KeysUnavailable, or the error of `verify`
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
 * Makes the key set of an issuer, which it fetches over HTTP. `docs/decisions/0030-own-key-set.md` compares it with
 * jose's remote set.
 *
 * Without usable keys, `withKeys` waits for a fetch for at most `timeoutSeconds`, and then throws `KeysUnavailable`.
 *
 * `withKeys` refuses a token for its key or its signature only if newer keys do not fit it either. All such tokens wait
 * for the same fetch. So the gateway never refuses a new key of the issuer, even in a flood of invented kids. In such a
 * flood each token waits for `cooldownSeconds`. While fetches fail, they get `KeysUnavailable`.
 */
export function createKeySet(options: KeySetOptions): KeySet {
  const limits = { ...defaultLimits, ...options.limits }
  const kept = keepKeys({ ...options, limits })
  let waiting = 0

  const unavailable = () => new KeysUnavailable("the issuer's keys are not to be had", { cause: kept.lastFailure() })

  /** @throws KeysUnavailable if too many tokens wait already: one of them may have a new key of the issuer */
  async function waitForNewerKeys(begunBefore: number): Promise<void> {
    if (waiting >= limits.waitingAtMost) throw unavailable()
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
        if (newerKeys() === null) await waitForNewerKeys(begunBefore)
        const newer = newerKeys()
        if (newer === null) throw unavailable()
        return await verify(newer.set)
      }
    },
    state: kept.state,
    close: kept.close,
  }
}

/** Waits for a promise that never rejects, for at most these seconds. */
async function within(seconds: number, done: Promise<void>): Promise<void> {
  const { promise: timeout, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, seconds * 1_000)
  await Promise.race([done, timeout])
  clearTimeout(timer)
}
