import { Fragment } from 'preact'
import { displayParts, type PartName, partNames } from '../uri/display-parts.ts'
import { piecesOf, piecesOfHost } from '../uri/visible-characters.ts'
import { Characters } from './characters.tsx'

const noChange: ReadonlySet<PartName> = new Set()

/** What stands between the parts in the text. */
const before: Partial<Record<PartName, string>> = { host: '://', port: ':' }

/**
 * A redirect URI in one line, its host in bold. Changed parts are underlined.
 * @param as `del` or `ins` where the value is one side of a change, for screen readers
 */
export function RedirectUri({
  value,
  changed = noChange,
  as: Element = 'span',
}: {
  readonly value: string
  readonly changed?: ReadonlySet<PartName>
  readonly as?: 'span' | 'del' | 'ins'
}) {
  const parts = displayParts(value)
  return (
    <Element class="uri" translate={false}>
      {partNames
        .filter((name) => parts[name] !== '')
        .map((name) => (
          <Fragment key={name}>
            {name === 'host' && parts.scheme === '' ? '' : before[name]}
            <span class={changed.has(name) ? `${name} changed` : name}>
              <Characters pieces={name === 'host' ? piecesOfHost(parts.host) : piecesOf(parts[name])} />
            </span>
          </Fragment>
        ))}
    </Element>
  )
}
