import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { ReplayEventsDocument, type ReplayEventsMutation } from '../../client/documents/graphql.ts'
import type { ReplayRange } from './replay-range.ts'
import { useAct } from './use-act.ts'

/** What a replay has done so far. */
export interface ReplayProgress {
  readonly range: ReplayRange
  readonly queued: number
  /** Where the next portion begins. null: everything is queued. */
  readonly after: string | null
}

/**
 * Replays a range in portions, one after the other, until nothing is left, a portion is refused, or the dialog closes.
 * After a refusal it can go on behind the last portion that was queued.
 * @param onQueued Called after each portion.
 */
export function useReplay(id: string, onQueued: (progress: ReplayProgress) => void) {
  const progress = useSignal<ReplayProgress | null>(null)
  const { act, isBusy, failed } = useAct()
  const isLeft = useRef(false)
  useEffect(
    () => () => {
      isLeft.current = true
    },
    [],
  )

  /** @returns whether there may be another portion */
  async function replayPortion({ range, queued, after }: ReplayProgress): Promise<boolean> {
    let portion: ReplayEventsMutation['replayEvents'] = null
    const input = { id, ...range, ...(after !== null && { after }) }
    await act(ReplayEventsDocument, { input }, ({ replayEvents }) => {
      portion = replayEvents
      if (replayEvents === null) return
      progress.value = { range, queued: queued + replayEvents.queued, after: replayEvents.after }
      onQueued(progress.value)
    })
    return portion !== null && progress.value?.after != null
  }

  async function replayFrom(start: ReplayProgress): Promise<void> {
    if (isBusy.value) return
    for (let next = start; (await replayPortion(next)) && !isLeft.current; ) next = progress.value ?? start
  }

  return {
    /** null: no portion is queued yet. */
    progress,
    isBusy,
    failed,
    begin: (range: ReplayRange) => void replayFrom({ range, queued: 0, after: null }),
    goOn: () => void (progress.value !== null && replayFrom(progress.value)),
  }
}
