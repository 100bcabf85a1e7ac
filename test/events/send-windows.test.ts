import { expect, test } from 'vitest'
import { createSendWindows, firstWindow } from '../../src/events/send-windows.ts'

const attempts = (times: number, hasArrived: boolean, ms: number, windows = createSendWindows()) => {
  for (let count = 0; count < times; count++) {
    windows.begun('one')
    windows.ended('one', hasArrived, ms)
  }
  return windows
}
const freeOf = (windows: ReturnType<typeof createSendWindows>) => windows.free().get('one') ?? firstWindow

test.each([
  ['begins with four attempts', 0, true, 0, 4],
  ['grows by one with each quick success', 3, true, 10, 7],
  ['grows to 32 at most', 100, true, 10, 32],
  ['shrinks to one with a failure', 1, false, 10, 1],
  ['shrinks by half with each slow success', 1, true, 14_000, 2],
  ['never shrinks to nothing', 9, true, 14_000, 1],
] as const)('a window %s', (_what, times, hasArrived, ms, expected) => {
  expect(freeOf(attempts(times, hasArrived, ms))).toBe(expected)
})

test('a window has fewer places while attempts are under way, and none too many', () => {
  const windows = createSendWindows()
  for (let count = 0; count < 3; count++) windows.begun('one')
  expect(freeOf(windows)).toBe(1)
  windows.ended('one', false, 10)
  expect(freeOf(windows)).toBe(0)
})

test('a subscription that is as at first is forgotten', () => {
  expect(attempts(3, true, 10, attempts(1, false, 10)).free().size).toBe(0)
})

test('an instance remembers a thousand windows, those that were used last and those with attempts under way', () => {
  const windows = createSendWindows()
  const fail = (id: string) => {
    windows.begun(id)
    windows.ended(id, false, 10)
  }
  windows.begun('under way')
  for (let index = 0; index < 1_500; index++) {
    fail(`s${index}`)
    fail('used again and again')
  }
  const free = windows.free()
  expect([free.size, free.get('under way'), free.get('used again and again')]).toEqual([1_000, firstWindow - 1, 1])
  expect([free.has('s0'), free.has('s1499')]).toEqual([false, true])
})
