import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { type EventLoopWatch, watchEventLoop } from '../../src/server/event-loop.ts'

let watch: EventLoopWatch
afterEach(() => watch.close())

/** Keeps the event loop from everything else. */
function occupy(milliseconds: number): void {
  const until = performance.now() + milliseconds
  while (performance.now() < until);
}

/** Occupies the loop again and again until the watch says so, or for long enough to be sure that it never will. */
async function noticesOverload(turnMs: number, turns: number): Promise<boolean> {
  for (let turn = 0; turn < turns; turn++) {
    occupy(turnMs)
    await delay(1)
    if (watch.isOverloaded()) return true
  }
  return false
}

test('a loop that stays behind is overloaded until it has caught up', async () => {
  watch = watchEventLoop(50)
  expect(watch.isOverloaded()).toBe(false)
  expect(await noticesOverload(120, 10)).toBe(true)
  await vi.waitFor(() => expect(watch.isOverloaded()).toBe(false), { timeout: 30_000, interval: 5 })
})

test('a loop that never rests is busy until it rests', async () => {
  watch = watchEventLoop(0)
  expect(watch.isBusy()).toBe(false)
  const until = performance.now() + 5_000
  while (!watch.isBusy() && performance.now() < until) await new Promise(setImmediate)
  expect(watch.isBusy()).toBe(true)
  await vi.waitFor(() => expect(watch.isBusy()).toBe(false), { timeout: 30_000, interval: 50 })
})

test('a loop that takes one short rest is as busy as before', async () => {
  watch = watchEventLoop(0)
  const until = performance.now() + 1_000
  while (performance.now() < until) {
    occupy(5)
    await new Promise(setImmediate)
  }
  expect(watch.isBusy()).toBe(true)
  await delay(15)
  occupy(30)
  await delay(1)
  expect(watch.isBusy()).toBe(true)
})

test('one long turn does not count as overload', async () => {
  watch = watchEventLoop(400)
  occupy(700)
  await delay(1)
  expect(watch.isOverloaded()).toBe(false)
})

test('with a limit of 0 the loop is never overloaded', async () => {
  watch = watchEventLoop(0)
  expect(await noticesOverload(60, 6)).toBe(false)
})
