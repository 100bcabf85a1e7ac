import { t } from '../language/language.ts'
import { useArrival } from '../places/arrival.ts'

/** `/connections`: the connections of a consumer across clients. */
export function Connections() {
  useArrival(t('console.connections'), true)
  return <h1 tabIndex={-1}>{t('console.connections')}</h1>
}
