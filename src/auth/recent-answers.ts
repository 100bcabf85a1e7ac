import { LRUCache } from 'lru-cache'
import { GatewayError } from '../domain/errors.ts'

/**
 * How long an answer of the registry counts. The time begins before the question. An operation confirms a caller after
 * one more second (server/authentication.ts). So a block takes effect within 5 s.
 */
const secondsAtMost = 4

/** The longest wait of a request for an answer, so that the policy can refuse soon while the database hangs. */
const waitSecondsAtMost = 2

export interface RecentAnswersOptions<Question, Answer> {
  readonly lookUp: (question: Question) => Promise<Answer>
  /** Questions with the same key have the same answer. The key of a secret is not the secret itself. */
  readonly keyOf: (question: Question) => string
  readonly entriesAtMost?: number
  /** How many characters the remembered keys and answers may have together. Answers count as JSON. */
  readonly lengthAtMost?: number
  /** Milliseconds of a clock that is never set back. */
  readonly now?: (() => number) | undefined
}

/** Remembers answers for a few seconds, negative ones too. It keeps the latest ones, up to a fixed number. */
export interface RecentAnswers<Question, Answer extends {}> {
  /** The remembered answer, if any. */
  recall(question: Question): Answer | undefined
  /**
   * Returns a remembered answer without a promise. Otherwise it waits for the lookup in flight, or starts one.
   * @throws the error of the lookup; GatewayError `unavailable` if the lookup takes too long
   */
  ask(question: Question): Answer | Promise<Answer>
}

/** Remembers the answers of `lookUp`. It has one lookup in flight for each question. */
export function createRecentAnswers<Question, Answer extends {}>(
  options: RecentAnswersOptions<Question, Answer>,
): RecentAnswers<Question, Answer> {
  const { lookUp, keyOf, now = () => performance.now() } = options
  const { entriesAtMost = 10_000, lengthAtMost = 8_000_000 } = options
  const remembered = new LRUCache<string, { readonly answer: Answer; readonly until: number }>({
    max: entriesAtMost,
    maxSize: lengthAtMost,
    sizeCalculation: ({ answer }, key) => key.length + JSON.stringify(answer).length,
  })
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

/** @throws GatewayError `unavailable` if the answer is late. A later question may still get it. */
async function soon<Answer>(answer: Promise<Answer>): Promise<Answer> {
  const { promise: end, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(tooLate()), waitSecondsAtMost * 1_000)
  try {
    return await Promise.race([answer, end])
  } finally {
    clearTimeout(timer)
  }
}
