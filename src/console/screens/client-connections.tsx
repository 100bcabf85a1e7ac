import { ClientDocument } from '../../client/documents/graphql.ts'
import { useAnswer } from '../answers/use-answer.ts'
import { ConnectionTable } from '../connection/connection-table.tsx'
import { t } from '../language/language.ts'
import { Pager } from '../parts/pager.tsx'
import { Empty, FailureNote, Loading } from '../parts/states.tsx'
import { places } from '../places/places.ts'

const pageSize = 25

interface SectionProps {
  readonly clientId: string
  readonly query: Readonly<Record<string, string>>
}

/** The connections of a client, with the names of their consumers. */
export function ClientConnections({ clientId, query }: SectionProps) {
  const { connectionsAfter: after } = query
  const { answer, isLoading, reload } = useAnswer(
    ClientDocument,
    { id: clientId, first: pageSize, ...(after && { after }) },
    { keep: true },
  )
  const page = answer?.data?.client?.connections
  return (
    <section class="card">
      <h2>{t('console.client.connections')}</h2>
      {answer === null && <Loading />}
      {answer !== null && page === undefined && <FailureNote {...answer} onRetry={reload} />}
      {page !== undefined && page.edges.length === 0 && <Empty title={t('console.client.connections.none')} />}
      {page !== undefined && page.edges.length > 0 && (
        <div aria-busy={isLoading}>
          <ConnectionTable
            caption={t('console.client.connections')}
            otherEnd={t('console.connection.consumer')}
            rows={page.edges.map(({ node }) => ({ ...node, other: node.consumer }))}
          />
          <Pager
            list={t('console.client.connections')}
            total={page.totalCount}
            newest={after ? places.client(clientId, { ...query, connectionsAfter: null }) : null}
            next={
              page.pageInfo.hasNextPage
                ? places.client(clientId, { ...query, connectionsAfter: page.pageInfo.endCursor })
                : null
            }
          />
        </div>
      )}
    </section>
  )
}
