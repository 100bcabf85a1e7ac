import type { Caller } from './caller.ts'

/** The state of a caller's limit after the count of its write. */
export interface Allowance {
  readonly limit: 'write' | 'authentication'
  /** The number of writes that a window allows. */
  readonly quota: number
  readonly windowSeconds: number
  /** The number of writes that are left. */
  readonly remaining: number
  /** Whole seconds, at least 1, until the next window begins. */
  readonly resetSeconds: number
}

/**
 * Counts one write of a caller. It returns no promise if it need not ask another machine.
 * @throws GatewayError `tooManyRequests`
 */
export type WriteLimit = (caller: Caller) => Allowance | Promise<Allowance>
