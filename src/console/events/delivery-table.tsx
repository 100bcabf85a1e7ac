import type { EventDeliveryFieldsFragment } from '../../client/documents/graphql.ts'
import { t } from '../language/language.ts'
import { Uuid } from '../parts/identity.tsx'
import { Moment } from '../parts/moment.tsx'

type Delivery = EventDeliveryFieldsFragment

const tones = { PENDING: '', DELIVERED: 'good', DEAD: 'bad' } as const
const failures = ['status', 'address', 'timeout', 'tls', 'connection', 'stopped', 'archived', 'expired'] as const

interface DeliveryTableProps {
  readonly deliveries: readonly Delivery[]
  readonly onReplay: ((connectionId: string) => void) | undefined
}

/** Deliveries: which event, what became of it, and what comes next. */
export function DeliveryTable({ deliveries, onReplay }: DeliveryTableProps) {
  const next = t('console.column.kyiv', { title: t('console.events.delivery.next') })
  return (
    <table class="list deliveries">
      <caption class="unseen">{t('console.events.deliveries')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('console.events.delivery.event')}</th>
          <th scope="col">{t('console.events.state')}</th>
          <th scope="col">{t('console.events.delivery.attempts')}</th>
          <th scope="col">{t('console.events.delivery.answer')}</th>
          <th scope="col">{next}</th>
          <th scope="col">{t('console.events.delivery.connection')}</th>
        </tr>
      </thead>
      <tbody>
        {deliveries.map((delivery) => (
          <tr key={delivery.eventId}>
            <th scope="row" data-title={t('console.events.delivery.event')}>
              <code>{delivery.eventId}</code>
            </th>
            <td data-title={t('console.events.state')}>
              <span class={`badge ${tones[delivery.state]}`}>
                {t(`console.events.delivery.state.${delivery.state}`)}
              </span>
            </td>
            <td data-title={t('console.events.delivery.attempts')}>{delivery.attempts}</td>
            <td data-title={t('console.events.delivery.answer')}>
              <LatestAnswer delivery={delivery} />
            </td>
            <td data-title={next}>
              <NextStep delivery={delivery} />
            </td>
            <td data-title={t('console.events.delivery.connection')}>
              <Uuid id={delivery.connectionId} label={t('console.events.replay.connection')} />
              {delivery.state === 'DEAD' && onReplay !== undefined && (
                <button type="button" class="small" onClick={() => onReplay(delivery.connectionId)}>
                  {t('console.events.replay')}
                </button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** The status and the failure of the latest attempt. A failure that this console does not know is shown as its word. */
function LatestAnswer({ delivery: { lastStatus, lastFailure } }: { readonly delivery: Delivery }) {
  const known = failures.find((each) => each === lastFailure)
  const failure = known === undefined ? lastFailure : t(`console.events.failure.${known}`)
  if (lastStatus === null) return <>{failure ?? <span class="muted">{t('console.events.delivery.noAnswer')}</span>}</>
  return (
    <>
      <code>HTTP {lastStatus}</code> {failure}
    </>
  )
}

/** When a delivery ended, or when its next attempt is. One that is due waits for its turn, or for the owner. */
function NextStep({ delivery: { nextAttemptAt, endedAt } }: { readonly delivery: Delivery }) {
  const at = endedAt ?? nextAttemptAt
  if (at === null) return <>–</>
  if (endedAt === null && Date.parse(at) <= Date.now()) return <>{t('console.events.delivery.due')}</>
  return (
    <>
      <span class="muted">
        {t(endedAt === null ? 'console.events.delivery.nextAt' : 'console.events.delivery.endedAt')}
      </span>{' '}
      <Moment at={at} isInColumn />
    </>
  )
}
