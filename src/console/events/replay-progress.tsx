import { useEffect, useRef } from 'preact/hooks'
import { t } from '../language/language.ts'
import { Note } from '../parts/states.tsx'
import { RefusalNote } from './refusal-note.tsx'
import type { useAct } from './use-act.ts'
import type { ReplayProgress as Progress } from './use-replay.ts'

interface ReplayProgressProps extends Pick<Progress, 'queued' | 'after'> {
  readonly failed: ReturnType<typeof useAct>['failed']['value']
  readonly isPaused: boolean
  readonly onGoOn: () => void
  readonly onClose: () => void
}

/** How many events are queued, while more follow, after a portion was refused, and at the end. */
export function ReplayProgress({ queued, after, failed, isPaused, onGoOn, onClose }: ReplayProgressProps) {
  const close = useRef<HTMLButtonElement>(null)
  // The button that had the focus is gone.
  useEffect(() => close.current?.focus(), [failed === null])
  const isDone = after === null
  const tone = isDone && queued > 0 ? 'good' : 'info'
  const title = isDone ? t('console.events.replay.done', { count: queued }) : soFar(queued)
  return (
    <>
      <Note tone={tone} title={title}>
        {!isDone && failed === null && <p>{t('console.events.replay.more')}</p>}
        {isPaused && queued > 0 && <p>{t('console.events.replay.paused')}</p>}
      </Note>
      {failed !== null && <RefusalNote answer={failed} title={t('console.failure.UNPROCESSABLE_ENTITY')} />}
      <div class="actions">
        {failed !== null && (
          <button type="button" class="primary" onClick={onGoOn}>
            {t('console.events.replay.goOn')}
          </button>
        )}
        <button ref={close} type="button" class={failed === null ? 'primary' : 'quiet'} onClick={onClose}>
          {t(isDone || failed !== null ? 'console.close' : 'console.events.replay.stop')}
        </button>
      </div>
    </>
  )
}

/** The count while the replay is not at its end. */
export const soFar = (count: number) => t('console.events.replay.soFar', { count })
