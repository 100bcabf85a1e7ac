import { useLocation } from 'preact-iso/router/navigation-api'
import { ClientsDocument, type ClientsQuery } from '../../client/documents/graphql.ts'
import { useAnswer } from '../answers/use-answer.ts'
import { t } from '../language/language.ts'
import { ClientName } from '../parts/identity.tsx'
import { Moment } from '../parts/moment.tsx'
import { Pager } from '../parts/pager.tsx'
import { Empty, FailureNote, Loading } from '../parts/states.tsx'
import { useArrival } from '../places/arrival.ts'
import { places } from '../places/places.ts'
import { ClientSearch } from './client-search.tsx'
import { openByUuid } from './open-by-uuid.ts'

const pageSize = 25

/** `/clients`: find a client by name, by UUID, by block. */
export function Clients() {
  const { query } = useLocation()
  const { q: name = '', blocked = '', after } = query
  const filter = {
    ...(name !== '' && { nameContains: name }),
    ...(blocked !== '' && { isBlocked: blocked === 'yes' }),
  }
  const { answer, isLoading, reload } = useAnswer(
    ClientsDocument,
    { first: pageSize, filter, ...(after && { after }) },
    { keep: true },
  )
  const page = answer?.data?.clients
  useArrival(t('console.clients'), answer !== null)
  return (
    <>
      <h1 tabIndex={-1}>{t('console.clients')}</h1>
      <ClientSearch name={name} blocked={blocked} addressOf={places.clients} onUuid={(id) => void openByUuid(id)} />
      {answer === null && <Loading rows={8} />}
      {answer !== null && page === undefined && <FailureNote {...answer} onRetry={reload} />}
      {page !== undefined && page.edges.length === 0 && (
        <Empty title={t('console.clients.none')}>
          <p>{t('console.clients.none.text')}</p>
          <a href={places.clients()}>{t('console.clearSearch')}</a>
        </Empty>
      )}
      {page !== undefined && page.edges.length > 0 && (
        <div aria-busy={isLoading}>
          <ClientTable page={page} />
          <Pager
            list={t('console.clients')}
            total={page.totalCount}
            newest={after ? places.clients({ q: name, blocked }) : null}
            next={
              page.pageInfo.hasNextPage ? places.clients({ q: name, blocked, after: page.pageInfo.endCursor }) : null
            }
          />
        </div>
      )}
    </>
  )
}

function ClientTable({ page }: { readonly page: ClientsQuery['clients'] }) {
  return (
    <table class="list">
      <caption class="unseen">{t('console.clients')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('console.client.name')}</th>
          <th scope="col">{t('console.client.type')}</th>
          <th scope="col">{t('console.client.state')}</th>
          <th scope="col">{t('console.column.kyiv', { title: t('console.client.registered') })}</th>
        </tr>
      </thead>
      <tbody>
        {page.edges.map(({ node }) => (
          <tr key={node.id}>
            <th scope="row" data-title={t('console.client.name')}>
              <a href={places.client(node.id)}>
                <ClientName name={node.name} />
              </a>
              <small class="muted">{node.id}</small>
            </th>
            <td data-title={t('console.client.type')}>{node.clientTypeName}</td>
            <td data-title={t('console.client.state')}>
              {node.isBlocked ? (
                <span class="badge bad">{t('console.client.blocked')}</span>
              ) : (
                t('console.client.active')
              )}
            </td>
            <td data-title={t('console.column.kyiv', { title: t('console.client.registered') })}>
              <Moment at={node.insertedAt} isInColumn />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
