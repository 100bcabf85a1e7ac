import { t } from '../language/language.ts'
import { momentText } from '../parts/moment.tsx'
import { Note } from '../parts/states.tsx'
import { places } from '../places/places.ts'
import { isInTrouble, type Subscription } from './subscription.ts'
import { Target } from './subscription-table.tsx'

const tones = { UNVERIFIED: 'warning', PAUSED: 'info', OFF: 'bad' } as const

/** Why no event of a subscription arrives, and what to do about it. Nothing, if they arrive. */
export function Trouble({ subscription: { state, failingSince } }: { readonly subscription: Subscription }) {
  if (state !== 'ACTIVE')
    return (
      <Note tone={tones[state]} title={t(`console.events.trouble.${state}`)}>
        <p>{t(`console.events.trouble.${state}.text`)}</p>
      </Note>
    )
  if (failingSince === null) return null
  return (
    <Note tone="warning" title={t('console.events.trouble.failing', { time: momentText(failingSince) })}>
      <p>{t('console.events.trouble.failing.text')}</p>
    </Note>
  )
}

const troubleText = ({ state }: Subscription) =>
  t(state === 'ACTIVE' || state === 'PAUSED' ? 'console.events.failing' : `console.events.state.${state}`)

/** The subscriptions of a list of which no event arrives, each a link. */
export function TroubleList({ subscriptions }: { readonly subscriptions: readonly Subscription[] }) {
  const troubled = subscriptions.filter(isInTrouble)
  if (troubled.length === 0) return null
  const isOff = troubled.some(({ state }) => state === 'OFF')
  return (
    <Note tone={isOff ? 'bad' : 'warning'} title={t('console.events.trouble.some', { count: troubled.length })}>
      <ul class="troubled">
        {troubled.map((subscription) => (
          <li key={subscription.id}>
            <a href={places.subscription(subscription.id)}>
              <Target subscription={subscription} />
            </a>{' '}
            <span class="badge">{troubleText(subscription)}</span>
          </li>
        ))}
      </ul>
    </Note>
  )
}
