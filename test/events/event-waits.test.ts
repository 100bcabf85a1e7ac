import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createEventWaits } from '../../src/events/event-waits.ts'

const turns = { enter: () => undefined, leave: () => {} }
const signal = new AbortController().signal
const wait = (index: number, ms: number) => ({ subscriptionId: `s${index}`, clientId: `c${index}`, ms, signal })

test('many waits share one look into the database, about twice a second', async () => {
  const looks: (readonly string[])[] = []
  const { wait: begin } = createEventWaits({
    turns,
    async ready(ids) {
      looks.push(ids)
      return looks.length === 3 ? ['s7', 's8'] : []
    },
  })
  const ended: string[] = []
  const all = Array.from({ length: 200 }, async (_, index) => ended.push(`${index} ${await begin(wait(index, 2_500))}`))
  await Promise.all(all)
  expect(ended.slice(0, 2)).toEqual(['7 ready', '8 ready'])
  expect(ended.filter((text) => text.endsWith('over'))).toHaveLength(198)
  expect(looks[0]).toHaveLength(200)
  expect(looks.length).toBeLessThanOrEqual(11)
  const before = looks.length
  await delay(1_600)
  // Nobody waits any more, so nobody looks.
  expect(looks).toHaveLength(before)
})

test('a process has 500 places, and a client 10', async () => {
  const waits = createEventWaits({ ready: async () => [], turns })
  const ofClient = Array.from({ length: 10 }, () => waits.wait(wait(0, 5_000)))
  await expect(waits.wait(wait(0, 5_000))).rejects.toMatchObject({ refusal: 'tooManyWaits' })
  const others = Array.from({ length: 490 }, (_, index) => waits.wait(wait(index + 1, 5_000)))
  await expect(waits.wait(wait(999, 5_000))).rejects.toMatchObject({
    refusal: 'unavailable',
    details: { retryAfter: 5 },
  })
  waits.stop()
  expect(new Set(await Promise.all([...ofClient, ...others]))).toEqual(new Set(['over']))
})

test('a wait that begins after the stop is short, so that a client does not ask again and again', async () => {
  const waits = createEventWaits({ ready: async () => [], turns })
  waits.stop()
  const startedAt = performance.now()
  expect(await waits.wait(wait(1, 30_000))).toBe('over')
  const ms = performance.now() - startedAt
  expect([ms > 900, ms < 5_000]).toEqual([true, true])
})

test('a caller that has left already takes no place', async () => {
  const waits = createEventWaits({ ready: async () => [], turns })
  expect(await waits.wait({ ...wait(1, 30_000), signal: AbortSignal.abort() })).toBe('over')
})

test('a failure of long ago is not the answer of a new wait', async () => {
  let isAway = true
  const waits = createEventWaits({
    turns,
    async ready() {
      if (isAway) throw new Error('the database is away')
      return []
    },
  })
  await expect(waits.wait(wait(1, 1_000))).rejects.toThrow('the database is away')
  isAway = false
  expect(await waits.wait(wait(1, 10))).toBe('over')
})

test('a database that does not answer a look is no answer of a wait', async () => {
  const waits = createEventWaits({ ready: () => new Promise(() => {}), turns })
  await expect(waits.wait(wait(1, 3_500))).rejects.toMatchObject({ refusal: 'unavailable' })
})
