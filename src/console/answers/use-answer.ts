import { effect } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { TypedDocumentString } from '../../client/documents/graphql.ts'
import { session } from '../session/session.ts'
import { type Answer, ask } from './ask.ts'

/** An answer and whether a newer one is on its way. null: the first one is on its way. */
export interface AnswerState<Data> {
  readonly answer: Answer<Data> | null
  readonly isLoading: boolean
  /** Asks again, and keeps the present answer on the screen until then. */
  readonly reload: () => Promise<void>
}

interface Options {
  readonly keep?: boolean
  readonly again?: number
  readonly skip?: boolean
}

// Back shows the screen as it was at once, and then asks again. A reload of the page forgets everything.
const latest = new Map<string, Answer<unknown>>()
const keptAtMost = 40

// Another person may sign in next.
effect(() => {
  if (session.value.kind !== 'signed-in') latest.clear()
})

/**
 * Asks the gateway when the component appears and when the variables change.
 * @param options.keep while a page of another key loads, the present one stays: for lists
 * @param options.again asks anew whenever this number changes
 * @param options.skip asks nothing
 */
export function useAnswer<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  { keep = false, again = 0, skip = false }: Options = {},
): AnswerState<Data> {
  const key = `${document.__meta__?.['hash']} ${JSON.stringify(variables)}`
  const [shown, show] = useState<{ key: string; answer: Answer<Data> } | null>(null)
  const turn = useRef(0)

  async function load(): Promise<void> {
    const mine = ++turn.current
    const answer = await ask(document, variables)
    // An answer that a later question has overtaken may be older than what is shown.
    if (turn.current !== mine) return
    remember(key, answer)
    show({ key, answer })
  }
  useEffect(() => {
    if (!skip) void load()
    return () => {
      turn.current++
    }
  }, [key, again, skip])

  const current = shown?.key === key ? shown.answer : ((latest.get(key) as Answer<Data> | undefined) ?? null)
  const answer = current ?? (keep ? (shown?.answer ?? null) : null)
  return { answer, isLoading: !skip && shown?.key !== key, reload: load }
}

function remember(key: string, answer: Answer<unknown>): void {
  latest.delete(key)
  if (answer.failures.length === 0) latest.set(key, answer)
  const oldest = latest.keys().next().value
  if (latest.size > keptAtMost && oldest !== undefined) latest.delete(oldest)
}
