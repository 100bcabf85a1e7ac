/** In seconds, but the last two. */
export interface KeySetLimits {
  /** Age at which the keys are fetched again in the background. */
  readonly refreshSeconds: number
  /** How much longer than `refreshSeconds` keys go on serving while they cannot be fetched. */
  readonly staleSeconds: number
  /** Least time between two fetches for unknown kids, and so the longest that one waits for its fetch to begin. */
  readonly cooldownSeconds: number
  /**
   * First pause after a failed fetch, doubled by each further one; also the least time between two fetches for requests
   * while there are no keys or fetches fail.
   */
  readonly retrySeconds: number
  /** Longest pause of the background while older keys still serve. */
  readonly retryAtMostSeconds: number
  /**
   * Longest pause of the background while there are no keys: 5 s after its issuer is back, the gateway serves again.
   */
  readonly retryWithoutKeysAtMostSeconds: number
  /** Bounds one fetch, and the time that a request waits for one. */
  readonly timeoutSeconds: number
  readonly bytesAtMost: number
  /** How many tokens with an unknown kid may wait for a fetch at a time; one more is refused at once. */
  readonly unknownKidsWaitingAtMost: number
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
  unknownKidsWaitingAtMost: 1_000,
}
