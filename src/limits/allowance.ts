import { GatewayError } from '../domain/errors.ts'
import type { Allowance } from '../domain/write-limit.ts'
import type { Count } from './counter.ts'

/**
 * Makes the function that compares a count with a limit.
 * @throws GatewayError `tooManyRequests` from the returned function, for each count above the quota
 */
export function allowanceOf(
  limit: Allowance['limit'],
  quota: number,
  windowSeconds: number,
): (count: Count) => Allowance {
  return ({ times, endsIn }) => {
    const resetSeconds = Math.max(1, Math.ceil(endsIn / 1_000))
    const allowance = { limit, quota, windowSeconds, remaining: Math.max(0, quota - times), resetSeconds }
    if (times > quota) throw new GatewayError('tooManyRequests', { retryAfter: resetSeconds, allowance })
    return allowance
  }
}
