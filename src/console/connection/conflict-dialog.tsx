import { t } from '../language/language.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Moment } from '../parts/moment.tsx'
import { PartsTable } from '../parts/parts-table.tsx'
import { CallerName, doorText } from './change-author.tsx'
import type { Connection } from './connection.ts'
import { type Conflict, closeConflict } from './write.ts'

interface ConflictDialogProps {
  readonly conflict: Conflict
  readonly onTakeTheirs: (theirs: Connection) => void
  readonly onKeepEditing: (theirs: Connection) => void
}

/** Somebody else was faster: what was seen, what is there now and by whom, and what was to be stored. */
export function ConflictDialog({ conflict: held, onTakeTheirs, onKeepEditing }: ConflictDialogProps) {
  const { seen, theirs, mine, sendAgain } = held
  const close = (then: () => void) => {
    closeConflict()
    then()
  }
  return (
    <Dialog title={t('console.conflict.title')} onClose={() => close(() => onKeepEditing(theirs))} isWide>
      <p>{t('console.conflict.text')}</p>
      {theirs.lastChange !== null && (
        <p class="by">
          <Moment at={theirs.lastChange.changedAt} /> · <CallerName change={theirs.lastChange} /> ·{' '}
          {doorText(theirs.lastChange)}
        </p>
      )}
      <PartsTable
        caption={t('console.conflict.title')}
        columns={[
          { title: t('console.conflict.seen'), value: seen.redirectUri },
          { title: t('console.conflict.theirs'), value: theirs.redirectUri },
          ...(mine === null ? [] : [{ title: t('console.conflict.mine'), value: mine }]),
        ]}
      />
      <div class="actions">
        <button type="button" class="primary" onClick={() => close(() => onTakeTheirs(theirs))}>
          {t('console.conflict.takeTheirs')}
        </button>
        <button type="button" onClick={() => close(() => void sendAgain())}>
          {t(mine === null ? 'console.conflict.goOn' : 'console.conflict.putMine')}
        </button>
        <button type="button" class="quiet" onClick={() => close(() => onKeepEditing(theirs))}>
          {t(mine === null ? 'console.cancel' : 'console.conflict.keepEditing')}
        </button>
      </div>
    </Dialog>
  )
}
