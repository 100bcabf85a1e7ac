import { t } from '../language/language.ts'
import { Dialog } from '../parts/dialog.tsx'
import { PartsTable } from '../parts/parts-table.tsx'
import { displayParts } from '../uri/display-parts.ts'

interface PutBackDialogProps {
  readonly current: string
  readonly former: string
  readonly onConfirm: () => void
  readonly onClose: () => void
}

/** Asks before a former value with another host comes back. */
export function PutBackDialog({ current, former, onConfirm, onClose }: PutBackDialogProps) {
  return (
    <Dialog title={t('console.putBack.title')} onClose={onClose} isWide>
      <p>{t('console.editor.confirmHost', { from: displayParts(current).host, to: displayParts(former).host })}</p>
      <PartsTable
        caption={t('console.editor.comparison')}
        columns={[
          { title: t('console.editor.now'), value: current },
          { title: t('console.editor.then'), value: former },
        ]}
      />
      <div class="actions">
        <button type="button" class="primary" onClick={onConfirm}>
          {t('console.putBack')}
        </button>
        <button type="button" class="quiet" onClick={onClose}>
          {t('console.cancel')}
        </button>
      </div>
    </Dialog>
  )
}
