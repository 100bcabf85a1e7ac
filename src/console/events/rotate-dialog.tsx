import { RotateEventSubscriptionKeyDocument } from '../../client/documents/graphql.ts'
import { t } from '../language/language.ts'
import { Dialog } from '../parts/dialog.tsx'
import { NewSecret } from '../parts/new-secret.tsx'
import { useSecretOnce } from '../parts/secret-once.ts'
import { RefusalNote } from './refusal-note.tsx'
import { useAct } from './use-act.ts'

interface RotateDialogProps {
  readonly id: string
  readonly onClose: () => void
  readonly onRotated: () => void
}

/** Gives a subscription a new signing secret after a confirmation, and shows the secret once. */
export function RotateDialog({ id, onClose, onRotated }: RotateDialogProps) {
  const secret = useSecretOnce(onClose)
  const { act, isBusy, failed } = useAct()

  function rotate(): void {
    void act(RotateEventSubscriptionKeyDocument, { input: { id } }, ({ rotateEventSubscriptionKey: rotated }) => {
      secret.value = rotated?.secret ?? null
      onRotated()
    })
  }

  return (
    <Dialog title={t(secret.value === null ? 'console.events.rotate' : 'console.secret.new')} onClose={onClose}>
      {secret.value === null ? (
        <>
          <p>{t('console.events.rotate.text')}</p>
          {failed.value !== null && (
            <RefusalNote answer={failed.value} title={t('console.failure.UNPROCESSABLE_ENTITY')} />
          )}
          <div class="actions">
            <button type="button" class="primary" aria-disabled={isBusy.value} onClick={rotate}>
              {t('console.events.rotate.do')}
            </button>
            <button type="button" class="quiet" onClick={onClose}>
              {t('console.cancel')}
            </button>
          </div>
        </>
      ) : (
        <NewSecret secret={secret.value} onClose={onClose} />
      )}
    </Dialog>
  )
}
