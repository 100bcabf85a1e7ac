import { useSignal } from '@preact/signals'
import { useId, useRef } from 'preact/hooks'
import { t } from '../language/language.ts'
import { announce } from '../parts/announce.tsx'
import { PartsTable } from '../parts/parts-table.tsx'
import { FailureNote, Note } from '../parts/states.tsx'
import { viewer } from '../session/session.ts'
import { Confirmation, saveText } from './confirmation.tsx'
import type { ConnectionKey } from './connection.ts'
import { Fixes } from './fixes.tsx'
import type { Editor } from './use-editor.ts'
import { useVerdict } from './use-verdict.ts'
import { toConfirm } from './verdict.ts'
import { Violations, Warnings } from './verdict-list.tsx'
import { isWriting } from './write.ts'

interface NotSaved {
  readonly text: string
  readonly id: 'console.editor.unchanged' | 'console.editor.confirmFirst'
}

/** The field of a redirect URI, what would happen on Save, and Save beside it. */
export function RedirectUriEditor({
  editor,
  connectionKey,
}: {
  readonly editor: Editor
  readonly connectionKey: ConnectionKey
}) {
  const { text, seen, draft, isConfirmed, failed, isChanged } = editor
  const stored = seen.value.redirectUri
  const verdict = useVerdict(connectionKey, text.value, stored)
  const violations = isChanged ? verdict.violations : []
  // A value that cannot be saved needs no confirmation.
  const points = isChanged && violations.length === 0 ? toConfirm(verdict, stored) : []
  const [fieldId, violationsId, warningsId] = [useId(), useId(), useId()]
  const field = useRef<HTMLInputElement>(null)
  const confirmation = useRef<HTMLInputElement>(null)
  const mayUpdate = viewer.value?.mayUpdate === true
  /** Why the last Save sent nothing, until the person types or confirms. */
  const notSaved = useSignal<NotSaved | null>(null)
  const reason = notSaved.value?.text === text.value && !isConfirmed.value ? notSaved.value.id : null

  /** Types for the person. The button of it goes away, so the focus goes to the field. */
  function replace(value: string): void {
    editor.type(value)
    field.current?.focus()
  }

  function submit(event: Event): void {
    event.preventDefault()
    notSaved.value = null
    if (isChanged && violations.length > 0) {
      field.current?.focus()
      announce(t('console.editor.refused', { count: violations.length }))
    } else if (!isChanged) {
      field.current?.focus()
      notSaved.value = { text: text.value, id: 'console.editor.unchanged' }
    } else if (points.length > 0 && !isConfirmed.value) {
      confirmation.current?.focus()
      notSaved.value = { text: text.value, id: 'console.editor.confirmFirst' }
    } else void editor.save()
    if (notSaved.value !== null) announce(t(notSaved.value.id))
  }

  return (
    <form class="editor" noValidate onSubmit={submit}>
      {draft.value !== null && isChanged && <Note tone="info" title={t('console.editor.restored')} />}
      <label for={fieldId}>{t('console.editor.field')}</label>
      <div class="field-row">
        <input
          ref={field}
          id={fieldId}
          class="value"
          type="text"
          inputMode="url"
          autoComplete="off"
          autoCapitalize="off"
          spellcheck={false}
          value={text.value}
          readOnly={!mayUpdate}
          aria-invalid={violations.length > 0}
          aria-describedby={`${violationsId} ${warningsId}`}
          onInput={({ currentTarget }) => editor.type(currentTarget.value)}
        />
        <button type="submit" class="primary" aria-disabled={!mayUpdate || isWriting.value}>
          {t(saveText(points))}
        </button>
        {isChanged && (
          <button type="button" onClick={() => replace(seen.value.redirectUri)}>
            {t('console.editor.cancel')}
          </button>
        )}
      </div>
      {!mayUpdate && <p class="muted">{t('console.needsScope', { scope: 'connection:write' })}</p>}
      {reason !== null && <Note tone="info" title={t(reason)} />}
      <Violations id={violationsId} points={violations} />
      {isChanged && <Fixes value={text.value} onFix={replace} />}
      <Warnings id={warningsId} points={points} />
      {points.length > 0 && (
        <Confirmation points={points} stored={stored} value={text.value} isConfirmed={isConfirmed} box={confirmation} />
      )}
      {isChanged && (
        <PartsTable
          caption={t('console.editor.comparison')}
          columns={[
            { title: t('console.editor.now'), value: stored },
            { title: t('console.editor.then'), value: text.value },
          ]}
        />
      )}
      {failed.value !== null && <FailureNote {...failed.value} />}
    </form>
  )
}
