import { t } from '../language/language.ts'
import { useArrival } from '../places/arrival.ts'
import { go, places } from '../places/places.ts'
import { ClientChoice } from './client-choice.tsx'
import { ClientSearch } from './client-search.tsx'

/** Finds a consumer by its name. A pasted UUID chooses it at once. */
export function ChooseConsumer({ name }: { readonly name: string }) {
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
      <ClientChoice name={name} addressOf={(consumer) => places.connections({ consumer })} />
    </>
  )
}
