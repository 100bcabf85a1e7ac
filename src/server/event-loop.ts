/** How often the loop is asked. */
const everyMs = 20

/** As many answers in a row have to be late. One is a collection of garbage or a large document, and gone when it is noticed. */
const inARow = 3

/** Watches whether this process keeps up with its work. */
export interface EventLoopWatch {
  /** Whether the loop stays behind by more than the limit, and not for a moment only. Costs a comparison. */
  isOverloaded(): boolean
  close(): void
}

/**
 * Measures how late a timer comes. Not Node's own histogram (`monitorEventLoopDelay`, which @fastify/under-pressure reads once a second):
 * overload has to be noticed, and its end even more so, within a turn of the loop. Whoever sheds for a second after each busy one
 * serves half of what it could.
 * @param delayMaxMs 0: never overloaded
 */
export function watchEventLoop(delayMaxMs: number): EventLoopWatch {
  if (delayMaxMs === 0) return { isOverloaded: () => false, close() {} }
  let late = 0
  let due = performance.now() + everyMs
  const timer = setInterval(() => {
    const now = performance.now()
    late = now - due > delayMaxMs ? late + 1 : 0
    due = now + everyMs
  }, everyMs)
  timer.unref()
  return { isOverloaded: () => late >= inARow, close: () => clearInterval(timer) }
}
