const second = 1
const minute = 60 * second
const hour = 60 * minute

/**
 * Seconds before each attempt, as Standard Webhooks 1.0 recommends ("Deliverability and reliability"). The last attempt
 * begins about 75 hours after the first one.
 */
export const retrySteps = [
  0,
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
] as const

export const attemptsAtMost = retrySteps.length

const longestWait = 24 * hour

/** Attempts of many deliveries must not meet again: each wait is up to a fifth longer or shorter. */
const spread = 0.2

/**
 * Milliseconds until the next attempt.
 * @param made The number of attempts so far. Beyond the schedule its last step counts.
 * @param random A number from 0 to 1.
 * @param retryAfter Seconds that the endpoint asked for, of which a day counts at most. null: it asked for none.
 */
export function waitBeforeAttempt(made: number, random: number, retryAfter: number | null = null): number {
  const step = retrySteps[Math.min(made, attemptsAtMost - 1)] ?? longestWait
  const wait = step * (1 - spread + 2 * spread * random)
  return Math.round(1_000 * Math.max(wait, Math.min(retryAfter ?? 0, longestWait)))
}

/**
 * Seconds of a header `Retry-After` (RFC 9110 §10.2.3): a number of seconds or a date. null: neither, or a time that
 * has passed.
 */
export function secondsOfRetryAfter(header: string | undefined, now: Date): number | null {
  if (header === undefined) return null
  const text = header.trim()
  if (/^\d{1,9}$/.test(text)) return Number(text)
  // Without a letter, `Date.parse` would take a number for a year.
  const seconds = /[a-z]/i.test(text) ? Math.ceil((Date.parse(text) - now.getTime()) / 1_000) : Number.NaN
  return seconds > 0 ? seconds : null
}
