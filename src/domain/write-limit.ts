import type { Caller } from './caller.ts'

/** Where a caller stands within a limit, after having been counted. */
export interface Allowance {
  readonly limit: 'write' | 'authentication'
  /** How many are allowed in a window. */
  readonly quota: number
  readonly windowSeconds: number
  /** How many of them are left. */
  readonly remaining: number
  /** Whole seconds, at least 1, until the window ends and all of them are there again. */
  readonly resetSeconds: number
}

/**
 * Counts one write of a caller; at once where no other machine has to be asked.
 * @throws GatewayError `tooManyRequests`
 */
export type WriteLimit = (caller: Caller) => Allowance | Promise<Allowance>
