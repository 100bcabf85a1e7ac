import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AttemptOutcome,
  deliveryAfterFailure,
  type EndpointHealth,
  endpointAfter,
  healthy,
} from '../../src/domain/event-endpoint.ts'
import { attemptsAtMost, retrySteps, secondsOfRetryAfter, waitBeforeAttempt } from '../../src/domain/event-retries.ts'

const now = new Date('2026-11-27T12:00:00Z')
const middle = { now, random: 0.5 }
const failed: AttemptOutcome = { kind: 'failed', retryAfter: null }
const secondsUntil = (date: Date | null | undefined) => (date == null ? null : (date.getTime() - now.getTime()) / 1_000)

describe('the schedule of attempts', () => {
  test('has ten attempts within 75 to 76 hours', () => {
    const hours = retrySteps.reduce((sum, step) => sum + step, 0) / 3_600
    expect([attemptsAtMost, Math.floor(hours)]).toEqual([10, 75])
  })

  test('makes each wait up to a fifth longer or shorter, and never negative', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), fc.double({ min: 0, max: 1, noNaN: true }), (made, random) => {
        const step = (retrySteps[Math.min(made, 9)] ?? 0) * 1_000
        const wait = waitBeforeAttempt(made, random)
        return wait >= Math.floor(step * 0.8) && wait <= Math.ceil(step * 1.2)
      }),
    )
    expect([waitBeforeAttempt(1, 0), waitBeforeAttempt(1, 1)]).toEqual([4_000, 6_000])
  })

  test.each([
    ['a longer time counts', 60, 60_000],
    ['a shorter time does not', 1, 5_000],
    ['more than a day counts as a day', 10 ** 9, 86_400_000],
  ])('obeys Retry-After: %s', (_case, retryAfter, expected) => {
    expect(waitBeforeAttempt(1, 0.5, retryAfter)).toBe(expected)
  })
})

describe('Retry-After', () => {
  test.each([
    ['120', 120],
    [' 120 ', 120],
    ['0', 0],
    ['Fri, 27 Nov 2026 12:02:00 GMT', 120],
    ['Fri, 27 Nov 2026 11:00:00 GMT', null],
    ['-1', null],
    ['1.5', null],
    ['2027', 2027],
    ['2027-01', null],
    ['soon', null],
    ['9999999999', null],
    [undefined, null],
  ])('%j is %j seconds', (header, expected) => expect(secondsOfRetryAfter(header, now)).toBe(expected))
})

describe('a delivery', () => {
  test('waits for its next attempt, and is dead after the tenth', () => {
    const verdicts = Array.from({ length: 10 }, (_, index) => deliveryAfterFailure(index + 1, null, middle))
    expect(verdicts.map((verdict) => (verdict.state === 'DEAD' ? null : secondsUntil(verdict.nextAttemptAt)))).toEqual([
      ...retrySteps.slice(1),
      null,
    ])
  })
})

describe('an endpoint', () => {
  const healthAfter = (outcomes: readonly (readonly [AttemptOutcome, boolean])[], from: EndpointHealth = healthy) =>
    outcomes.reduce((health, [outcome, wasProbe]) => endpointAfter(health, outcome, wasProbe, middle).health, from)
  const fails = (times: number, wasProbe = false) => Array.from({ length: times }, () => [failed, wasProbe] as const)

  test('stays open until its fifth failure in a row, and is probed after 5 s then', () => {
    expect(healthAfter(fails(4))).toEqual({ failures: 4, probes: 0, failingSince: now, closedUntil: null })
    expect(secondsUntil(healthAfter(fails(5)).closedUntil)).toBe(5)
  })

  test('is open and without failures after one success', () => {
    expect(healthAfter([...fails(5), [{ kind: 'delivered' }, true]])).toEqual(healthy)
  })

  test('is probed at the steps of the schedule, at last once a day', () => {
    const closed = healthAfter(fails(5))
    const waits = Array.from({ length: 10 }, (_, probes) =>
      secondsUntil(healthAfter(fails(probes, true), closed).closedUntil),
    )
    expect(waits).toEqual([...retrySteps.slice(1), 86_400])
  })

  test('waits no longer for attempts that began before it was closed', () => {
    const closed = healthAfter(fails(5))
    const late = healthAfter(fails(8), closed)
    expect([late.closedUntil, late.probes, late.failures]).toEqual([closed.closedUntil, closed.probes, 13])
  })

  test('is closed at once for the time that it asks for', () => {
    const health = healthAfter([[{ kind: 'failed', retryAfter: 90 }, false]])
    expect([health.failures, secondsUntil(health.closedUntil)]).toEqual([1, 90])
  })

  test('is switched off at once by 410, and after five days of failures', () => {
    const since = (ms: number) => ({ ...healthy, failures: 9, probes: 3, failingSince: new Date(now.getTime() - ms) })
    const day = 86_400_000
    expect(endpointAfter(healthy, { kind: 'gone' }, false, middle).off).toBe('GONE')
    expect(endpointAfter(since(5 * day - 1), failed, true, middle).off).toBe(null)
    expect(endpointAfter(since(5 * day), failed, true, middle).off).toBe('FAILING')
    expect(endpointAfter(since(9 * day), { kind: 'delivered' }, true, middle).off).toBe(null)
  })

  test('keeps the time of its first failure, whatever follows', () => {
    const step = fc.record({
      ms: fc.integer({ min: 1, max: 86_400_000 }),
      isDelivered: fc.boolean(),
      wasProbe: fc.boolean(),
      retryAfter: fc.option(fc.integer({ min: 0, max: 100_000 })),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let health: EndpointHealth = healthy
        let time = now.getTime()
        let first: number | null = null
        for (const { ms, isDelivered, wasProbe, retryAfter } of steps) {
          time += ms
          const outcome: AttemptOutcome = isDelivered ? { kind: 'delivered' } : { kind: 'failed', retryAfter }
          health = endpointAfter(health, outcome, wasProbe, { now: new Date(time), random: 0.5 }).health
          first = isDelivered ? null : (first ?? time)
          expect(health.failingSince?.getTime() ?? null).toBe(first)
          expect(health.failures === 0).toBe(first === null)
          expect(health.failures >= 5 && health.closedUntil === null).toBe(false)
        }
      }),
    )
  })
})
