import type { Log } from '../observability/log.ts'

/** One line of the log in this time says that something fails. */
const complainEveryMs = 60_000

/** The name of an error. Its message may hold a value of the database. */
export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown')

/** Makes the function that logs the reason of a failure. @returns whether it did so, and not only a moment ago */
export function createComplaint(log: Log, message: string): (reason: string) => boolean {
  let complainedAt = Number.NEGATIVE_INFINITY
  return (reason) => {
    if (performance.now() - complainedAt < complainEveryMs) return false
    complainedAt = performance.now()
    log.warn({ reason }, message)
    return true
  }
}
