import { useLocation } from 'preact-iso/router/navigation-api'
import { isUuid } from '../../domain/uuid.ts'
import { t } from '../language/language.ts'
import { Note } from '../parts/states.tsx'
import { useArrival } from '../places/arrival.ts'
import { viewer } from '../session/session.ts'
import { ChooseConsumer } from './choose-consumer.tsx'
import { ConsumerConnections } from './consumer-connections.tsx'

/** `/connections`: the connections of a consumer with all clients. */
export function Connections() {
  const { query } = useLocation()
  const { consumer = '', q = '' } = query
  if (viewer.value?.seesAllClients !== true) return <OwnOnly />
  return isUuid(consumer) ? <ConsumerConnections key={consumer} query={query} /> : <ChooseConsumer name={q} />
}

function OwnOnly() {
  useArrival(t('console.connections'), true)
  return (
    <>
      <h1 tabIndex={-1}>{t('console.connections')}</h1>
      <Note tone="info" title={t('console.connections.ownOnly')}>
        <p>{t('console.failure.FORBIDDEN.advice')}</p>
      </Note>
    </>
  )
}
