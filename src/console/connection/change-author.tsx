import { t } from '../language/language.ts'
import { Uuid } from '../parts/identity.tsx'
import { clientName } from './client-names.ts'
import type { Change } from './connection.ts'

/** Who made a change: the name of the client, its type, or that the change came past the gateway. */
export function CallerName({ change: { caller } }: { readonly change: Pick<Change, 'caller'> }) {
  if (caller === null) return <>{t('console.change.external')}</>
  return (
    <>
      {clientName(caller.clientId) ?? caller.clientType}
      {clientName(caller.clientId) != null && <span class="muted"> ({caller.clientType})</span>}
    </>
  )
}

/** Through what a change came in, in a word. */
export const doorText = ({ door }: Pick<Change, 'door'>): string => t(`console.door.${door}`)

/** Everything that is known about the author of a change. */
export function Author({ change }: { readonly change: Change }) {
  const { caller, brokerClientId, requestId } = change
  return (
    <>
      <p>
        <CallerName change={change} /> <span class="badge">{doorText(change)}</span>
      </p>
      {(caller !== null || requestId !== null) && (
        <details>
          <summary>{t('console.change.details')}</summary>
          <dl>
            {caller !== null && <Row name="console.change.client" id={caller.clientId} />}
            {caller?.userId && <Row name="console.change.user" id={caller.userId} />}
            {brokerClientId !== null && <Row name="console.change.broker" id={brokerClientId} />}
            {requestId !== null && <Row name="console.requestId" id={requestId} />}
          </dl>
        </details>
      )}
    </>
  )
}

function Row({
  name,
  id,
}: {
  readonly name: 'console.change.client' | 'console.change.user' | 'console.change.broker' | 'console.requestId'
  readonly id: string
}) {
  return (
    <div>
      <dt>{t(name)}</dt>
      <dd>
        <Uuid id={id} label={t(name)} />
      </dd>
    </div>
  )
}
