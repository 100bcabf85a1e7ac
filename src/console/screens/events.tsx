import { useLocation } from 'preact-iso/router/navigation-api'
import { EventSubscriptionsDocument } from '../../client/documents/graphql.ts'
import { useAnswer } from '../answers/use-answer.ts'
import { clientName } from '../connection/client-names.ts'
import { EventsFailure } from '../events/events-failure.tsx'
import { NeedsScope } from '../events/needs-scope.tsx'
import { managesEvents } from '../events/subscription.ts'
import { SubscriptionTable } from '../events/subscription-table.tsx'
import { TroubleList } from '../events/trouble.tsx'
import { t } from '../language/language.ts'
import { Crumbs } from '../parts/crumbs.tsx'
import { Pager } from '../parts/pager.tsx'
import { Empty, Loading } from '../parts/states.tsx'
import { useArrival } from '../places/arrival.ts'
import { go, places } from '../places/places.ts'
import { viewer } from '../session/session.ts'
import { ClientChoice } from './client-choice.tsx'
import { ClientSearch } from './client-search.tsx'

const pageSize = 25

/** `/events`: the subscriptions of the own client; for admins those of all clients, or of a chosen one. */
export function Events() {
  const { query } = useLocation()
  return managesEvents() ? <EventList query={query} /> : <NeedsScope />
}

function EventList({ query }: { readonly query: Readonly<Record<string, string>> }) {
  const { client = '', q = '', after } = query
  const isAdmin = viewer.value?.seesAllClients === true
  const { answer, isLoading, reload } = useAnswer(
    EventSubscriptionsDocument,
    { first: pageSize, ...(client && { clientId: client }), ...(after && { after }) },
    { keep: true },
  )
  const page = answer?.data?.eventSubscriptions
  const name = isAdmin && client !== '' ? (clientName(client) ?? t('console.client.unnamed')) : null
  const title = name === null ? t('console.events') : t('console.events.of', { client: name })
  useArrival(title, answer !== null)
  const addressOf = (next: string | null) => places.events({ client, q, after: next })
  return (
    <>
      {name !== null && <Crumbs steps={[{ text: t('console.events.all'), href: places.events() }]} />}
      <div class="head">
        <h1 tabIndex={-1}>{title}</h1>
        {page != null && (
          <a class="button" href={places.newSubscription({ client })}>
            {t('console.events.new')}
          </a>
        )}
      </div>
      <p class="lead">{t('console.events.lead')}</p>
      {page != null && isAdmin && name === null && (
        <>
          <ClientSearch
            label={t('console.events.ofWhom')}
            name={q}
            addressOf={({ q: text }) => places.events({ q: text })}
            onUuid={(id) => go(places.events({ client: id }))}
          />
          <ClientChoice name={q} addressOf={(id) => places.events({ client: id })} />
        </>
      )}
      {answer === null && <Loading rows={8} />}
      {answer !== null && page == null && <EventsFailure answer={answer} onRetry={reload} />}
      {page != null && page.edges.length === 0 && (
        <Empty title={t('console.events.none')}>
          <p>{t('console.events.none.text')}</p>
        </Empty>
      )}
      {page != null && page.edges.length > 0 && (
        <>
          <TroubleList subscriptions={page.edges.map(({ node }) => node)} />
          <div aria-busy={isLoading}>
            <SubscriptionTable
              subscriptions={page.edges.map(({ node }) => node)}
              withOwner={isAdmin && name === null}
            />
            <Pager
              list={t('console.events')}
              total={page.totalCount}
              newest={after ? addressOf(null) : null}
              next={page.pageInfo.hasNextPage ? addressOf(page.pageInfo.endCursor) : null}
            />
          </div>
        </>
      )}
    </>
  )
}
