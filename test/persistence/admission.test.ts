import { describe, expect, test, vi } from 'vitest'
import { type AdmissionOptions, createAdmission } from '../../src/persistence/pool/admission.ts'

const admit = (more: Partial<AdmissionOptions> = {}) =>
  createAdmission({
    insideAtMost: 2,
    waitingAtMost: 2,
    waitAtMostMs: 10_000,
    pressure: { isBusy: () => false, isOverloaded: () => false },
    ...more,
  })

const shedBecause = (reason: string) => ({
  refusal: 'unavailable',
  details: { retryAfter: expect.toSatisfy((seconds: number) => [1, 2, 3].includes(seconds)) },
  cause: { name: 'Shed', reason },
})

function refusalOf(enter: () => unknown): unknown {
  try {
    enter()
  } catch (error) {
    return error
  }
  return expect.fail('it was let in')
}

describe('the admission to the database', () => {
  test('the admission accepts as many statements as there are connections, without a promise', () => {
    const admission = admit()
    expect([admission.enter(), admission.enter()]).toEqual([undefined, undefined])
    expect(admission.waiting()).toBe(0)
  })

  test('the admission queues the others and accepts them in order of arrival', async () => {
    const admission = admit({ insideAtMost: 1 })
    const order: string[] = []
    admission.enter()
    const [first, second] = ['first', 'second'].map((name) => admission.enter()?.then(() => order.push(name)))
    expect(admission.waiting()).toBe(2)

    admission.leave()
    await first
    expect(order).toEqual(['first'])
    expect(admission.waiting()).toBe(1)
    admission.leave()
    await second
    expect(order).toEqual(['first', 'second'])
    expect(admission.shed()).toEqual({ queue_full: 0, queue_timeout: 0, event_loop: 0 })
  })

  test('the admission refuses a statement at once if the queue is full', async () => {
    const admission = admit()
    const turns = Array.from({ length: 4 }, () => admission.enter())
    expect(refusalOf(admission.enter)).toMatchObject(shedBecause('queue_full'))
    expect(admission.shed()).toEqual({ queue_full: 1, queue_timeout: 0, event_loop: 0 })

    admission.leave()
    await turns[2]
    const waits = admission.enter()
    expect(waits).toBeInstanceOf(Promise)
  })

  test('the admission with a queue of 0 refuses every statement that would wait', () => {
    const admission = admit({ waitingAtMost: 0, insideAtMost: 1 })
    admission.enter()
    expect(refusalOf(admission.enter)).toMatchObject(shedBecause('queue_full'))
    admission.leave()
    expect(admission.enter()).toBeUndefined()
  })

  test('the admission refuses a statement after the longest wait and gives the place to another', async () => {
    const admission = admit({ insideAtMost: 1, waitAtMostMs: 30 })
    admission.enter()
    await expect(admission.enter()).rejects.toMatchObject(shedBecause('queue_timeout'))
    expect(admission.waiting()).toBe(0)

    admission.leave()
    expect(admission.enter()).toBeUndefined()
    expect(admission.shed()).toEqual({ queue_full: 0, queue_timeout: 1, event_loop: 0 })
  })

  test('the admission does not time out an accepted statement', async () => {
    const refused = vi.fn()
    const admission = admit({ insideAtMost: 1, waitAtMostMs: 30 })
    admission.enter()
    const turn = admission.enter()
    turn?.catch(refused)
    admission.leave()
    await turn
    await expect(admission.enter()).rejects.toMatchObject(shedBecause('queue_timeout'))
    expect(refused).not.toHaveBeenCalled()
  })

  test('the admission accepts no statement while the process is overloaded, and running ones go on', async () => {
    let overloaded = false
    const admission = admit({ insideAtMost: 1, pressure: { isBusy: () => false, isOverloaded: () => overloaded } })
    admission.enter()
    const turn = admission.enter()
    overloaded = true
    expect(refusalOf(admission.enter)).toMatchObject(shedBecause('event_loop'))
    admission.leave()
    await turn
    admission.leave()
    overloaded = false
    expect(admission.enter()).toBeUndefined()
    expect(admission.shed()).toEqual({ queue_full: 0, queue_timeout: 0, event_loop: 1 })
  })

  test('the early refusal hits only statements that would be refused, and only under overload', () => {
    let busy = true
    let overloaded = false
    const admission = admit({
      insideAtMost: 1,
      waitingAtMost: 1,
      pressure: { isBusy: () => busy, isOverloaded: () => overloaded },
    })
    expect(admission.refusalAhead()).toBeNull()
    admission.enter()
    expect(admission.refusalAhead()).toBeNull()
    void admission.enter()
    expect(admission.refusalAhead()).toMatchObject(shedBecause('queue_full'))
    busy = false
    expect(admission.refusalAhead()).toBeNull()
    overloaded = true
    expect(admission.refusalAhead()).toMatchObject(shedBecause('event_loop'))
    expect(admission.shed()).toEqual({ queue_full: 1, queue_timeout: 0, event_loop: 1 })
  })

  test('the number of places stays the same after many statements', async () => {
    const admission = admit({ insideAtMost: 3, waitingAtMost: 1_000 })
    let inside = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 500 }, async (_, number) => {
        await admission.enter()
        most = Math.max(most, ++inside)
        if (number % 3 === 0) await new Promise(setImmediate)
        inside -= 1
        admission.leave()
      }),
    )
    expect(most).toBe(3)
    expect([admission.enter(), admission.enter(), admission.enter()]).toEqual([undefined, undefined, undefined])
    expect(admission.enter()).toBeInstanceOf(Promise)
  })
})
