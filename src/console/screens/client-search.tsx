import { useId } from 'preact/hooks'
import { isUuid } from '../../domain/uuid.ts'
import { t } from '../language/language.ts'
import { SearchField } from '../parts/search-field.tsx'
import { go } from '../places/places.ts'

interface ClientSearchProps {
  readonly name: string
  /** Absent: the list is one of clients, and says so. */
  readonly label?: string
  /** `yes`, `no`, or empty for all. Absent: the search does not ask for the state. */
  readonly blocked?: string
  /** The address of the list for a search. */
  readonly addressOf: (search: { readonly q: string; readonly blocked: string }) => string
  /** A UUID was typed or pasted. */
  readonly onUuid: (id: string) => void
}

/** The search of a list of clients. What it looks for stands in the address. */
export function ClientSearch({
  name,
  label = t('console.search.name'),
  blocked,
  addressOf,
  onUuid,
}: ClientSearchProps) {
  const stateId = useId()
  const search = (q: string, state: string) => go(addressOf({ q, blocked: state }), { isStep: false })

  function takes(text: string): boolean {
    if (!isUuid(text)) return false
    onUuid(text)
    return true
  }

  return (
    <search class="search">
      <SearchField
        label={label}
        placeholder={t('console.search.placeholder')}
        value={name}
        onSearch={(q) => search(q, blocked ?? '')}
        takes={takes}
      />
      {blocked !== undefined && (
        <p class="field">
          <label for={stateId}>{t('console.client.state')}</label>
          <select id={stateId} value={blocked} onChange={({ currentTarget }) => search(name, currentTarget.value)}>
            <option value="">{t('console.search.all')}</option>
            <option value="no">{t('console.search.active')}</option>
            <option value="yes">{t('console.search.blocked')}</option>
          </select>
        </p>
      )}
    </search>
  )
}
