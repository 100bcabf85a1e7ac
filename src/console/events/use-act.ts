import { useSignal } from '@preact/signals'
import { type Answer, ask } from '../answers/ask.ts'

/** A write at the gateway, one at a time. A second click, or Enter twice, sends nothing. */
export function useAct() {
  const isBusy = useSignal(false)
  const failed = useSignal<Answer<unknown> | null>(null)

  /** Sends a document. It hands the data over only if nothing was refused. */
  async function act<Data, Variables>(
    document: Parameters<typeof ask<Data, Variables>>[0],
    variables: Variables,
    onDone: (data: Data) => void,
  ): Promise<void> {
    if (isBusy.value) return
    isBusy.value = true
    failed.value = null
    const answer = await ask(document, variables)
    isBusy.value = false
    if (answer.data !== null && answer.failures.length === 0) onDone(answer.data)
    else failed.value = answer
  }

  return { act, isBusy, failed }
}
