import { partsOf } from '../../domain/redirect-uri-parts.ts'
import { t } from '../language/language.ts'
import { changedParts, displayParts, type PartName, partNames } from '../uri/display-parts.ts'
import { piecesOf, piecesOfHost } from '../uri/visible-characters.ts'
import { Characters } from './characters.tsx'

interface Column {
  readonly title: string
  readonly value: string
}

/**
 * Values side by side in their parts. The others are compared with the first column. A part that differs has a mark and
 * a word, not only another colour. A part that no value has is left out.
 */
export function PartsTable({ caption, columns }: { readonly caption: string; readonly columns: readonly Column[] }) {
  const first = columns[0]?.value ?? ''
  const rows = partNames.filter((name) => columns.some(({ value }) => displayParts(value)[name] !== ''))
  return (
    <table class="parts">
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">{t('console.part')}</th>
          {columns.map(({ title }) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((name) => (
          <tr key={name}>
            <th scope="row">{t(`console.part.${name}`)}</th>
            {columns.map(({ title, value }) => (
              <PartCell
                key={title}
                title={title}
                value={value}
                name={name}
                isChanged={changedParts(first, value).has(name)}
              />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

interface CellProps extends Column {
  readonly name: PartName
  readonly isChanged: boolean
}

function PartCell({ title, value, name, isChanged }: CellProps) {
  const text = displayParts(value)[name]
  const ascii = name === 'host' ? otherForm(value, text) : null
  return (
    <td data-title={title} class={isChanged ? 'changed' : undefined}>
      {text === '' ? (
        <span class="none">{t('console.part.none')}</span>
      ) : (
        <code translate={false}>
          <Characters pieces={name === 'host' ? piecesOfHost(text) : piecesOf(text)} />
        </code>
      )}
      {isChanged && <span class="mark">{t('console.part.changed')}</span>}
      {ascii !== null && <small>{t('console.part.asciiHost', { host: ascii })}</small>}
    </td>
  )
}

/** The other form of an internationalized host, or null. */
function otherForm(value: string, host: string): string | null {
  const parts = partsOf(value)
  const [ascii, unicode] = [parts?.ascii.join('.') ?? '', parts?.unicode.join('.') ?? '']
  if (ascii === '' || ascii === unicode) return null
  return host.toLowerCase() === ascii ? unicode : ascii
}
