import { useSignal } from '@preact/signals'
import { DeleteClientConnectionDocument } from '../../client/documents/graphql.ts'
import { type Answer, ask } from '../answers/ask.ts'
import { t } from '../language/language.ts'
import { announce } from '../parts/announce.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { FailureNote } from '../parts/states.tsx'
import type { ConnectionKey, SeenState } from './connection.ts'
import { DangerActions } from './danger-actions.tsx'
import { isHostOf, TypedHost } from './typed-host.tsx'
import { run } from './write.ts'

interface DeleteDialogProps {
  readonly connectionKey: ConnectionKey
  readonly seen: SeenState
  readonly consumer: string
  readonly onClose: () => void
  readonly onDeleted: () => void
}

/** Deletes a connection after its host was typed. */
export function DeleteDialog({ connectionKey, seen, consumer, onClose, onDeleted }: DeleteDialogProps) {
  const host = useSignal('')
  const failed = useSignal<Answer<unknown> | null>(null)
  const isMeant = isHostOf(seen.redirectUri, host.value)

  function submit(event: Event): void {
    event.preventDefault()
    failed.value = null
    if (!isMeant) {
      announce(t('console.typeHost.differs'))
      return
    }
    void run(
      {
        connection: connectionKey,
        mine: null,
        send: (expectedVersion) =>
          ask(DeleteClientConnectionDocument, { input: { ...connectionKey, expectedVersion } }),
        onDone: onDeleted,
        onFailure: (answer) => {
          failed.value = answer
        },
      },
      seen,
    )
  }

  return (
    <Dialog title={t('console.delete.title')} onClose={onClose}>
      <form onSubmit={submit}>
        <p>{t('console.delete.text', { consumer })}</p>
        <TypedHost
          redirectUri={seen.redirectUri}
          value={host.value}
          onType={(value) => {
            host.value = value
          }}
        />
        {failed.value !== null && <FailureNote {...failed.value} />}
        <DangerActions label={t('console.delete.do')} isMeant={isMeant} onClose={onClose} />
      </form>
    </Dialog>
  )
}
