import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import {
  RefreshClientConnectionSecretDocument,
  type RefreshClientConnectionSecretMutation,
} from '../../client/documents/graphql.ts'
import { type Answer, ask } from '../answers/ask.ts'
import { t } from '../language/language.ts'
import { announce } from '../parts/announce.tsx'
import { FailureNote } from '../parts/states.tsx'
import { DangerActions } from './danger-actions.tsx'
import type { SecretDialogProps } from './secret-dialog.tsx'
import { isHostOf, TypedHost } from './typed-host.tsx'
import { run } from './write.ts'

interface SecretFormProps extends SecretDialogProps {
  readonly onSecret: (secret: string) => void
}

/** Asks for the host, and for the key of the consumer where the caller is another client. The key is used once. */
export function SecretForm(props: SecretFormProps) {
  const { connectionKey, seen, isConsumer, consumer, onClose, onSecret } = props
  const host = useSignal('')
  const apiKey = useSignal('')
  const failed = useSignal<Answer<unknown> | null>(null)
  const keyId = useId()
  const isMeant = isHostOf(seen.redirectUri, host.value) && (isConsumer || apiKey.value !== '')

  function submit(event: Event): void {
    event.preventDefault()
    failed.value = null
    if (!isMeant) {
      announce(t(isConsumer ? 'console.typeHost.differs' : 'console.secret.incomplete'))
      return
    }
    const key = apiKey.value
    apiKey.value = ''
    void run<RefreshClientConnectionSecretMutation>(
      {
        connection: connectionKey,
        mine: null,
        send: (expectedVersion) =>
          ask(RefreshClientConnectionSecretDocument, { input: { ...connectionKey, expectedVersion } }, { apiKey: key }),
        onDone: ({ data }) => onSecret(data?.refreshClientConnectionSecret?.secret ?? ''),
        onFailure: (answer) => {
          failed.value = answer
        },
      },
      seen,
    )
  }

  return (
    <form onSubmit={submit}>
      <p>{t('console.secret.text', { consumer })}</p>
      <TypedHost
        redirectUri={seen.redirectUri}
        value={host.value}
        onType={(value) => {
          host.value = value
        }}
      />
      {!isConsumer && (
        <p class="field">
          <label for={keyId}>{t('console.secret.apiKey', { consumer })}</label>
          <input
            id={keyId}
            type="password"
            autoComplete="off"
            value={apiKey.value}
            aria-describedby={`${keyId}-hint`}
            onInput={({ currentTarget }) => {
              apiKey.value = currentTarget.value
            }}
          />
          <small id={`${keyId}-hint`}>{t('console.secret.apiKey.hint')}</small>
        </p>
      )}
      {failed.value !== null && <KeyFailure {...failed.value} />}
      <DangerActions label={t('console.secret.do')} isMeant={isMeant} onClose={onClose} />
    </form>
  )
}

/** A refused key has the code of a refused token, so it needs its own text. */
function KeyFailure(answer: Answer<unknown>) {
  const isKey = answer.failures.some(({ code }) => code === 'UNAUTHENTICATED')
  return isKey ? (
    <div class="note bad" role="alert">
      <p class="title">{t('console.secret.apiKey.refused')}</p>
    </div>
  ) : (
    <FailureNote {...answer} />
  )
}
