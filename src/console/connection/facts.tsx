import { t } from '../language/language.ts'
import { ClientName, Uuid } from '../parts/identity.tsx'
import { Moment } from '../parts/moment.tsx'
import { places } from '../places/places.ts'
import type { Connection } from './connection.ts'

/** The two ends of a connection, its ids and its times. */
export function ConnectionFacts({ connection }: { readonly connection: Connection }) {
  const { id, clientId, consumerId, client, consumer, version, insertedAt, updatedAt } = connection
  return (
    <section class="card">
      <h2>{t('console.connection.facts')}</h2>
      <dl class="facts">
        <div>
          <dt>{t('console.client')}</dt>
          <dd>
            <a href={places.client(clientId)}>
              <ClientName name={client?.name} />
            </a>{' '}
            <Uuid id={clientId} label={t('console.client')} />
          </dd>
        </div>
        <div>
          <dt>{t('console.connection.consumer')}</dt>
          <dd>
            <ClientName name={consumer?.name} /> <Uuid id={consumerId} label={t('console.connection.consumer')} />
          </dd>
        </div>
        <div>
          <dt>{t('console.connection.uuid')}</dt>
          <dd>
            <Uuid id={id} label={t('console.connection.uuid')} />
          </dd>
        </div>
        <div>
          <dt>{t('console.connection.version')}</dt>
          <dd>{version}</dd>
        </div>
        <div>
          <dt>{t('console.connection.made')}</dt>
          <dd>
            <Moment at={insertedAt} />
          </dd>
        </div>
        <div>
          <dt>{t('console.connection.updated')}</dt>
          <dd>
            <Moment at={updatedAt} />
          </dd>
        </div>
      </dl>
    </section>
  )
}
