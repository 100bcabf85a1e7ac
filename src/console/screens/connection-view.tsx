import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { ClientCardDocument } from '../../client/documents/graphql.ts'
import type { Answer } from '../answers/ask.ts'
import { useAnswer } from '../answers/use-answer.ts'
import { ConflictDialog } from '../connection/conflict-dialog.tsx'
import type { Change, Connection, SeenState } from '../connection/connection.ts'
import { ConnectionHistory } from '../connection/connection-history.tsx'
import { DangerZone } from '../connection/danger-zone.tsx'
import { RedirectUriEditor } from '../connection/editor.tsx'
import { ConnectionFacts } from '../connection/facts.tsx'
import { changeOf, putBack, type Saved, UndoBar } from '../connection/undo-bar.tsx'
import { useEditor } from '../connection/use-editor.ts'
import { closeConflict, conflict } from '../connection/write.ts'
import { t } from '../language/language.ts'
import { announce } from '../parts/announce.tsx'
import { BlockedBanner } from '../parts/blocked-banner.tsx'
import { Crumbs } from '../parts/crumbs.tsx'
import { ClientName } from '../parts/identity.tsx'
import { RedirectUri } from '../parts/redirect-uri.tsx'
import { FailureNote, Note } from '../parts/states.tsx'
import { places } from '../places/places.ts'
import { viewer } from '../session/session.ts'

/** A connection that is there: its value, the field, the history, new secret and deletion. */
export function ConnectionView({
  connection,
  onChanged,
}: {
  readonly connection: Connection
  readonly onChanged: () => Promise<void>
}) {
  const key = { clientId: connection.clientId, connectionId: connection.id }
  const saved = useSignal<Saved | null>(null)
  const failed = useSignal<Answer<unknown> | null>(null)
  const isUndoLost = useSignal(false)
  const heading = useRef<HTMLHeadingElement>(null)
  const editor = useEditor(connection, key, showSaved)
  const owner = useAnswer(ClientCardDocument, { id: connection.clientId }).answer?.data?.client
  // A dialog of this connection must not appear on another screen.
  useEffect(() => () => closeConflict(), [])

  function showSaved(next: Saved): void {
    saved.value = next
    failed.value = null
    announce(t(next.kind === 'changed' ? 'console.undo.changed' : 'console.undo.putBack'))
    void onChanged()
  }

  function goBackTo(change: Change, seen: SeenState = editor.seen.value): void {
    failed.value = null
    const onFailure = (answer: Answer<unknown>) => {
      failed.value = answer
    }
    const onDone = (next: Saved) => {
      editor.settle(next.now, editor.seen.value.redirectUri)
      showSaved(next)
    }
    void putBack(key, { change, seen, onDone, onFailure })
  }

  /** Undoes a change that was just stored. It takes the version of that change, so a later change is a conflict. */
  async function undo({ requestId, now }: Saved): Promise<void> {
    const change = await changeOf(key, requestId)
    isUndoLost.value = change === null
    if (change !== null) goBackTo(change, now)
  }

  return (
    <>
      <Crumbs
        steps={[
          ...(viewer.value?.seesAllClients ? [{ text: t('console.clients'), href: places.clients() }] : []),
          { text: connection.client?.name ?? t('console.client'), href: places.client(connection.clientId) },
        ]}
      />
      <h1 ref={heading} tabIndex={-1}>
        <ClientName name={connection.consumer?.name} />
      </h1>
      <p class="lead">
        {t('console.connection.lead')}{' '}
        <a href={places.client(connection.clientId)}>
          <ClientName name={connection.client?.name} />
        </a>
      </p>
      {owner && <BlockedBanner client={owner} />}
      {saved.value !== null && (
        <UndoBar
          saved={saved.value}
          onUndo={() => saved.value !== null && void undo(saved.value)}
          onClose={() => {
            saved.value = null
            heading.current?.focus()
          }}
        />
      )}
      {isUndoLost.value && (
        <Note tone="bad" title={t('console.undo.failed')}>
          <p>{t('console.undo.failed.advice')}</p>
        </Note>
      )}
      {failed.value !== null && <FailureNote {...failed.value} onRetry={onChanged} />}
      <section class="card heart">
        <h2>{t('console.connection.redirectUri')}</h2>
        <p class="current">
          <RedirectUri value={connection.redirectUri} />
        </p>
        <RedirectUriEditor editor={editor} connectionKey={key} />
      </section>
      <ConnectionHistory connection={connection} onPutBack={(change) => goBackTo(change)} />
      <ConnectionFacts connection={connection} />
      <DangerZone connection={connection} seen={editor.seen.value} onChanged={onChanged} />
      {conflict.value !== null && (
        <ConflictDialog
          conflict={conflict.value}
          onTakeTheirs={(theirs) => {
            saved.value = null
            editor.adopt(theirs)
            void onChanged()
          }}
          onKeepEditing={(theirs) => {
            saved.value = null
            editor.rebase(theirs)
            void onChanged()
          }}
        />
      )}
    </>
  )
}
