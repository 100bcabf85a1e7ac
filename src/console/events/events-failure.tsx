import type { Answer } from '../answers/ask.ts'
import { t } from '../language/language.ts'
import { FailureNote, Note } from '../parts/states.tsx'

/** Why there are no subscriptions to show. Events that are off are no fault. */
export function EventsFailure({
  answer,
  onRetry,
}: {
  readonly answer: Answer<unknown>
  readonly onRetry: () => Promise<void>
}) {
  const areOff = answer.failures.some((failure) => 'reason' in failure && failure.reason === 'events_off')
  return areOff ? (
    <Note tone="info" title={t('outcome.eventsOff')} />
  ) : (
    <FailureNote {...answer} onRetry={() => void onRetry()} />
  )
}
