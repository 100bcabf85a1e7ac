import { t } from '../language/language.ts'
import { Note } from '../parts/states.tsx'
import { useArrival } from '../places/arrival.ts'

/** The place of a screen of events for a caller without the scope. */
export function NeedsScope() {
  useArrival(t('console.events'), true)
  return (
    <>
      <h1 tabIndex={-1}>{t('console.events')}</h1>
      <Note tone="info" title={t('console.failure.scope', { scope: 'event:manage' })}>
        <p>{t('console.failure.scope.advice')}</p>
      </Note>
    </>
  )
}
