import { useRoute } from 'preact-iso/router/navigation-api'
import { ConnectionCardDocument } from '../../client/documents/graphql.ts'
import type { Answer } from '../answers/ask.ts'
import { useAnswer } from '../answers/use-answer.ts'
import { learnName } from '../connection/client-names.ts'
import { draftOf } from '../drafts/draft.ts'
import { t } from '../language/language.ts'
import { Copyable } from '../parts/copyable.tsx'
import { Empty, FailureNote, Loading } from '../parts/states.tsx'
import { useArrival } from '../places/arrival.ts'
import { places } from '../places/places.ts'
import { ConnectionView } from './connection-view.tsx'

/** `/clients/:id/connections/:id`: the redirect URI of a connection, and everything that is done with it. */
export function ConnectionScreen() {
  const { clientId = '', connectionId = '' } = useRoute().params
  return <ConnectionOf key={connectionId} clientId={clientId} connectionId={connectionId} />
}

function ConnectionOf({ clientId, connectionId }: { readonly clientId: string; readonly connectionId: string }) {
  const { answer, reload } = useAnswer(ConnectionCardDocument, { clientId, connectionId })
  const connection = answer?.data?.clientConnection
  useArrival(connection?.consumer?.name ?? t('console.connection'), answer !== null)
  if (answer === null) return <Loading rows={8} />
  if (connection == null)
    return (
      <Absent answer={answer} onRetry={reload} clientId={clientId} typed={draftOf({ clientId, connectionId })?.value} />
    )
  for (const end of [connection.client, connection.consumer]) if (end !== null) learnName(end.clientId, end.name)
  return <ConnectionView connection={connection} onChanged={reload} />
}

interface AbsentProps {
  readonly answer: Answer<unknown>
  readonly onRetry: () => Promise<void>
  readonly clientId: string
  /** What was typed for a connection that is gone. It is not lost. */
  readonly typed: string | undefined
}

function Absent({ answer, onRetry, clientId, typed }: AbsentProps) {
  return (
    <>
      <h1 tabIndex={-1}>{t('console.connection')}</h1>
      {answer.failures.length > 0 ? (
        <FailureNote {...answer} onRetry={onRetry} />
      ) : (
        <Empty title={t('console.connection.absent')}>
          {typed !== undefined && (
            <p>
              {t('console.connection.typed')} <Copyable text={typed} label={t('console.editor.field')} />
            </p>
          )}
          <a href={places.client(clientId, { kind: 'DELETED' })}>{t('console.connection.absent.history')}</a>
        </Empty>
      )}
    </>
  )
}
