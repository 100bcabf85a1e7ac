import { useSignal } from '@preact/signals'
import { useLocation } from 'preact-iso/router/navigation-api'
import { ClientHistoryDocument } from '../../client/documents/graphql.ts'
import { useAnswer } from '../answers/use-answer.ts'
import { t } from '../language/language.ts'
import { Pager } from '../parts/pager.tsx'
import { Empty, FailureNote, Loading } from '../parts/states.tsx'
import { places } from '../places/places.ts'
import { changedParts } from '../uri/display-parts.ts'
import type { Change, Connection } from './connection.ts'
import { History } from './history.tsx'
import { KindFilter, kindIn } from './kind-filter.tsx'
import { PutBackButton } from './put-back-button.tsx'
import { PutBackDialog } from './put-back-dialog.tsx'

const pageSize = 25

interface ConnectionHistoryProps {
  readonly connection: Connection
  readonly onPutBack: (change: Change) => void
}

/** The history of a connection, with a step back in each row that has one. */
export function ConnectionHistory({ connection, onPutBack }: ConnectionHistoryProps) {
  const { id, clientId, redirectUri, version } = connection
  const { query } = useLocation()
  const { after } = query
  const kind = kindIn(query['kind'])
  const asked = useSignal<Change | null>(null)
  const { answer, isLoading, reload } = useAnswer(
    ClientHistoryDocument,
    { id: clientId, connectionId: id, first: pageSize, ...(after && { after }), ...(kind && { kind }) },
    { keep: true, again: version },
  )
  const page = answer?.data?.client?.connectionChanges
  const addressOf = (search: Record<string, string | null>) => places.connection(clientId, id, { ...query, ...search })

  function start(change: Change): void {
    if (changedParts(redirectUri, change.before).has('host')) asked.value = change
    else onPutBack(change)
  }

  return (
    <section class="card">
      <div class="head">
        <h2>{t('console.history')}</h2>
        <KindFilter kind={kind ?? ''} addressOf={(next) => addressOf({ kind: next, after: null })} />
      </div>
      {answer === null && <Loading />}
      {answer !== null && page === undefined && <FailureNote {...answer} onRetry={reload} />}
      {page !== undefined && page.edges.length === 0 && <Empty title={t('console.history.none')} />}
      {page !== undefined && page.edges.length > 0 && (
        <div aria-busy={isLoading}>
          <History
            caption={t('console.history')}
            changes={page.edges.map(({ node }) => node)}
            last={{
              title: t('console.change.back'),
              of: (change) => <PutBackButton change={change} current={redirectUri} onPutBack={() => start(change)} />,
            }}
          />
          <Pager
            list={t('console.history')}
            total={page.totalCount}
            newest={after ? addressOf({ after: null }) : null}
            next={page.pageInfo.hasNextPage ? addressOf({ after: page.pageInfo.endCursor }) : null}
          />
        </div>
      )}
      {asked.value !== null && (
        <PutBackDialog
          current={redirectUri}
          former={asked.value.before}
          onClose={() => {
            asked.value = null
          }}
          onConfirm={() => {
            const change = asked.value
            asked.value = null
            if (change !== null) onPutBack(change)
          }}
        />
      )}
    </section>
  )
}
