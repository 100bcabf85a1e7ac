import type { MessageId } from '../../messages/en.ts'
import { t } from '../language/language.ts'
import { Dialog } from '../parts/dialog.tsx'
import { NewSecret } from '../parts/new-secret.tsx'
import { Note } from '../parts/states.tsx'
import type { Created } from './subscription-form.tsx'

const challengeTexts: Readonly<Record<NonNullable<Created['challenge']>, MessageId>> = {
  ANSWERED: 'console.events.created.active',
  STATUS: 'violation.challenge_status',
  ECHO: 'violation.challenge_echo',
  ADDRESS: 'violation.challenge_address',
  TIMEOUT: 'violation.challenge_timeout',
  TLS: 'violation.challenge_tls',
  CONNECTION: 'violation.challenge_connection',
  INTERRUPTED: 'console.events.created.interrupted',
}

interface CreatedDialogProps {
  readonly challenge: NonNullable<Created['challenge']>
  readonly secret: string
  readonly onClose: () => void
}

/** What became of the first challenge of a new subscription, and its signing secret, once. */
export function CreatedDialog({ challenge, secret, onClose }: CreatedDialogProps) {
  const text = t(challengeTexts[challenge])
  return (
    <Dialog title={t('console.secret.new')} onClose={onClose}>
      {challenge === 'ANSWERED' ? (
        <Note tone="good" title={text} />
      ) : (
        <Note tone="warning" title={t('console.events.created.unverified')}>
          <p>{text}</p>
          <p>{t('console.events.created.next')}</p>
        </Note>
      )}
      <NewSecret secret={secret} onClose={onClose} />
    </Dialog>
  )
}
