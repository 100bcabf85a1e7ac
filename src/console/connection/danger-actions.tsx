import { t } from '../language/language.ts'
import { isWriting } from './write.ts'

interface DangerActionsProps {
  /** The text of the act. */
  readonly label: string
  /** Whether the person has typed what the act asks for. */
  readonly isMeant: boolean
  readonly onClose: () => void
}

/** The end of a form whose act stops sign-in: do it, or leave. */
export function DangerActions({ label, isMeant, onClose }: DangerActionsProps) {
  return (
    <div class="actions">
      <button type="submit" class="danger" aria-disabled={!isMeant || isWriting.value}>
        {label}
      </button>
      <button type="button" class="quiet" onClick={onClose}>
        {t('console.cancel')}
      </button>
    </div>
  )
}
