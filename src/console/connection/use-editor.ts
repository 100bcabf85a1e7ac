import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { UpdateClientConnectionDocument, type UpdateClientConnectionMutation } from '../../client/documents/graphql.ts'
import { type Answer, ask } from '../answers/ask.ts'
import { draftOf, dropDraft, keepDraft } from '../drafts/draft.ts'
import { hasUnsavedText } from '../places/guard.ts'
import type { Connection, ConnectionKey, SeenState } from './connection.ts'
import type { Saved } from './undo-bar.tsx'
import { run } from './write.ts'

export type Editor = ReturnType<typeof useEditor>

/** The typed redirect URI of a connection, and the state of the connection that it is meant for. */
export function useEditor(connection: Connection, key: ConnectionKey, onSaved: (saved: Saved) => void) {
  const draft = useSignal(draftOf(key))
  const seen = useSignal<SeenState>(
    draft.value === null ? connection : { version: draft.value.seenVersion, redirectUri: draft.value.seenRedirectUri },
  )
  const text = useSignal(draft.value?.value ?? connection.redirectUri)
  const isConfirmed = useSignal(false)
  const failed = useSignal<Answer<unknown> | null>(null)
  const isChanged = text.value !== seen.value.redirectUri

  // A newer state comes from another tab, or from a reload. It takes the place of the old one only if nothing is typed.
  useEffect(() => {
    if (!isChanged) adopt(connection)
  }, [connection.version])
  useEffect(() => {
    hasUnsavedText.value = isChanged
    return () => {
      hasUnsavedText.value = false
    }
  }, [isChanged])

  function type(value: string): void {
    text.value = value
    draft.value = null
    isConfirmed.value = false
    failed.value = null
    keep()
  }

  function keep(): void {
    const { version, redirectUri } = seen.value
    if (text.value === redirectUri) dropDraft(key)
    else keepDraft(key, { value: text.value, seenVersion: version, seenRedirectUri: redirectUri })
  }

  /** Shows a state in the place of what was typed. */
  function adopt(state: SeenState): void {
    seen.value = state
    type(state.redirectUri)
  }

  /** Keeps what was typed, and means it for a newer state. */
  function rebase(state: SeenState): void {
    seen.value = state
    isConfirmed.value = false
    keep()
  }

  /**
   * Shows what a write of this person has stored. A text that the person typed while the write was on its way stays.
   * @param shown the text that the field had for this state: the text that was sent, or the stored one
   */
  function settle(state: SeenState, shown: string): void {
    if (text.value === shown) adopt(state)
    else rebase(state)
  }

  function save(): Promise<void> {
    const before = seen.value
    const redirectUri = text.value
    failed.value = null
    return run<UpdateClientConnectionMutation>(
      {
        connection: key,
        mine: redirectUri,
        send: (expectedVersion) =>
          ask(UpdateClientConnectionDocument, { input: { ...key, redirectUri, expectedVersion } }),
        onDone: ({ data, requestId }) => {
          const now = data?.updateClientConnection?.clientConnection
          if (now === undefined) return
          settle(now, redirectUri)
          onSaved({ kind: 'changed', requestId, before: before.redirectUri, now })
        },
        onFailure: (answer) => {
          failed.value = answer
        },
      },
      before,
    )
  }

  return { text, seen, draft, isConfirmed, failed, isChanged, type, adopt, rebase, settle, save }
}
