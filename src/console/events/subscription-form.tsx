import { useRef } from 'preact/hooks'
import {
  CreateEventSubscriptionDocument,
  type CreateEventSubscriptionMutation,
  type EventReach,
} from '../../client/documents/graphql.ts'
import { kinds as everyKind } from '../connection/kind-filter.tsx'
import { t } from '../language/language.ts'
import { announce } from '../parts/announce.tsx'
import { Note } from '../parts/states.tsx'
import { Choices } from './choices.tsx'
import { RefusalNote } from './refusal-note.tsx'
import { judgeTarget } from './target.ts'
import { TargetField } from './target-field.tsx'
import { useSubscriptionForm } from './use-subscription-form.ts'

export type Created = NonNullable<CreateEventSubscriptionMutation['createEventSubscription']>

interface SubscriptionFormProps {
  readonly owner: string
  /** What the owner may receive. The first one is chosen. */
  readonly reaches: readonly EventReach[]
  readonly onCreated: (created: Created) => void
}

/** The form of a new subscription. What is filled in stays until the subscription is created. */
export function SubscriptionForm({ owner, reaches, onCreated }: SubscriptionFormProps) {
  const { form, change, points, hasKinds, act, isBusy, failed, ...state } = useSubscriptionForm(owner, reaches)
  const { reach, method, url, kinds } = form.value
  const field = useRef<HTMLInputElement>(null)
  const hasTargetPoint = points.length > 0

  function submit(event: Event): void {
    event.preventDefault()
    state.wasSent.value = true
    const faults = (method === 'PUSH' ? judgeTarget(url).length : 0) + (hasKinds ? 0 : 1)
    if (faults > 0) {
      announce(t('console.events.create.refused', { count: faults }))
      if (hasKinds) field.current?.focus()
      else document.querySelector<HTMLElement>('.options input[type=checkbox]')?.focus()
      return
    }
    state.refusedUrl.value = url
    if (method === 'PUSH') announce(t('console.events.creating'))
    const input = { clientId: owner, reach, method, kinds, ...(method === 'PUSH' && { url }) }
    void act(CreateEventSubscriptionDocument, { input }, ({ createEventSubscription: created }) => {
      if (created === null) return
      state.drop()
      onCreated(created)
    })
  }

  return (
    <form class="card subscription-form" noValidate onSubmit={submit}>
      {state.wasRestored.value && <Note tone="info" title={t('console.events.create.restored')} />}
      <Choices
        legend={t('console.events.reach')}
        options={reaches.map((value) => ({ value, text: t(`console.events.reach.${value}`) }))}
        isChosen={(value) => value === reach}
        onChoose={(value) => change({ reach: value })}
      />
      <Choices
        legend={t('console.events.method')}
        options={(['PUSH', 'POLL'] as const).map((value) => ({
          value,
          text: t(`console.events.method.${value}`),
          hint: t(`console.events.method.${value}.hint`),
        }))}
        isChosen={(value) => value === method}
        onChoose={(value) => change({ method: value })}
      />
      {method === 'PUSH' && (
        <TargetField value={url} points={points} field={field} onType={(text) => change({ url: text })} />
      )}
      <Choices
        legend={t('console.events.kinds')}
        isMultiple
        options={everyKind.map((value) => ({ value, text: t(`console.kind.${value}`) }))}
        isChosen={(value) => kinds.includes(value)}
        onChoose={(value) => change({ kinds: everyKind.filter((kind) => (kind === value) !== kinds.includes(kind)) })}
      >
        <p class="verdict bad" aria-live="polite">
          {!hasKinds && t('console.events.kinds.none')}
        </p>
      </Choices>
      {failed.value !== null && !hasTargetPoint && (
        <RefusalNote answer={failed.value} title={t('console.failure.UNPROCESSABLE_ENTITY')} />
      )}
      <div class="actions">
        <button type="submit" class="primary" aria-disabled={isBusy.value}>
          {t('console.events.create')}
        </button>
        {isBusy.value && method === 'PUSH' && <p class="muted">{t('console.events.creating')}</p>}
      </div>
    </form>
  )
}
