import { setTimeout as delay } from 'node:timers/promises'
import { createLocalJWKSet, errors, type JWTVerifyGetKey, type LocalJWKSet } from 'jose'
import { type FetchedKeys, fetchKeys, parseKeysUrl } from './fetch-keys.ts'
import { findKey, KeysUnavailable } from './find-key.ts'
import { defaultLimits, type KeySetLimits } from './key-set-limits.ts'

export { KeysUnavailable }

export interface KeySetState {
  /** Whether tokens can be verified now. */
  readonly ready: boolean
  /** How long ago the keys were last fetched; null before the first time and for a static set. */
  readonly ageMs: number | null
  /** Fetches that have failed since the last success. */
  readonly failures: number
  /** Fetches that have failed since the start. */
  readonly failedFetches: number
}

export interface KeySet {
  /** Begins to fetch in the background; never throws and does not wait. */
  start(): void
  /**
   * Finds the key for a token (jose's key resolver).
   * @throws KeysUnavailable; jose's `JWKSNoMatchingKey` and `JWKSMultipleMatchingKeys`
   */
  readonly getKey: JWTVerifyGetKey
  state(): KeySetState
  /** Ends timers and the fetch in flight. Keys already there go on serving, for the requests that are being drained. */
  close(): void
}

/** The part of a pino logger that is used here. */
export interface KeySetLog {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}

export interface KeySetOptions {
  /** Address of the issuer's JWK set. */
  readonly url: string | URL
  readonly fetch?: typeof globalThis.fetch
  /** Milliseconds since 1970. */
  readonly now?: () => number
  readonly log?: KeySetLog
  readonly limits?: Partial<KeySetLimits>
}

/** Runs with the monotonic clock: a corrected wall clock makes no key older or younger. */
const monotonicNow = () => Math.round(performance.timeOrigin + performance.now())

/**
 * The keys of an issuer, fetched over HTTP and kept: jose's local set over a document that is fetched here. jose's own remote set has no
 * pause after a failed fetch and stops serving the keys it has when their age is up.
 *
 * A fetch at time t makes the keys *fresh* until t + `refreshSeconds`, when the background fetches them again. If that fails, they are
 * *stale* and go on serving until t + `refreshSeconds` + `staleSeconds` (20 minutes by default). From then on, and before the first
 * success, `getKey` throws `KeysUnavailable`, after waiting for a fetch at most `timeoutSeconds`.
 *
 * Fetches happen one at a time: in the background (refresh, and retries whose pauses double), and for a request only where it finds no
 * keys (at most one in `retrySeconds`) or an unknown kid (at most one in `cooldownSeconds`; while fetches fail, one in `retrySeconds`).
 *
 * An unknown kid is the token's fault only if a fetch that began after the token came does not know it either. So it waits for the next
 * such fetch, together with all others: a new key of the issuer's is never refused, not even in the midst of a flood of made-up kids,
 * which pays for that with a wait of `cooldownSeconds`. While fetches fail, the answer is `KeysUnavailable`.
 */
export function createKeySet(options: KeySetOptions): KeySet {
  const { fetch = globalThis.fetch, now = monotonicNow, log } = options
  const url = parseKeysUrl(options.url)
  const limits = { ...defaultLimits, ...options.limits }
  const closing = new AbortController()
  let keys: LocalJWKSet | null = null
  let fetchedAt: number | null = null
  let startedAt = Number.NEGATIVE_INFINITY
  let failures = 0
  let failedFetches = 0
  let lastFailure: unknown
  let inFlight: Promise<void> | null = null
  let nextForUnknownKid: Promise<void> | null = null
  let askedForUnknownKidAt = Number.NEGATIVE_INFINITY
  let unknownKidsWaiting = 0
  let timer: NodeJS.Timeout | undefined
  let started = false

  function usable(): LocalJWKSet | null {
    const servesFor = (limits.refreshSeconds + limits.staleSeconds) * 1_000
    return fetchedAt !== null && now() < fetchedAt + servesFor ? keys : null
  }

  /** One fetch, or the one in flight. Never rejects. */
  function refresh(): Promise<void> {
    inFlight ??= attempt().finally(() => {
      inFlight = null
      schedule()
    })
    return inFlight
  }

  async function attempt(): Promise<void> {
    startedAt = now()
    try {
      const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(limits.timeoutSeconds * 1_000)])
      accept(await fetchKeys({ url, fetch, signal, bytesAtMost: limits.bytesAtMost }))
    } catch (error) {
      if (closing.signal.aborted) return
      failures += 1
      failedFetches += 1
      lastFailure = error
      log?.warn({ err: error, failures, ready: usable() !== null }, "the issuer's keys could not be fetched")
    }
  }

  function accept(fetched: FetchedKeys): void {
    keys = createLocalJWKSet({ keys: [...fetched.keys] })
    if (fetchedAt === null || failures > 0) log?.info({ keys: fetched.keys.length, failures }, "the issuer's keys are fetched")
    if (fetched.dropped > 0) log?.warn({ dropped: fetched.dropped }, "the issuer's key set holds keys that cannot be used")
    fetchedAt = now()
    failures = 0
    lastFailure = undefined
  }

  function schedule(): void {
    clearTimeout(timer)
    if (!started || closing.signal.aborted) return
    timer = setTimeout(refresh, pauseSeconds() * 1_000)
    timer.unref()
  }

  function pauseSeconds(): number {
    if (failures === 0) return limits.refreshSeconds
    const atMost = usable() === null ? limits.retryWithoutKeysAtMostSeconds : limits.retryAtMostSeconds
    return Math.min(limits.retrySeconds * 2 ** (failures - 1), atMost)
  }

  /** Fetches because a request needs it, or joins the fetch in flight, unless it is too soon after the last one. */
  async function fetchOnDemand(): Promise<void> {
    if (inFlight === null && now() - startedAt < limits.retrySeconds * 1_000) return
    await refresh()
  }

  /** A fetch that was joined may have begun while the issuer was still away: after its failure, one of the request's own is due. */
  async function fetchFirstKeys(): Promise<void> {
    const joined = inFlight !== null
    await fetchOnDemand()
    if (joined && usable() === null) await fetchOnDemand()
  }

  /** The next fetch to begin after the cool-down of the last one of this kind; one for all who wait. Never rejects. */
  function fetchForUnknownKid(): Promise<void> {
    nextForUnknownKid ??= coolDown().then(() => {
      nextForUnknownKid = null
      askedForUnknownKidAt = now()
      return refresh()
    })
    return nextForUnknownKid
  }

  async function coolDown(): Promise<void> {
    const pause = askedForUnknownKidAt + limits.cooldownSeconds * 1_000 - now()
    // A rejection is the end of the key set, which waits for nobody.
    if (pause > 0) await delay(pause, undefined, { signal: closing.signal, ref: false }).catch(() => {})
    // It began before those who wait came, and may know less than the issuer does by now.
    await inFlight
  }

  function unavailable(): KeysUnavailable {
    return new KeysUnavailable("the issuer's keys are not to be had", { cause: lastFailure })
  }

  async function getKey(...[header, token]: Parameters<JWTVerifyGetKey>): Promise<CryptoKey> {
    if (usable() === null) await within(limits.timeoutSeconds, fetchFirstKeys())
    const current = usable()
    if (current === null) throw unavailable()
    try {
      return await findKey(current, header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      await waitForUnknownKid(error)
      const newer = usable()
      if (newer !== null && newer !== current) return await findKey(newer, header, token)
      throw unavailable()
    }
  }

  /** @throws what is given, where too many wait already: nobody but a flood of made-up kids has so many. */
  async function waitForUnknownKid(tooMany: unknown): Promise<void> {
    if (unknownKidsWaiting >= limits.unknownKidsWaitingAtMost) throw tooMany
    unknownKidsWaiting += 1
    await within(limits.timeoutSeconds, failures > 0 ? fetchOnDemand() : fetchForUnknownKid())
    unknownKidsWaiting -= 1
  }

  return {
    start() {
      started = true
      void refresh()
    },
    getKey,
    state: () => ({
      ready: usable() !== null,
      ageMs: fetchedAt === null ? null : now() - fetchedAt,
      failures,
      failedFetches,
    }),
    close() {
      clearTimeout(timer)
      closing.abort()
    },
  }
}

/** Waits for a promise that never rejects, but not longer than this. */
async function within(seconds: number, done: Promise<void>): Promise<void> {
  const { promise: timeout, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, seconds * 1_000)
  await Promise.race([done, timeout])
  clearTimeout(timer)
}
