// By its older name: the function itself is exported from Node 24.12 on.
import { performance } from 'node:perf_hooks'

/** How often the loop is asked. */
const everyMs = 20

/** Share of the time in which there was something to do, from which on there is next to no time for anything else. */
const busyShare = 0.75

/**
 * How much of the mean a new look is. A storm has to be noticed before it has piled up what takes longer to clear away;
 * and during one the loop still rests now and then, when the processor is somebody else's: whoever took such a rest for
 * leisure would spend the next moments on refusals in full.
 */
const weightOf = { rise: 0.5, fall: 0.2 }

/**
 * As many looks in a row have to be late. One is a collection of garbage or a large document, and gone when it is
 * noticed.
 */
const inARow = 3

/** Watches whether this process keeps up with its work. Asking costs nothing. */
export interface EventLoopWatch {
  /** Whether the loop has had hardly any rest for a while. */
  isBusy(): boolean
  /** Whether it stays behind by more than the limit, and not for a moment only. */
  isOverloaded(): boolean
  close(): void
}

/**
 * Measures how late a timer comes, and how much of the time between was idle. Not Node's own histogram
 * (`monitorEventLoopDelay`, which
 * @fastify/under-pressure reads once a second): overload has to be noticed, and its end even more so, within a turn of the loop. Whoever
 * sheds for a second after each busy one serves half of what it could.
 * @param delayMaxMs 0: never overloaded
 */
export function watchEventLoop(delayMaxMs: number): EventLoopWatch {
  let late = 0
  let busy = 0
  let due = performance.now() + everyMs
  let utilization = performance.eventLoopUtilization()
  const timer = setInterval(() => {
    const now = performance.now()
    late = delayMaxMs > 0 && now - due > delayMaxMs ? late + 1 : 0
    due = now + everyMs
    const since = performance.eventLoopUtilization()
    const change = performance.eventLoopUtilization(since, utilization).utilization - busy
    busy += change * (change > 0 ? weightOf.rise : weightOf.fall)
    utilization = since
  }, everyMs)
  timer.unref()
  return { isBusy: () => busy > busyShare, isOverloaded: () => late >= inARow, close: () => clearInterval(timer) }
}
