import { useId } from 'preact/hooks'
import { useLocation } from 'preact-iso/router/navigation-api'
import { EventDeliveriesDocument, type EventDeliveryState } from '../../client/documents/graphql.ts'
import { useAnswer } from '../answers/use-answer.ts'
import { t } from '../language/language.ts'
import { announce } from '../parts/announce.tsx'
import { Pager } from '../parts/pager.tsx'
import { Empty, FailureNote, Loading } from '../parts/states.tsx'
import { go, places } from '../places/places.ts'
import { DeliveryTable } from './delivery-table.tsx'

const pageSize = 25
const states = ['PENDING', 'DELIVERED', 'DEAD'] as const satisfies EventDeliveryState[]

interface DeliveriesProps {
  readonly id: string
  /** The list is asked for anew whenever this number changes. */
  readonly again: number
  /** Reads everything about the subscription anew. */
  readonly onRefresh: () => Promise<void>
  /** Sends the events of a connection again. Absent: not in this state. */
  readonly onReplay: ((connectionId: string) => void) | undefined
}

/** The deliveries of a subscription, newest event first. State and page stand in the address. */
export function Deliveries({ id, again, onRefresh, onReplay }: DeliveriesProps) {
  const { query } = useLocation()
  const { after } = query
  const state = states.find((each) => each === query['state'])
  const fieldId = useId()
  const { answer, isLoading, reload } = useAnswer(
    EventDeliveriesDocument,
    { id, first: pageSize, ...(after && { after }), ...(state && { state }) },
    { keep: true, again },
  )
  const page = answer?.data?.eventSubscription?.deliveries
  const addressOf = (search: Record<string, string | null>) => places.subscription(id, { ...query, ...search })

  return (
    <section class="card">
      <div class="head">
        <h2>{t('console.events.deliveries')}</h2>
        <div class="actions">
          <p class="field inline">
            <label for={fieldId}>{t('console.events.delivery.state')}</label>
            <select
              id={fieldId}
              value={state ?? ''}
              onChange={({ currentTarget }) => go(addressOf({ state: currentTarget.value, after: null }))}
            >
              <option value="">{t('console.events.delivery.state.all')}</option>
              {states.map((each) => (
                <option key={each} value={each}>
                  {t(`console.events.delivery.state.${each}`)}
                </option>
              ))}
            </select>
          </p>
          <button type="button" onClick={() => void onRefresh().then(() => announce(t('console.events.refreshed')))}>
            {t('console.events.refresh')}
          </button>
        </div>
      </div>
      {answer === null && <Loading />}
      {answer !== null && page == null && <FailureNote {...answer} onRetry={() => void reload()} />}
      {page != null && page.edges.length === 0 && (
        <Empty title={t('console.events.deliveries.none')}>
          <p>{t('console.events.deliveries.none.text')}</p>
        </Empty>
      )}
      {page != null && page.edges.length > 0 && (
        <div aria-busy={isLoading}>
          <DeliveryTable deliveries={page.edges.map(({ node }) => node)} onReplay={onReplay} />
          <Pager
            list={t('console.events.deliveries')}
            total={page.totalCount}
            newest={after ? addressOf({ after: null }) : null}
            next={page.pageInfo.hasNextPage ? addressOf({ after: page.pageInfo.endCursor }) : null}
          />
        </div>
      )}
    </section>
  )
}
