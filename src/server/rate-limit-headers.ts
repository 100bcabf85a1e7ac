import type { Allowance } from '../domain/write-limit.ts'

/**
 * Where a caller stands within a limit, as in draft-ietf-httpapi-ratelimit-headers-11: one policy, named after the
 * limit.
 */
export const rateLimitHeaders = ({ limit, quota, windowSeconds, remaining, resetSeconds }: Allowance) => ({
  'ratelimit-policy': `"${limit}";q=${quota};w=${windowSeconds}`,
  ratelimit: `"${limit}";r=${remaining};t=${resetSeconds}`,
})
