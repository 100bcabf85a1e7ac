import { useSignal } from '@preact/signals'
import { dropDraft } from '../drafts/draft.ts'
import { t } from '../language/language.ts'
import { announce } from '../parts/announce.tsx'
import { withoutGuard } from '../places/guard.ts'
import { go, places } from '../places/places.ts'
import { viewer } from '../session/session.ts'
import type { Connection, SeenState } from './connection.ts'
import { DeleteDialog } from './delete-dialog.tsx'
import { SecretDialog } from './secret-dialog.tsx'

interface DangerZoneProps {
  readonly connection: Connection
  readonly seen: SeenState
  readonly onChanged: () => Promise<void>
}

/** The two acts that stop sign-in at once. */
export function DangerZone({ connection, seen, onChanged }: DangerZoneProps) {
  const open = useSignal<'secret' | 'deletion' | null>(null)
  const close = () => {
    open.value = null
  }
  const key = { clientId: connection.clientId, connectionId: connection.id }
  const consumer = connection.consumer?.name ?? t('console.client.unnamed')
  const caller = viewer.value
  return (
    <section class="card danger-zone">
      <h2>{t('console.danger')}</h2>
      <Act
        title={t('console.secret.title')}
        text={t('console.secret.short')}
        scope="connection:refresh_secret"
        isAllowed={caller?.mayRefreshSecret === true}
        onStart={() => {
          open.value = 'secret'
        }}
      />
      <Act
        title={t('console.delete.title')}
        text={t('console.delete.short')}
        scope="connection:delete"
        isAllowed={caller?.mayDelete === true}
        onStart={() => {
          open.value = 'deletion'
        }}
      />
      {open.value === 'secret' && (
        <SecretDialog
          connectionKey={key}
          seen={seen}
          consumer={consumer}
          isConsumer={caller?.clientId === connection.consumerId}
          onClose={close}
          onRefreshed={() => void onChanged()}
        />
      )}
      {open.value === 'deletion' && (
        <DeleteDialog
          connectionKey={key}
          seen={seen}
          consumer={consumer}
          onClose={close}
          onDeleted={() => {
            dropDraft(key)
            close()
            announce(t('console.delete.done'))
            withoutGuard(() => go(places.client(connection.clientId), { isStep: false }))
          }}
        />
      )}
    </section>
  )
}

interface ActProps {
  readonly title: string
  readonly text: string
  readonly scope: string
  readonly isAllowed: boolean
  readonly onStart: () => void
}

/** An act with its consequence. Without its scope it is shown and says what is missing. */
function Act({ title, text, scope, isAllowed, onStart }: ActProps) {
  return (
    <div class="act">
      <div>
        <p class="title">{title}</p>
        <p class="muted">{isAllowed ? text : t('console.needsScope', { scope })}</p>
      </div>
      <button type="button" class="danger outline" aria-disabled={!isAllowed} onClick={() => isAllowed && onStart()}>
        {title}
      </button>
    </div>
  )
}
