import type { Signal } from '@preact/signals'
import type { RefObject } from 'preact'
import { t } from '../language/language.ts'
import { displayParts } from '../uri/display-parts.ts'
import type { Point } from './verdict.ts'

interface ConfirmationProps {
  readonly points: readonly Point[]
  readonly stored: string
  readonly value: string
  readonly isConfirmed: Signal<boolean>
  readonly box: RefObject<HTMLInputElement | null>
}

/** The tick box without which warnings hold Save up. */
export function Confirmation({ points, stored, value, isConfirmed, box }: ConfirmationProps) {
  return (
    <label class="confirm">
      <input
        ref={box}
        type="checkbox"
        checked={isConfirmed.value}
        onChange={({ currentTarget }) => {
          isConfirmed.value = currentTarget.checked
        }}
      />
      <span>{confirmText(points, stored, value)}</span>
    </label>
  )
}

const changesHost = (points: readonly Point[]) => points.some(({ id }) => id === 'host_changed')

/** What Save says, so that a person knows what it does. */
export function saveText(points: readonly Point[]) {
  if (changesHost(points)) return 'console.editor.saveHost' as const
  return points.length > 0 ? ('console.editor.saveAnyway' as const) : ('console.editor.save' as const)
}

/** One sentence with both hosts, or one about the warnings above it. */
function confirmText(points: readonly Point[], stored: string, value: string): string {
  if (!changesHost(points)) return t('console.editor.confirm', { count: points.length })
  const hosts = t('console.editor.confirmHost', { from: displayParts(stored).host, to: displayParts(value).host })
  return points.length === 1 ? hosts : `${hosts} ${t('console.editor.confirm', { count: points.length - 1 })}`
}
