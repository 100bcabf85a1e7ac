import { useSignal } from '@preact/signals'
import type { EventReach } from '../../client/documents/graphql.ts'
import { kinds as everyKind } from '../connection/kind-filter.tsx'
import { violationsOf } from './refusal-note.tsx'
import {
  dropSubscriptionDraft,
  keepSubscriptionDraft,
  type SubscriptionForm,
  subscriptionDraftOf,
} from './subscription-draft.ts'
import { judgeTarget, type TargetPoint } from './target.ts'
import { useAct } from './use-act.ts'

/** What a person fills in for a new subscription of an owner, and what is wrong with it. */
export function useSubscriptionForm(owner: string, reaches: readonly EventReach[]) {
  const draft = subscriptionDraftOf(owner)
  const wasRestored = useSignal(draft !== null)
  const form = useSignal<SubscriptionForm>(
    draft ?? { reach: reaches[0] ?? 'CLIENT', method: 'PUSH', url: '', kinds: everyKind },
  )
  /** An empty field is no fault before the person has sent the form. */
  const wasSent = useSignal(false)
  /** The target that the gateway has refused. The same text is refused until it changes. */
  const refusedUrl = useSignal<string | null>(null)
  const { act, isBusy, failed } = useAct()
  const { method, url, kinds } = form.value

  function change(part: Partial<SubscriptionForm>): void {
    form.value = { ...form.value, ...part }
    wasRestored.value = false
    if (part.url !== undefined || part.method !== undefined) failed.value = null
    keepSubscriptionDraft(owner, form.value)
  }

  function targetPoints(): readonly TargetPoint[] {
    if (method === 'POLL' || (url === '' && !wasSent.value)) return []
    const local = judgeTarget(url)
    if (local.length > 0 || failed.value === null || refusedUrl.value !== url) return local
    return violationsOf(failed.value).filter(({ path }) => path[0] === 'url')
  }

  return {
    form,
    wasRestored,
    wasSent,
    refusedUrl,
    act,
    isBusy,
    failed,
    change,
    points: targetPoints(),
    hasKinds: kinds.length > 0,
    drop: () => dropSubscriptionDraft(owner),
  }
}
