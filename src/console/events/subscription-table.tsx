import { clientName } from '../connection/client-names.ts'
import { t } from '../language/language.ts'
import { ClientName, Uuid } from '../parts/identity.tsx'
import { RedirectUri } from '../parts/redirect-uri.tsx'
import { places } from '../places/places.ts'
import { StateBadge } from './state-badge.tsx'
import { kindsText, type Subscription } from './subscription.ts'

interface SubscriptionTableProps {
  readonly subscriptions: readonly Subscription[]
  /** Whether the list has the subscriptions of several owners. */
  readonly withOwner: boolean
}

/** Subscriptions: where the events go, which ones, and whether they arrive. */
export function SubscriptionTable({ subscriptions, withOwner }: SubscriptionTableProps) {
  return (
    <table class="list subscriptions">
      <caption class="unseen">{t('console.events')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('console.events.target')}</th>
          <th scope="col">{t('console.events.state')}</th>
          <th scope="col">{t('console.events.reach')}</th>
          <th scope="col">{t('console.events.kinds')}</th>
          {withOwner && <th scope="col">{t('console.events.owner')}</th>}
        </tr>
      </thead>
      <tbody>
        {subscriptions.map((subscription) => (
          <tr key={subscription.id}>
            <th scope="row" data-title={t('console.events.target')}>
              <a href={places.subscription(subscription.id)}>
                <Target subscription={subscription} />
              </a>
              <small class="muted">{t(`console.events.method.${subscription.method}`)}</small>
            </th>
            <td data-title={t('console.events.state')}>
              <StateBadge {...subscription} />
            </td>
            <td data-title={t('console.events.reach')}>{t(`console.events.reach.${subscription.reach}`)}</td>
            <td data-title={t('console.events.kinds')}>{kindsText(subscription.kinds)}</td>
            {withOwner && (
              <td data-title={t('console.events.owner')}>
                <Owner id={subscription.clientId} />
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Where the events of a subscription go. */
export function Target({ subscription: { id, url } }: { readonly subscription: Subscription }) {
  if (url !== null) return <RedirectUri value={url} />
  return (
    <>
      {t('console.events.poll')} <small class="muted">{id.slice(0, 8)}</small>
    </>
  )
}

/** The client that owns a subscription: its name, or its UUID until the name is known. */
export function Owner({ id }: { readonly id: string }) {
  const name = clientName(id)
  return name === undefined ? <Uuid id={id} label={t('console.events.owner')} /> : <ClientName name={name} />
}
