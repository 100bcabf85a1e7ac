import type { ComponentChildren } from 'preact'
import { t } from '../language/language.ts'
import { Uuid } from '../parts/identity.tsx'
import { Moment } from '../parts/moment.tsx'
import { RedirectUri } from '../parts/redirect-uri.tsx'
import { changedParts } from '../uri/display-parts.ts'
import { Author } from './change-author.tsx'
import { clientName } from './client-names.ts'
import type { Change } from './connection.ts'

interface HistoryProps<Row extends Change> {
  readonly caption: string
  readonly changes: readonly Row[]
  /** What stands at the end of a row: the step back, or the connection. */
  readonly last: { readonly title: string; readonly of: (change: Row) => ComponentChildren }
}

/** Changes, newest first: when, what, before → after, who and through what. */
export function History<Row extends Change>({ caption, changes, last }: HistoryProps<Row>) {
  return (
    <table class="list history">
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">{t('console.column.kyiv', { title: t('console.change.when') })}</th>
          <th scope="col">{t('console.change.what')}</th>
          <th scope="col">{t('console.change.who')}</th>
          <th scope="col">{last.title}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.id}>
            <td data-title={t('console.column.kyiv', { title: t('console.change.when') })}>
              <Moment at={change.changedAt} isInColumn />
            </td>
            <td data-title={t('console.change.what')}>
              <p class={`kind ${change.kind}`}>{kindText(change)}</p>
              <Values change={change} />
              {change.kind === 'MOVED' && change.consumerId !== null && <Consumer id={change.consumerId} />}
            </td>
            <td data-title={t('console.change.who')}>
              <Author change={change} />
            </td>
            <td data-title={last.title}>{last.of(change)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** A move is two rows: the row of the place that the connection left has no redirect URI after it. */
const kindText = ({ kind, after }: Change) =>
  kind === 'MOVED' && after === null ? t('console.kind.MOVED.away') : t(`console.kind.${kind}`)

/** The consumer from before the move, or the new one. */
function Consumer({ id }: { readonly id: string }) {
  const title = t('console.connection.consumer')
  return (
    <p>
      {title}: {clientName(id) ?? <Uuid id={id} label={title} />}
    </p>
  )
}

function Values({ change: { kind, before, after } }: { readonly change: Change }) {
  if (kind === 'SECRET_REFRESHED') return null
  if (after === null || before === after) return <RedirectUri value={before} as={after === null ? 'del' : 'span'} />
  const changed = changedParts(before, after)
  return (
    <>
      <p class="before">
        <span class="unseen">{t('console.change.before')} </span>
        <RedirectUri value={before} changed={changed} as="del" />
      </p>
      <p class="after">
        <span class="unseen">{t('console.change.after')} </span>
        <RedirectUri value={after} changed={changed} as="ins" />
      </p>
    </>
  )
}
