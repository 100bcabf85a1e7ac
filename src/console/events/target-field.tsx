import type { RefObject } from 'preact'
import { useId } from 'preact/hooks'
import { t } from '../language/language.ts'
import { type TargetPoint, targetText } from './target.ts'

interface TargetFieldProps {
  readonly value: string
  readonly points: readonly TargetPoint[]
  readonly field: RefObject<HTMLInputElement | null>
  readonly onType: (value: string) => void
}

/** The field of a target, and below it every rule that the typed text breaks. */
export function TargetField({ value, points, field, onType }: TargetFieldProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{t('console.events.url')}</label>
      <input
        ref={field}
        id={id}
        class="value"
        type="text"
        inputMode="url"
        autoComplete="off"
        autoCapitalize="off"
        spellcheck={false}
        placeholder="https://"
        value={value}
        aria-invalid={points.length > 0}
        aria-describedby={`${id}-hint ${id}-points`}
        onInput={({ currentTarget }) => onType(currentTarget.value)}
      />
      <small id={`${id}-hint`}>{t('console.events.url.hint')}</small>
      <div id={`${id}-points`} class="verdict bad" aria-live="polite">
        {points.length > 0 && (
          <ul>
            {points.map((point) => (
              <li key={point.id}>{targetText(point)}</li>
            ))}
          </ul>
        )}
      </div>
    </div>
  )
}
