/** Limits of a key set; in seconds, except for the last two. */
export interface KeySetLimits {
  /** Age at which the keys are fetched again in the background. */
  readonly refreshSeconds: number
  /** How long keys still serve after `refreshSeconds` while fetches fail. */
  readonly staleSeconds: number
  /** Least time between two fetches for tokens that fit no kept key. It is also the longest wait for such a fetch. */
  readonly cooldownSeconds: number
  /**
   * First pause after a failed fetch; each further failure doubles it. Also the least time between two fetches for
   * requests while there are no keys or fetches fail.
   */
  readonly retrySeconds: number
  /** Longest pause of the background while older keys still serve. */
  readonly retryAtMostSeconds: number
  /** Longest pause of the background without keys: the gateway serves again 5 s after its issuer is back. */
  readonly retryWithoutKeysAtMostSeconds: number
  /** Bounds one fetch, and the time that a request waits for one. */
  readonly timeoutSeconds: number
  readonly bytesAtMost: number
  /** How many tokens that fit no kept key may wait for newer keys at a time; one more is refused at once. */
  readonly waitingAtMost: number
}

export const defaultLimits: KeySetLimits = {
  refreshSeconds: 600,
  staleSeconds: 600,
  cooldownSeconds: 1,
  retrySeconds: 1,
  retryAtMostSeconds: 30,
  retryWithoutKeysAtMostSeconds: 4,
  timeoutSeconds: 5,
  bytesAtMost: 256 * 1_024,
  waitingAtMost: 1_000,
}
