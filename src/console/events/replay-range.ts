import { isUuid } from '../../domain/uuid.ts'
import { t } from '../language/language.ts'
import { clockInKyiv, momentInKyiv } from '../parts/kyiv-time.ts'

/** The events to send again, as the person fills them in. Times are those of the clocks in Kyiv. */
export interface ReplayForm {
  readonly by: 'byTime' | 'byConnection'
  readonly from: string
  readonly to: string
  readonly connectionId: string
}

/** The range as the gateway reads it. */
export type ReplayRange = { readonly connectionId: string } | { readonly from: string; readonly to: string }

/** The time from a moment until now. The end does not belong to a range, so it is the minute after the next one. */
export const timeSince = (from: Date): ReplayForm => ({
  by: 'byTime',
  from: clockInKyiv(from),
  to: clockInKyiv(new Date(Date.now() + 120_000)),
  connectionId: '',
})

/** What is wrong with the range, in a sentence, or the range as the gateway reads it. */
export function rangeOf({ by, from, to, connectionId }: ReplayForm): ReplayRange | string {
  if (by === 'byConnection')
    return isUuid(connectionId.trim()) ? { connectionId: connectionId.trim() } : t('violation.uuid')
  const [begin, end] = [momentInKyiv(from), momentInKyiv(to)]
  if (begin === null || end === null) return t('console.events.replay.noTime')
  return begin < end ? { from: begin.toISOString(), to: end.toISOString() } : t('violation.time_order')
}
