import { t } from '../language/language.ts'
import { SearchField } from '../parts/search-field.tsx'
import { go } from '../places/places.ts'

interface ConnectionFilterProps {
  readonly host: string
  readonly text: string
  readonly addressOf: (search: Record<string, string | null>) => string
}

/** Narrows a list of connections. The filter stands in the address. */
export function ConnectionFilter({ host, text, addressOf }: ConnectionFilterProps) {
  const search = (change: Record<string, string>) => go(addressOf({ ...change, after: null }), { isStep: false })
  return (
    <search class="search">
      <SearchField label={t('console.connections.host')} value={host} onSearch={(next) => search({ host: next })} />
      <SearchField label={t('console.connections.text')} value={text} onSearch={(next) => search({ text: next })} />
    </search>
  )
}
