import { LRUCache } from 'lru-cache'
import { GatewayError } from '../domain/errors.ts'

/**
 * How long an answer of the registry counts, from before it was asked for: a block takes effect after 5 s at the
 * latest.
 */
const secondsAtMost = 5

/**
 * How long a request waits for an answer, so that one which can be refused without it is refused soon while the
 * database is frozen.
 */
const waitSecondsAtMost = 2

export interface RecentAnswersOptions<Question, Answer> {
  readonly lookUp: (question: Question) => Promise<Answer>
  /** Questions with the same key have the same answer. Not the question itself where that is a secret. */
  readonly keyOf: (question: Question) => string
  readonly entriesAtMost?: number
  /** Milliseconds of a clock that is never set back. */
  readonly now?: (() => number) | undefined
}

/**
 * Answers that are remembered for a few seconds, "no" as well as "yes", the latest ones of as many as there is room
 * for.
 */
export interface RecentAnswers<Question, Answer extends {}> {
  /** The answer that is remembered, if any. */
  recall(question: Question): Answer | undefined
  /**
   * The answer: at once, without a promise, where it is remembered, else by the lookup in flight or a new one.
   * @throws what the lookup throws; GatewayError `unavailable` where it takes too long
   */
  ask(question: Question): Answer | Promise<Answer>
}

/** Remembers what `lookUp` answers, and asks the same question once at a time. */
export function createRecentAnswers<Question, Answer extends {}>(
  options: RecentAnswersOptions<Question, Answer>,
): RecentAnswers<Question, Answer> {
  const { lookUp, keyOf, entriesAtMost = 10_000, now = () => performance.now() } = options
  const remembered = new LRUCache<string, { readonly answer: Answer; readonly until: number }>({ max: entriesAtMost })
  const inFlight = new Map<string, Promise<Answer>>()

  function recall(key: string): Answer | undefined {
    const entry = remembered.get(key)
    return entry !== undefined && now() < entry.until ? entry.answer : undefined
  }

  async function find(key: string, question: Question): Promise<Answer> {
    const until = now() + secondsAtMost * 1_000
    const answer = await lookUp(question)
    if (now() >= until) throw tooLate()
    remembered.set(key, { answer, until })
    return answer
  }

  return {
    recall: (question) => recall(keyOf(question)),
    ask(question) {
      const key = keyOf(question)
      const known = recall(key)
      if (known !== undefined) return known
      const found = inFlight.get(key) ?? find(key, question).finally(() => inFlight.delete(key))
      inFlight.set(key, found)
      return soon(found)
    },
  }
}

const tooLate = () =>
  new GatewayError('unavailable', { retryAfter: 1 }, new Error('the registry took too long to answer'))

/**
 * @throws GatewayError `unavailable` where the answer is not there in time; it may still come, for those who ask later
 */
async function soon<Answer>(answer: Promise<Answer>): Promise<Answer> {
  const { promise: end, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(tooLate()), waitSecondsAtMost * 1_000)
  try {
    return await Promise.race([answer, end])
  } finally {
    clearTimeout(timer)
  }
}
