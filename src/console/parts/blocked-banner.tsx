import { t } from '../language/language.ts'
import { Note } from './states.tsx'

/** Says that a client is blocked, and why. */
export function BlockedBanner({
  client,
}: {
  readonly client: { readonly isBlocked: boolean; readonly blockReason: string | null }
}) {
  if (!client.isBlocked) return null
  return (
    <Note tone="warning" title={t('console.client.isBlocked')}>
      <p>{client.blockReason ?? t('console.client.noReason')}</p>
    </Note>
  )
}
