import { beforeEach, describe, expect, it } from 'vitest'
import { createRecentAnswers } from '../../src/auth/recent-answers.ts'
import { GatewayError } from '../../src/domain/errors.ts'

/** Milliseconds; the tests move it. */
let time: number
let asked: string[]
/** What is to be answered, by the test. */
let pending: PromiseWithResolvers<string>[]

beforeEach(() => {
  time = 1_000
  asked = []
  pending = []
})

/** Answers of which each is given when the test says so. */
function open(bounds: { readonly entriesAtMost?: number; readonly lengthAtMost?: number } = {}) {
  return createRecentAnswers<string, string>({
    keyOf: (question) => question.toLowerCase(),
    lookUp: (question) => {
      asked.push(question)
      const answer = Promise.withResolvers<string>()
      pending.push(answer)
      return answer.promise
    },
    now: () => time,
    ...bounds,
  })
}

describe('an answer', () => {
  it('equal questions at the same time make one lookup, and its answer is remembered without a promise', async () => {
    const answers = open()
    const waiting = [answers.ask('a'), answers.ask('A'), answers.ask('a')]
    pending[0]?.resolve('yes')
    expect(await Promise.all(waiting)).toEqual(['yes', 'yes', 'yes'])
    expect(answers.ask('a')).toBe('yes')
    expect(answers.recall('A')).toBe('yes')
    expect(asked).toEqual(['a'])
  })

  it('an answer counts for 4 s from the question, also if it came slowly', async () => {
    const answers = open()
    const waiting = answers.ask('a')
    time += 3_000
    pending[0]?.resolve('yes')
    await waiting
    time += 999
    expect(answers.ask('a')).toBe('yes')
    time += 1
    expect(answers.recall('a')).toBeUndefined()
    const again = answers.ask('a')
    pending[1]?.resolve('no')
    expect(await again).toBe('no')
    expect(asked).toEqual(['a', 'a'])
  })

  it('an answer that took 4 s does not count, since it may be out of date', async () => {
    const answers = open()
    const waiting = answers.ask('a')
    time += 4_000
    pending[0]?.resolve('yes')
    await expect(waiting).rejects.toMatchObject({ refusal: 'unavailable', details: { retryAfter: 1 } })
    expect(answers.recall('a')).toBeUndefined()
  })

  it('a request waits 2 s for an answer, and a later answer is remembered', async () => {
    const answers = open()
    const begin = performance.now()
    await expect(answers.ask('a')).rejects.toMatchObject({ refusal: 'unavailable', details: { retryAfter: 1 } })
    expect(performance.now() - begin).toBeGreaterThan(1_900)
    const waiting = answers.ask('a')
    pending[0]?.resolve('yes')
    expect(await waiting).toBe('yes')
    expect(answers.ask('a')).toBe('yes')
    expect(asked).toEqual(['a'])
  })

  it('a failed lookup fails for every waiting request, and is not remembered', async () => {
    const answers = open()
    const waiting = [answers.ask('a'), answers.ask('a')]
    const failure = new GatewayError('unavailable')
    pending[0]?.reject(failure)
    expect(await Promise.allSettled(waiting)).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
    ])
    const again = answers.ask('a')
    pending[1]?.resolve('yes')
    expect(await again).toBe('yes')
  })

  it('a full memory forgets the answer that was least recently used', async () => {
    const answers = open({ entriesAtMost: 2 })
    const remember = async (question: string) => {
      const waiting = answers.ask(question)
      pending.at(-1)?.resolve(`${question}!`)
      await waiting
    }
    await remember('a')
    await remember('b')
    answers.ask('a')
    await remember('c')
    expect(['a', 'b', 'c'].map(answers.recall)).toEqual(['a!', undefined, 'c!'])
  })

  it('keys and answers together have a greatest length', async () => {
    const answers = open({ lengthAtMost: 20 })
    const remember = async (question: string, answer: string) => {
      const waiting = answers.ask(question)
      pending.at(-1)?.resolve(answer)
      expect(await waiting).toBe(answer)
    }
    await remember('a', 'yes')
    await remember('b', 'yes')
    await remember('c', 'x'.repeat(8))
    await remember('d'.repeat(30), 'yes')
    expect(['a', 'b', 'c', 'd'.repeat(30)].map(answers.recall)).toEqual([undefined, 'yes', 'xxxxxxxx', undefined])
  })
})
