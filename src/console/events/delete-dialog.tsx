import { DeleteEventSubscriptionDocument } from '../../client/documents/graphql.ts'
import { t } from '../language/language.ts'
import { Dialog } from '../parts/dialog.tsx'
import { RefusalNote } from './refusal-note.tsx'
import type { Subscription } from './subscription.ts'
import { Target } from './subscription-table.tsx'
import { useAct } from './use-act.ts'

interface DeleteDialogProps {
  readonly subscription: Subscription
  /** How many events wait. null: that is not known. */
  readonly waiting: number | null
  readonly onClose: () => void
  readonly onDeleted: () => void
}

/** Deletes a subscription after a confirmation that names its target and the events that wait. */
export function DeleteDialog({ subscription, waiting, onClose, onDeleted }: DeleteDialogProps) {
  const { act, isBusy, failed } = useAct()
  return (
    <Dialog title={t('console.events.delete')} onClose={onClose}>
      <p class="current">
        <Target subscription={subscription} />
      </p>
      <p>{t('console.events.delete.text')}</p>
      {waiting !== null && <p>{t('console.events.delete.waiting', { count: waiting })}</p>}
      {failed.value !== null && <RefusalNote answer={failed.value} title={t('console.failure.UNPROCESSABLE_ENTITY')} />}
      <div class="actions">
        <button
          type="button"
          class="danger"
          aria-disabled={isBusy.value}
          onClick={() => void act(DeleteEventSubscriptionDocument, { input: { id: subscription.id } }, onDeleted)}
        >
          {t('console.events.delete.do')}
        </button>
        <button type="button" class="quiet" onClick={onClose}>
          {t('console.cancel')}
        </button>
      </div>
    </Dialog>
  )
}
