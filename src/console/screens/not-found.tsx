import { t } from '../language/language.ts'
import { Empty } from '../parts/states.tsx'
import { useArrival } from '../places/arrival.ts'
import { places } from '../places/places.ts'

/** An address that is no screen. */
export function NotFound() {
  useArrival(t('console.notFound'), true)
  return (
    <>
      <h1 tabIndex={-1}>{t('console.notFound')}</h1>
      <Empty title={t('console.notFound.text')}>
        <a href={places.clients()}>{t('console.clients')}</a>
      </Empty>
    </>
  )
}
