import { setTimeout as delay } from 'node:timers/promises'
import { createLocalJWKSet, type LocalJWKSet } from 'jose'
import type { Log } from '../observability/log.ts'
import { fetchKeys, parseKeysUrl } from './fetch-keys.ts'
import type { ImportedKeys } from './import-keys.ts'
import type { KeySetLimits } from './key-set-limits.ts'

/** The state of an issuer's keys. */
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

export interface KeptKeysOptions {
  /** Address of the issuer's JWK set. */
  readonly url: string | URL
  readonly fetch?: typeof globalThis.fetch
  /** Milliseconds since 1970. */
  readonly now?: () => number
  readonly log?: Log
  readonly limits: KeySetLimits
}

/** The keys of one fetch. */
export interface FetchedKeys {
  readonly set: LocalJWKSet
  /** The number of the fetch, from 1 since the start. */
  readonly fetch: number
}

/** The last fetched keys of an issuer, and the fetches that renew them. No method rejects. */
export interface KeptKeys {
  /** Begins to fetch in the background, and returns at once. */
  start(): void
  /** The keys, fresh or stale; null: there are none, or they are too old. */
  usable(): FetchedKeys | null
  /** How many fetches have begun since the start. */
  fetchesBegun(): number
  /** Waits for the fetch in flight, and for one more if that one brings no keys. Call it without keys. */
  fetchFirstKeys(): Promise<void>
  /**
   * Waits for a fetch that is not among the first `begunBefore`: the one in flight, or the next one after the
   * cool-down. All callers share that one. While fetches fail, it does not wait for one before the pause of
   * `retrySeconds`.
   */
  fetchAnew(begunBefore: number): Promise<void>
  /** The error of the last fetch; undefined after a success. */
  lastFailure(): unknown
  state(): KeySetState
  /** Ends timers and the fetch in flight. The requests that still run can use the fetched keys. */
  close(): void
}

/** The monotonic clock: a correction of the wall clock makes no key older or younger. */
const monotonicNow = () => Math.round(performance.timeOrigin + performance.now())

/**
 * A fetch at time t makes the keys *fresh* until t + `refreshSeconds`, when the background fetches them again. If that
 * fails, they are *stale* and go on serving until t + `refreshSeconds` + `staleSeconds` (20 minutes by default).
 *
 * Fetches happen one at a time. The background refreshes, and retries with pauses that double. A request causes a fetch
 * in two cases only. It finds no keys: at most one fetch in `retrySeconds`. Its token fits no kept key: at most one in
 * `cooldownSeconds`, or in `retrySeconds` while fetches fail.
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
  let keys: FetchedKeys | null = null
  let fetchesBegun = 0
  let fetchedAt: number | null = null
  let startedAt = Number.NEGATIVE_INFINITY
  let failures = 0
  let failedFetches = 0
  let lastFailure: unknown
  let inFlight: Promise<void> | null = null
  let nextAnew: Promise<void> | null = null
  let fetchedAnewAt = Number.NEGATIVE_INFINITY
  let dropped = '[]'
  let timer: NodeJS.Timeout | undefined
  let started = false

  function usable(): FetchedKeys | null {
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
    fetchesBegun += 1
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

  function accept(fetched: ImportedKeys): void {
    keys = { set: createLocalJWKSet({ keys: [...fetched.keys] }), fetch: fetchesBegun }
    if (fetchedAt === null || failures > 0)
      log?.info({ keys: fetched.keys.length, failures }, "the issuer's keys are fetched")
    // The log gets one line for each set, because a flood of bad tokens causes a fetch every second.
    const droppedNow = JSON.stringify(fetched.dropped)
    if (fetched.dropped.length > 0 && droppedNow !== dropped)
      log?.warn({ dropped: fetched.dropped }, "the issuer's key set holds keys that cannot be used")
    dropped = droppedNow
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
    const pause = fetchedAnewAt + limits.cooldownSeconds * 1_000 - now()
    // The delay rejects when the key set closes. Then no request has to wait.
    if (pause > 0) await delay(pause, undefined, { signal: closing.signal, ref: false }).catch(() => {})
    // The fetch in flight began before the waiting requests came, and the issuer may have other keys by now.
    await inFlight
  }

  return {
    start() {
      started = true
      void refresh()
    },
    usable,
    fetchesBegun: () => fetchesBegun,
    async fetchFirstKeys() {
      if (inFlight !== null) await inFlight
      if (usable() === null) await fetchOnDemand()
    },
    async fetchAnew(begunBefore) {
      if (inFlight !== null && fetchesBegun > begunBefore) return await inFlight
      if (failures > 0) await inFlight
      if (failures > 0) return await fetchOnDemand()
      nextAnew ??= coolDown().then(() => {
        nextAnew = null
        fetchedAnewAt = now()
        return refresh()
      })
      await nextAnew
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
