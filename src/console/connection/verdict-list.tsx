import { t } from '../language/language.ts'
import { type Point, violationText, warningText } from './verdict.ts'

interface ListProps {
  readonly id: string
  readonly points: readonly Point[]
}

/** The rules that a value breaks. The element is always there, because the field is described by it. */
export function Violations({ id, points }: ListProps) {
  return (
    <div id={id} class="verdict bad" aria-live="polite">
      {points.length > 0 && (
        <>
          <p class="title">{t('console.editor.violations', { count: points.length })}</p>
          <ul>
            {points.map((point) => (
              <li key={point.id}>{violationText(point)}</li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}

/** The points to look at twice before Save. */
export function Warnings({ id, points }: ListProps) {
  return (
    <div id={id} class="verdict warning" aria-live="polite">
      {points.length > 0 && (
        <>
          <p class="title">{t('console.editor.warnings', { count: points.length })}</p>
          <ul>
            {points.map((point) => (
              <li key={point.id}>{warningText(point)}</li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}
