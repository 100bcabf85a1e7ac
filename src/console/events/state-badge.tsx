import { t } from '../language/language.ts'
import { Moment } from '../parts/moment.tsx'
import type { Subscription } from './subscription.ts'

const tones = { UNVERIFIED: 'warning', ACTIVE: 'good', PAUSED: '', OFF: 'bad' } as const

/** The state of a subscription, and since when its endpoint fails. */
export function StateBadge({ state, failingSince }: Pick<Subscription, 'state' | 'failingSince'>) {
  return (
    <>
      <span class={`badge ${tones[state]}`}>{t(`console.events.state.${state}`)}</span>
      {failingSince !== null && (
        <>
          {' '}
          <span class="badge bad">{t('console.events.failing')}</span>{' '}
          <small class="since">
            <Moment at={failingSince} />
          </small>
        </>
      )}
    </>
  )
}
