// Node exports `eventLoopUtilization` by itself only from 24.12 on; the older Node versions have this object.
import { performance } from 'node:perf_hooks'

/** The time between two measurements. */
const everyMs = 20

/** Share of busy time above which the loop counts as busy. */
const busyShare = 0.75

/**
 * The weight of a new measurement in the running mean. The mean rises fast, so that the gateway notices overload before
 * many requests wait. It falls slowly, because the loop also idles while another process has the processor.
 */
const weightOf = { rise: 0.5, fall: 0.2 }

/** How many late timers in a row count as overload. A garbage collection or one large document makes only one late. */
const inARow = 3

/** Watches whether this process keeps up with its work. Both questions only read a number. */
export interface EventLoopWatch {
  /** Whether the loop has been busy for most of the last measurements. */
  isBusy(): boolean
  /** Whether several timers in a row were later than the limit. */
  isOverloaded(): boolean
  close(): void
}

/**
 * Measures how late a timer comes, and the busy share of the time between two timers. `@fastify/under-pressure` reads
 * Node's histogram (`monitorEventLoopDelay`) once a second, which is too slow. A gateway that refuses for a whole
 * second after each busy second serves only half of the requests that it could.
 * @param delayMaxMs lateness of a timer that counts as overload; 0: the loop never counts as overloaded
 */
export function watchEventLoop(delayMaxMs: number): EventLoopWatch {
  let late = 0
  let busy = 0
  let expectedAt = performance.now() + everyMs
  let utilization = performance.eventLoopUtilization()
  const timer = setInterval(() => {
    const now = performance.now()
    late = delayMaxMs > 0 && now - expectedAt > delayMaxMs ? late + 1 : 0
    expectedAt = now + everyMs
    const since = performance.eventLoopUtilization()
    const change = performance.eventLoopUtilization(since, utilization).utilization - busy
    busy += change * (change > 0 ? weightOf.rise : weightOf.fall)
    utilization = since
  }, everyMs)
  timer.unref()
  return { isBusy: () => busy > busyShare, isOverloaded: () => late >= inARow, close: () => clearInterval(timer) }
}
