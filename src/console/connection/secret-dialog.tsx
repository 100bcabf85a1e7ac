import { t } from '../language/language.ts'
import { Dialog } from '../parts/dialog.tsx'
import { NewSecret } from '../parts/new-secret.tsx'
import { useSecretOnce } from '../parts/secret-once.ts'
import type { ConnectionKey, SeenState } from './connection.ts'
import { SecretForm } from './secret-form.tsx'

export interface SecretDialogProps {
  readonly connectionKey: ConnectionKey
  readonly seen: SeenState
  /** The consumer itself needs no key: only another caller does. */
  readonly isConsumer: boolean
  readonly consumer: string
  readonly onClose: () => void
  /** The secret was stored: the connection has another version now. */
  readonly onRefreshed: () => void
}

/** Gives a connection a new secret after its host was typed, and shows the secret once. */
export function SecretDialog(props: SecretDialogProps) {
  const secret = useSecretOnce(props.onClose)
  return (
    <Dialog title={t(secret.value === null ? 'console.secret.title' : 'console.secret.new')} onClose={props.onClose}>
      {secret.value === null ? (
        <SecretForm
          {...props}
          onSecret={(value) => {
            secret.value = value
            props.onRefreshed()
          }}
        />
      ) : (
        <NewSecret secret={secret.value} onClose={props.onClose} />
      )}
    </Dialog>
  )
}
