import type { Allowance } from '../domain/write-limit.ts'

/** The headers of draft-ietf-httpapi-ratelimit-headers-11: one policy, with the name of the limit. */
export const rateLimitHeaders = ({ limit, quota, windowSeconds, remaining, resetSeconds }: Allowance) => ({
  'ratelimit-policy': `"${limit}";q=${quota};w=${windowSeconds}`,
  ratelimit: `"${limit}";r=${remaining};t=${resetSeconds}`,
})
