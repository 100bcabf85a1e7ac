import { useId } from 'preact/hooks'
import type { ConnectionChangeKind } from '../../client/documents/graphql.ts'
import { t } from '../language/language.ts'
import { go } from '../places/places.ts'

export const kinds = [
  'UPDATED',
  'REVERTED',
  'SECRET_REFRESHED',
  'CREATED',
  'MOVED',
  'DELETED',
] as const satisfies ConnectionChangeKind[]

/** A kind of change that an address names, or undefined. */
export const kindIn = (text: string | undefined) => kinds.find((kind) => kind === text)

/** Chooses one kind of change. The choice stands in the address. */
export function KindFilter({
  kind,
  addressOf,
}: {
  readonly kind: string
  readonly addressOf: (kind: string) => string
}) {
  const id = useId()
  return (
    <p class="field inline">
      <label for={id}>{t('console.change.kind')}</label>
      <select id={id} value={kind} onChange={({ currentTarget }) => go(addressOf(currentTarget.value))}>
        <option value="">{t('console.change.kind.all')}</option>
        {kinds.map((each) => (
          <option key={each} value={each}>
            {t(`console.kind.${each}`)}
          </option>
        ))}
      </select>
    </p>
  )
}
