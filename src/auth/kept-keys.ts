import { setTimeout as delay } from 'node:timers/promises'
import { createLocalJWKSet, type LocalJWKSet } from 'jose'
import { type FetchedKeys, fetchKeys, parseKeysUrl } from './fetch-keys.ts'
import type { KeySetLimits } from './key-set-limits.ts'

/** How the keys of an issuer stand. */
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

/** The part of a pino logger that is used here. */
export interface KeySetLog {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}

export interface KeptKeysOptions {
  /** Address of the issuer's JWK set. */
  readonly url: string | URL
  readonly fetch?: typeof globalThis.fetch
  /** Milliseconds since 1970. */
  readonly now?: () => number
  readonly log?: KeySetLog
  readonly limits: KeySetLimits
}

/** The keys of an issuer, as they were last fetched, and what fetches them anew. Nothing here rejects. */
export interface KeptKeys {
  /** Begins to fetch in the background, and does not wait. */
  start(): void
  /** The keys, fresh or stale; null: none that may serve. */
  usable(): LocalJWKSet | null
  /** Fetches because a request needs it, or joins the fetch in flight, unless it is too soon after the last one. */
  fetchOnDemand(): Promise<void>
  /**
   * The same where there are no keys. A fetch that was joined may have begun while the issuer was still away: after it,
   * one of its own is due.
   */
  fetchFirstKeys(): Promise<void>
  /** The next fetch to begin after the cool-down of the last one of this kind; one for all who wait. */
  fetchForUnknownKid(): Promise<void>
  /** Why the last fetch failed; undefined where it did not. */
  lastFailure(): unknown
  state(): KeySetState
  /** Ends timers and the fetch in flight. Keys already there go on serving, for the requests that are being drained. */
  close(): void
}

/** Runs with the monotonic clock: a corrected wall clock makes no key older or younger. */
const monotonicNow = () => Math.round(performance.timeOrigin + performance.now())

/**
 * A fetch at time t makes the keys *fresh* until t + `refreshSeconds`, when the background fetches them again. If that
 * fails, they are *stale* and go on serving until t + `refreshSeconds` + `staleSeconds` (20 minutes by default).
 *
 * Fetches happen one at a time: in the background (refresh, and retries whose pauses double), and for a request only
 * where it finds no keys (at most one in `retrySeconds`) or an unknown kid (at most one in `cooldownSeconds`; while
 * fetches fail, one in `retrySeconds`).
 */
export function keepKeys({
  fetch = globalThis.fetch,
  now = monotonicNow,
  log,
  limits,
  ...options
}: KeptKeysOptions): KeptKeys {
  const url = parseKeysUrl(options.url)
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
  let timer: NodeJS.Timeout | undefined
  let started = false

  function usable(): LocalJWKSet | null {
    const servesFor = (limits.refreshSeconds + limits.staleSeconds) * 1_000
    return fetchedAt !== null && now() < fetchedAt + servesFor ? keys : null
  }

  /** One fetch, or the one in flight. */
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
    if (fetchedAt === null || failures > 0)
      log?.info({ keys: fetched.keys.length, failures }, "the issuer's keys are fetched")
    if (fetched.dropped > 0)
      log?.warn({ dropped: fetched.dropped }, "the issuer's key set holds keys that cannot be used")
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

  async function fetchOnDemand(): Promise<void> {
    if (inFlight === null && now() - startedAt < limits.retrySeconds * 1_000) return
    await refresh()
  }

  async function coolDown(): Promise<void> {
    const pause = askedForUnknownKidAt + limits.cooldownSeconds * 1_000 - now()
    // A rejection is the end of the key set, which waits for nobody.
    if (pause > 0) await delay(pause, undefined, { signal: closing.signal, ref: false }).catch(() => {})
    // It began before those who wait came, and may know less than the issuer does by now.
    await inFlight
  }

  return {
    start() {
      started = true
      void refresh()
    },
    usable,
    fetchOnDemand,
    async fetchFirstKeys() {
      const joined = inFlight !== null
      await fetchOnDemand()
      if (joined && usable() === null) await fetchOnDemand()
    },
    fetchForUnknownKid() {
      nextForUnknownKid ??= coolDown().then(() => {
        nextForUnknownKid = null
        askedForUnknownKidAt = now()
        return refresh()
      })
      return nextForUnknownKid
    },
    lastFailure: () => lastFailure,
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
