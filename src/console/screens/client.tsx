import { useLocation, useRoute } from 'preact-iso/router/navigation-api'
import { ClientCardDocument } from '../../client/documents/graphql.ts'
import { useAnswer } from '../answers/use-answer.ts'
import { learnName } from '../connection/client-names.ts'
import { t } from '../language/language.ts'
import { BlockedBanner } from '../parts/blocked-banner.tsx'
import { Crumbs } from '../parts/crumbs.tsx'
import { ClientName, Uuid } from '../parts/identity.tsx'
import { Moment } from '../parts/moment.tsx'
import { Empty, FailureNote, Loading } from '../parts/states.tsx'
import { useArrival } from '../places/arrival.ts'
import { places } from '../places/places.ts'
import { viewer } from '../session/session.ts'
import { ClientConnections } from './client-connections.tsx'
import { ClientHistory } from './client-history.tsx'

/** `/clients/:id`: its card, its connections, and the history with deleted connections. */
export function Client() {
  const { clientId = '' } = useRoute().params
  return <ClientOf key={clientId} clientId={clientId} />
}

function ClientOf({ clientId }: { readonly clientId: string }) {
  const { query } = useLocation()
  const { answer, reload } = useAnswer(ClientCardDocument, { id: clientId })
  const client = answer?.data?.client
  const name = client?.name ?? t('console.client.unnamed')
  useArrival(client ? name : t('console.client'), answer !== null)
  if (answer === null) return <Loading rows={8} />
  if (client == null) return <Absent answer={answer} onRetry={reload} />
  learnName(client.id, client.name)
  return (
    <>
      {viewer.value?.seesAllClients === true && (
        <Crumbs steps={[{ text: t('console.clients'), href: places.clients() }]} />
      )}
      <h1 tabIndex={-1}>
        <ClientName name={client.name} />
      </h1>
      <BlockedBanner client={client} />
      <section class="card">
        <dl class="facts">
          <div>
            <dt>{t('console.client.type')}</dt>
            <dd>{client.clientTypeName}</dd>
          </div>
          <div>
            <dt>UUID</dt>
            <dd>
              <Uuid id={client.id} label={t('console.client.uuid')} />
            </dd>
          </div>
          <div>
            <dt>{t('console.client.registered')}</dt>
            <dd>
              <Moment at={client.insertedAt} />
            </dd>
          </div>
          <div>
            <dt>{t('console.client.updated')}</dt>
            <dd>
              <Moment at={client.updatedAt} />
            </dd>
          </div>
        </dl>
        {viewer.value?.seesAllClients === true && (
          <p>
            <a href={places.connections({ consumer: client.id })}>{t('console.client.asConsumer')}</a>
          </p>
        )}
        {viewer.value?.scopes.includes('event:manage') && (
          <p>
            <a href={places.events({ client: client.id })}>{t('console.events.ofClient')}</a>
          </p>
        )}
      </section>
      <ClientConnections clientId={clientId} query={query} />
      <ClientHistory clientId={clientId} query={query} />
    </>
  )
}

function Absent({
  answer,
  onRetry,
}: {
  readonly answer: Parameters<typeof FailureNote>[0]
  readonly onRetry: () => Promise<void>
}) {
  return (
    <>
      <h1 tabIndex={-1}>{t('console.client')}</h1>
      {answer.failures.length > 0 ? (
        <FailureNote {...answer} onRetry={onRetry} />
      ) : (
        <Empty title={t('console.client.absent')}>
          <a href={places.clients()}>{t('console.clients')}</a>
        </Empty>
      )}
    </>
  )
}
