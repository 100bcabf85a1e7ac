import { ConsumerConnectionsDocument } from '../../client/documents/graphql.ts'
import { useAnswer } from '../answers/use-answer.ts'
import { clientName } from '../connection/client-names.ts'
import { ConnectionTable } from '../connection/connection-table.tsx'
import { t } from '../language/language.ts'
import { Crumbs } from '../parts/crumbs.tsx'
import { Pager } from '../parts/pager.tsx'
import { Empty, FailureNote, Loading } from '../parts/states.tsx'
import { useArrival } from '../places/arrival.ts'
import { places } from '../places/places.ts'
import { ConnectionFilter } from './connection-filter.tsx'

const pageSize = 25

/** The connections that a consumer uses, of all clients, by host and by text. */
export function ConsumerConnections({ query }: { readonly query: Readonly<Record<string, string>> }) {
  const { consumer = '', host = '', text = '', after } = query
  const filter = { ...(host !== '' && { host }), ...(text !== '' && { redirectUriContains: text }) }
  const { answer, isLoading, reload } = useAnswer(
    ConsumerConnectionsDocument,
    { consumerId: consumer, first: pageSize, filter, ...(after && { after }) },
    { keep: true },
  )
  const page = answer?.data?.consumerConnections
  const name = clientName(consumer) ?? t('console.client.unnamed')
  const addressOf = (search: Record<string, string | null>) => places.connections({ consumer, host, text, ...search })
  useArrival(t('console.connections'), answer !== null)
  return (
    <>
      <Crumbs steps={[{ text: t('console.connections'), href: places.connections() }]} />
      <h1 tabIndex={-1}>{t('console.connections.of', { consumer: name })}</h1>
      <ConnectionFilter host={host} text={text} addressOf={addressOf} />
      {answer === null && <Loading rows={8} />}
      {answer !== null && page === undefined && <FailureNote {...answer} onRetry={reload} />}
      {page !== undefined && page.edges.length === 0 && (
        <Empty title={t('console.connections.none')}>
          <p>{t('console.connections.none.text')}</p>
        </Empty>
      )}
      {page !== undefined && page.edges.length > 0 && (
        <div aria-busy={isLoading}>
          <ConnectionTable
            caption={t('console.connections')}
            otherEnd={t('console.connection.client')}
            rows={page.edges.map(({ node }) => ({ ...node, other: node.client }))}
          />
          <Pager
            list={t('console.connections')}
            total={page.totalCount}
            newest={after ? addressOf({ after: null }) : null}
            next={page.pageInfo.hasNextPage ? addressOf({ after: page.pageInfo.endCursor }) : null}
          />
        </div>
      )}
    </>
  )
}
