/** All in seconds, but the last. */
export interface KeySetLimits {
  /** Age at which the keys are fetched again in the background. */
  readonly refreshSeconds: number
  /** How much longer than `refreshSeconds` keys go on serving while they cannot be fetched. */
  readonly staleSeconds: number
  /** After a success, an unknown kid leads to no new fetch for so long. */
  readonly cooldownSeconds: number
  /** First pause after a failed fetch, doubled by each further one; also the least time between two fetches asked for by requests. */
  readonly retrySeconds: number
  /** Longest pause of the background while older keys still serve. */
  readonly retryAtMostSeconds: number
  /** Longest pause of the background while there are no keys: 5 s after its issuer is back, the gateway serves again. */
  readonly retryWithoutKeysAtMostSeconds: number
  /** Bounds one fetch, and the time that a request waits for one. */
  readonly timeoutSeconds: number
  readonly bytesAtMost: number
}

export const defaultLimits: KeySetLimits = {
  refreshSeconds: 600,
  staleSeconds: 600,
  cooldownSeconds: 30,
  retrySeconds: 1,
  retryAtMostSeconds: 30,
  retryWithoutKeysAtMostSeconds: 4,
  timeoutSeconds: 5,
  bytesAtMost: 256 * 1_024,
}
