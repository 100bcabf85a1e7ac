import { useEffect, useRef } from 'preact/hooks'
import { t } from '../language/language.ts'
import { Note } from '../parts/states.tsx'

interface ReplayResultProps {
  readonly queued: number
  readonly hasMore: boolean
  readonly isPaused: boolean
  readonly onClose: () => void
}

/** How many events were queued, and what is left to do. */
export function ReplayResult({ queued, hasMore, isPaused, onClose }: ReplayResultProps) {
  const close = useRef<HTMLButtonElement>(null)
  // The button that had the focus is gone.
  useEffect(() => close.current?.focus(), [])
  return (
    <>
      <Note tone={queued > 0 ? 'good' : 'info'} title={t('console.events.replay.done', { count: queued })}>
        {hasMore && <p>{t('console.events.replay.more')}</p>}
        {isPaused && queued > 0 && <p>{t('console.events.replay.paused')}</p>}
      </Note>
      <div class="actions">
        <button ref={close} type="button" class="primary" onClick={onClose}>
          {t('console.close')}
        </button>
      </div>
    </>
  )
}
