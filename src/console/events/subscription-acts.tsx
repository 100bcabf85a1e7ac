import { useSignal } from '@preact/signals'
import type { TypedDocumentString } from '../../client/documents/graphql.ts'
import {
  PauseEventSubscriptionDocument,
  ResumeEventSubscriptionDocument,
  VerifyEventSubscriptionDocument,
} from '../../client/documents/graphql.ts'
import { t } from '../language/language.ts'
import { announce } from '../parts/announce.tsx'
import { Note } from '../parts/states.tsx'
import { ActRow } from './act-row.tsx'
import { RefusalNote } from './refusal-note.tsx'
import { type ReplayForm, timeSince } from './replay-range.ts'
import type { Subscription } from './subscription.ts'
import { useAct } from './use-act.ts'

interface SubscriptionActsProps {
  readonly subscription: Subscription
  readonly onChanged: () => void
  readonly onReplay: (start: ReplayForm) => void
  readonly onRotate: () => void
  readonly onDelete: () => void
}

type ActDocument = TypedDocumentString<unknown, { input: { id: string } }>

const day = 24 * 3_600_000

/** What can be done with a subscription. */
export function SubscriptionActs(props: SubscriptionActsProps) {
  const { subscription, onChanged, onReplay, onRotate, onDelete } = props
  const { id, method, state, failingSince, insertedAt } = subscription
  const { act, isBusy, failed } = useAct()
  /** Whether the endpoint has just answered, and since when the subscription had received nothing. */
  const verified = useSignal<{ readonly missedSince: string | null } | null>(null)
  const isPaused = state === 'PAUSED'
  const mayReplay = state === 'ACTIVE' || isPaused

  /** After a refusal the subscription is read anew, too: its state may be another one by now. */
  async function write(document: ActDocument, done: string, onDone = () => {}): Promise<void> {
    verified.value = null
    await act(document, { input: { id } }, () => {
      onDone()
      announce(done)
    })
    onChanged()
  }

  function verify(): void {
    announce(t('console.events.creating'))
    void write(VerifyEventSubscriptionDocument, t('console.events.verified'), () => {
      verified.value = { missedSince: state === 'OFF' ? (failingSince ?? insertedAt) : null }
    })
  }

  return (
    <section class="card">
      <h2>{t('console.events.acts')}</h2>
      {failed.value !== null && <RefusalNote answer={failed.value} title={t('console.events.verify.refused')} />}
      {verified.value !== null && (
        <Note tone="good" title={t('console.events.verified')}>
          {verified.value.missedSince !== null && (
            <>
              <p>{t('console.events.verified.replay')}</p>
              <button
                type="button"
                onClick={() => onReplay(timeSince(new Date(verified.value?.missedSince ?? insertedAt)))}
              >
                {t('console.events.replay')}
              </button>
            </>
          )}
        </Note>
      )}
      {method === 'PUSH' && (
        <ActRow
          title={t('console.events.verify')}
          hint={t(isBusy.value ? 'console.events.creating' : 'console.events.verify.hint')}
          {...(state !== 'ACTIVE' && !isPaused && { look: 'primary' })}
          isDisabled={isBusy.value}
          onAct={verify}
        />
      )}
      {mayReplay && (
        <ActRow
          title={t(isPaused ? 'console.events.resume' : 'console.events.pause')}
          hint={t(isPaused ? 'console.events.resume.hint' : 'console.events.pause.hint')}
          isDisabled={isBusy.value}
          onAct={() =>
            void (isPaused
              ? write(ResumeEventSubscriptionDocument, t('console.events.resumed'))
              : write(PauseEventSubscriptionDocument, t('console.events.paused')))
          }
        />
      )}
      <ActRow
        title={t('console.events.replay')}
        hint={t(mayReplay ? 'console.events.replay.text' : 'console.events.notNow.replay')}
        isDisabled={!mayReplay}
        onAct={() => onReplay(timeSince(new Date(Date.now() - day)))}
      />
      {method === 'PUSH' && (
        <ActRow title={t('console.events.rotate')} hint={t('console.events.rotate.hint')} onAct={onRotate} />
      )}
      <ActRow
        title={t('console.events.delete')}
        hint={t('console.events.delete.hint')}
        look="danger outline"
        onAct={onDelete}
      />
    </section>
  )
}
