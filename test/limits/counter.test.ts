import { expect, test } from 'vitest'
import { createLocalCounter } from '../../src/limits/counter.ts'

function counterAt(keysAtMost?: number) {
  const clock = { now: 1_000 }
  const counter = createLocalCounter({
    windowSeconds: 60,
    now: () => clock.now,
    ...(keysAtMost !== undefined && { keysAtMost }),
  })
  return { clock, counter }
}

test('a window begins with the first count and ends after its length', () => {
  const { clock, counter } = counterAt()
  expect(counter.count('a')).toEqual({ times: 1, endsIn: 60_000 })
  clock.now += 59_999
  expect(counter.count('a')).toEqual({ times: 2, endsIn: 1 })
  expect(counter.timesOf('a')).toBe(2)
  clock.now += 1
  expect(counter.timesOf('a')).toBe(0)
  expect(counter.count('a')).toEqual({ times: 1, endsIn: 60_000 })
})

test('keys are counted apart, and asking counts nothing', () => {
  const { counter } = counterAt()
  counter.count('a')
  counter.count('a')
  expect([counter.timesOf('a'), counter.timesOf('b'), counter.timesOf('b')]).toEqual([2, 0, 0])
  expect(counter.count('b')).toEqual({ times: 1, endsIn: 60_000 })
})

test('a remembered count is counted on from', () => {
  const { clock, counter } = counterAt()
  counter.remember('a', { times: 41, endsIn: 10_000 })
  clock.now += 4_000
  expect(counter.count('a')).toEqual({ times: 42, endsIn: 6_000 })
})

test('the counter keeps the latest keys, up to its bound', () => {
  const { counter } = counterAt(1_000)
  for (let number = 0; number < 100_000; number++) counter.count(`address ${number}`)
  expect(counter.timesOf('address 99000')).toBe(1)
  expect(counter.timesOf('address 98999')).toBe(0)
})

test('the keys together have a greatest length, and the counter forgets the oldest ones above it', () => {
  const counter = createLocalCounter({ windowSeconds: 60, lengthAtMost: 100, now: () => 0 })
  for (const key of ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)]) counter.count(key)
  expect(['a', 'b', 'c'].map((key) => counter.timesOf(key.repeat(40)))).toEqual([0, 1, 1])
})
