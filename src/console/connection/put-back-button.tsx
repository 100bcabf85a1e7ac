import { t } from '../language/language.ts'
import { viewer } from '../session/session.ts'
import type { Change } from './connection.ts'
import { whyNotPutBack } from './verdict.ts'
import { isWriting } from './write.ts'

/** The step back of a row, or the reason why there is none. */
export function PutBackButton({
  change,
  current,
  onPutBack,
}: {
  readonly change: Change
  readonly current: string
  readonly onPutBack: () => void
}) {
  if (change.kind !== 'UPDATED' && change.kind !== 'REVERTED') return null
  if (change.before === current) return <span class="muted">{t('console.putBack.isCurrent')}</span>
  const obstacle = whyNotPutBack(change.before)
  if (obstacle !== null) return <span class="muted">{t('console.putBack.impossible', { reason: obstacle })}</span>
  if (viewer.value?.mayUpdate !== true) return null
  return (
    <button type="button" class="small" aria-disabled={isWriting.value} onClick={onPutBack}>
      {t('console.putBack')}
    </button>
  )
}
