import { ClientsDocument } from '../../client/documents/graphql.ts'
import { useAnswer } from '../answers/use-answer.ts'
import { t } from '../language/language.ts'
import { ClientName } from '../parts/identity.tsx'
import { Empty, FailureNote, Loading } from '../parts/states.tsx'
import { useArrival } from '../places/arrival.ts'
import { go, places } from '../places/places.ts'
import { ClientSearch } from './client-search.tsx'

const shownAtMost = 20

/** Finds a consumer by its name. A pasted UUID chooses it at once. */
export function ChooseConsumer({ name }: { readonly name: string }) {
  const { answer, reload } = useAnswer(
    ClientsDocument,
    { first: shownAtMost, filter: { nameContains: name } },
    { keep: true, skip: name === '' },
  )
  const found = name === '' ? undefined : answer?.data?.clients.edges
  useArrival(t('console.connections'), true)
  return (
    <>
      <h1 tabIndex={-1}>{t('console.connections')}</h1>
      <p class="lead">{t('console.connections.choose.text')}</p>
      <ClientSearch
        name={name}
        addressOf={({ q }) => places.connections({ q })}
        onUuid={(consumer) => go(places.connections({ consumer }))}
      />
      {name !== '' && answer === null && <Loading />}
      {name !== '' && answer !== null && answer.data === null && <FailureNote {...answer} onRetry={reload} />}
      {found?.length === 0 && <Empty title={t('console.clients.none')} />}
      {found !== undefined && found.length > 0 && (
        <ul class="choice card">
          {found.map(({ node }) => (
            <li key={node.id}>
              <a href={places.connections({ consumer: node.id })}>
                <ClientName name={node.name} />
              </a>{' '}
              <span class="muted">{node.clientTypeName}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
