import { t } from '../language/language.ts'
import { Dialog } from '../parts/dialog.tsx'
import { heldStep } from '../places/guard.ts'

/** Asks before a screen with an unsaved text is left. The draft waits there in either case. */
export function LeaveDialog() {
  const held = heldStep.value
  if (held === null) return null
  const stay = () => {
    heldStep.value = null
  }
  return (
    <Dialog title={t('console.leave.title')} onClose={stay}>
      <p>{t(held.losesText ? 'console.leave.loses' : 'console.leave.text')}</p>
      <div class="actions">
        <button type="button" class="primary" onClick={stay}>
          {t('console.leave.stay')}
        </button>
        <button type="button" onClick={held.leave}>
          {t('console.leave.leave')}
        </button>
      </div>
    </Dialog>
  )
}
