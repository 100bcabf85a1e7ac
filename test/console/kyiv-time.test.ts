import { describe, expect, test } from 'vitest'
import { clockInKyiv, momentInKyiv } from '../../src/console/parts/kyiv-time.ts'

describe('the clocks in Kyiv', () => {
  test.each([
    ['in winter', '2026-11-27T18:30', '2026-11-27T16:30:00.000Z'],
    ['in summer', '2026-07-01T00:30', '2026-06-30T21:30:00.000Z'],
    ['just before they skip an hour', '2026-03-29T02:59', '2026-03-29T00:59:00.000Z'],
    ['just after they have skipped an hour', '2026-03-29T04:00', '2026-03-29T01:00:00.000Z'],
    ['just before an hour that they show twice', '2026-10-25T02:59', '2026-10-24T23:59:00.000Z'],
    ['just after an hour that they show twice', '2026-10-25T04:00', '2026-10-25T02:00:00.000Z'],
  ])('show a moment, and the time leads back to it: %s', (_, shown, moment) => {
    expect(clockInKyiv(new Date(moment))).toBe(shown)
    expect(momentInKyiv(shown)?.toISOString()).toBe(moment)
  })

  test('show a time twice in autumn: the first moment counts, so that a range loses nothing', () => {
    expect(momentInKyiv('2026-10-25T03:30')?.toISOString()).toBe('2026-10-25T00:30:00.000Z')
  })

  test('skip a time in spring: it is read as if they had not been changed yet', () => {
    expect(momentInKyiv('2026-03-29T03:30')?.toISOString()).toBe('2026-03-29T01:30:00.000Z')
  })

  test.each(['', '2026-11-27', 'yesterday', '2026-13-01T00:00'])('read %j as no time', (text) => {
    expect(momentInKyiv(text)).toBeNull()
  })
})
