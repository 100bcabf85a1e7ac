import { useEffect, useRef } from 'preact/hooks'
import {
  ConnectionHistoryDocument,
  RevertClientConnectionDocument,
  type RevertClientConnectionMutation,
} from '../../client/documents/graphql.ts'
import { type Answer, ask } from '../answers/ask.ts'
import { t } from '../language/language.ts'
import type { Change, ConnectionKey, SeenState } from './connection.ts'
import { whyNotPutBack } from './verdict.ts'
import { run } from './write.ts'

/** A change that was just stored. */
export interface Saved {
  readonly kind: 'changed' | 'put-back'
  /** The request that stored it. The history has the change under the same id. */
  readonly requestId: string | null
  readonly before: string
  readonly now: SeenState
}

interface UndoBarProps {
  readonly saved: Saved
  readonly onUndo: () => void
  readonly onClose: () => void
}

/** Stays after Save until it is closed. */
export function UndoBar({ saved, onUndo, onClose }: UndoBarProps) {
  const bar = useRef<HTMLElement>(null)
  // The button that put a value back may be gone after it, so the focus comes here.
  useEffect(() => {
    if (saved.kind === 'put-back') bar.current?.focus()
  }, [saved])
  const obstacle = saved.kind === 'changed' ? whyNotPutBack(saved.before) : null
  return (
    <section ref={bar} tabIndex={-1} class="undo-bar" aria-label={t('console.undo.bar')}>
      <p>
        <strong>{t(saved.kind === 'changed' ? 'console.undo.changed' : 'console.undo.putBack')}</strong>
        {obstacle !== null && <span> {t('console.undo.impossible', { reason: obstacle })}</span>}
      </p>
      {saved.kind === 'changed' && obstacle === null && (
        <button type="button" onClick={onUndo}>
          {t('console.undo')}
        </button>
      )}
      <button type="button" class="quiet" onClick={onClose}>
        {t('console.close')}
      </button>
    </section>
  )
}

interface PutBack {
  readonly change: Pick<Change, 'id' | 'before'>
  readonly seen: SeenState
  readonly onDone: (saved: Saved) => void
  readonly onFailure: (answer: Answer<unknown>) => void
}

/** Puts the redirect URI back to what it was before a change: an ordinary write, by the same rules. */
export function putBack(key: ConnectionKey, { change, seen, onDone, onFailure }: PutBack): Promise<void> {
  return run<RevertClientConnectionMutation>(
    {
      connection: key,
      mine: change.before,
      send: (expectedVersion) =>
        ask(RevertClientConnectionDocument, { input: { ...key, changeId: change.id, expectedVersion } }),
      onDone: ({ data, requestId }) => {
        const now = data?.revertClientConnection?.clientConnection
        if (now !== undefined) onDone({ kind: 'put-back', requestId, before: seen.redirectUri, now })
      },
      onFailure,
    },
    seen,
  )
}

/** The change that a request stored, or null. It is looked for among the latest changes. */
export async function changeOf(key: ConnectionKey, requestId: string | null): Promise<Change | null> {
  const { data } = await ask(ConnectionHistoryDocument, { ...key, first: 25 })
  const edges = data?.clientConnection?.changes?.edges ?? []
  return edges.find(({ node }) => node.requestId === requestId)?.node ?? null
}
