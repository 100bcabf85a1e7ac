import { ClientHistoryDocument } from '../../client/documents/graphql.ts'
import { useAnswer } from '../answers/use-answer.ts'
import { History } from '../connection/history.tsx'
import { KindFilter, kindIn } from '../connection/kind-filter.tsx'
import { t } from '../language/language.ts'
import { Pager } from '../parts/pager.tsx'
import { Empty, FailureNote, Loading } from '../parts/states.tsx'
import { places } from '../places/places.ts'

const pageSize = 25

interface SectionProps {
  readonly clientId: string
  readonly query: Readonly<Record<string, string>>
}

/** The changes of all connections that a client has or had. */
export function ClientHistory({ clientId, query }: SectionProps) {
  const { after } = query
  const kind = kindIn(query['kind'])
  const { answer, isLoading, reload } = useAnswer(
    ClientHistoryDocument,
    { id: clientId, first: pageSize, ...(after && { after }), ...(kind && { kind }) },
    { keep: true },
  )
  const page = answer?.data?.client?.connectionChanges
  const addressOf = (search: Record<string, string | null>) => places.client(clientId, { ...query, ...search })
  return (
    <section class="card">
      <div class="head">
        <h2>{t('console.client.history')}</h2>
        <KindFilter kind={kind ?? ''} addressOf={(next) => addressOf({ kind: next, after: null })} />
      </div>
      {answer === null && <Loading />}
      {answer !== null && page === undefined && <FailureNote {...answer} onRetry={reload} />}
      {page !== undefined && page.edges.length === 0 && <Empty title={t('console.history.none')} />}
      {page !== undefined && page.edges.length > 0 && (
        <div aria-busy={isLoading}>
          <History
            caption={t('console.client.history')}
            changes={page.edges.map(({ node }) => node)}
            last={{
              title: t('console.connection'),
              of: ({ connectionId, after: left }) =>
                left === null ? (
                  <span class="muted">{connectionId.slice(0, 8)}</span>
                ) : (
                  <a href={places.connection(clientId, connectionId)}>{connectionId.slice(0, 8)}</a>
                ),
            }}
          />
          <Pager
            list={t('console.client.history')}
            total={page.totalCount}
            newest={after ? addressOf({ after: null }) : null}
            next={page.pageInfo.hasNextPage ? addressOf({ after: page.pageInfo.endCursor }) : null}
          />
        </div>
      )}
    </section>
  )
}
