import { t } from '../language/language.ts'
import { ClientName } from '../parts/identity.tsx'
import { Moment } from '../parts/moment.tsx'
import { RedirectUri } from '../parts/redirect-uri.tsx'
import { places } from '../places/places.ts'

interface Row {
  readonly id: string
  readonly clientId: string
  readonly redirectUri: string
  readonly updatedAt: string
  /** The client at the other end, which the list is not about. */
  readonly other: { readonly name: string | null } | null
}

interface ConnectionTableProps {
  readonly caption: string
  readonly otherEnd: string
  readonly rows: readonly Row[]
}

/** Connections, each with the client at its other end. */
export function ConnectionTable({ caption, otherEnd, rows }: ConnectionTableProps) {
  return (
    <table class="list connections">
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">{otherEnd}</th>
          <th scope="col">{t('console.connection.redirectUri')}</th>
          <th scope="col">{t('console.column.kyiv', { title: t('console.connection.updated') })}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ id, clientId, redirectUri, updatedAt, other }) => (
          <tr key={id}>
            <th scope="row" data-title={otherEnd}>
              <a href={places.connection(clientId, id)}>
                <ClientName name={other?.name} />
              </a>
            </th>
            <td data-title={t('console.connection.redirectUri')}>
              <RedirectUri value={redirectUri} />
              {redirectUri.startsWith('http:') && <span class="badge warning">{t('console.connection.isHttp')}</span>}
            </td>
            <td data-title={t('console.column.kyiv', { title: t('console.connection.updated') })}>
              <Moment at={updatedAt} isInColumn />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
