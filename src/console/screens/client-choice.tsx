import { ClientsDocument } from '../../client/documents/graphql.ts'
import { useAnswer } from '../answers/use-answer.ts'
import { t } from '../language/language.ts'
import { ClientName } from '../parts/identity.tsx'
import { Empty, FailureNote, Loading } from '../parts/states.tsx'

const shownAtMost = 20

/** The clients with a name, each a link. Without a name it shows nothing. */
export function ClientChoice({
  name,
  addressOf,
}: {
  readonly name: string
  readonly addressOf: (clientId: string) => string
}) {
  const { answer, reload } = useAnswer(
    ClientsDocument,
    { first: shownAtMost, filter: { nameContains: name } },
    { keep: true, skip: name === '' },
  )
  if (name === '') return null
  if (answer === null) return <Loading />
  if (answer.data === null) return <FailureNote {...answer} onRetry={reload} />
  const found = answer.data.clients.edges
  if (found.length === 0) return <Empty title={t('console.clients.none')} />
  return (
    <ul class="choice card">
      {found.map(({ node }) => (
        <li key={node.id}>
          <a href={addressOf(node.id)}>
            <ClientName name={node.name} />
          </a>{' '}
          <span class="muted">{node.clientTypeName}</span>
        </li>
      ))}
    </ul>
  )
}
