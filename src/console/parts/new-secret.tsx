import { useSignal } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'
import { t } from '../language/language.ts'
import { announce } from './announce.tsx'

/** A new secret, masked until it is asked for. It goes out of the document together with this component. */
export function NewSecret({ secret, onClose }: { readonly secret: string; readonly onClose: () => void }) {
  const isShown = useSignal(false)
  const id = useId()
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    field.current?.focus()
    return () => {
      if (field.current) field.current.value = ''
    }
  }, [])

  async function copy(): Promise<void> {
    await navigator.clipboard.writeText(secret).then(
      () => announce(t('console.copied')),
      () => announce(t('console.copyFailed')),
    )
  }

  return (
    <>
      <p>{t('console.secret.once')}</p>
      <p class="field">
        <label for={id}>{t('console.secret.title')}</label>
        <input
          ref={field}
          id={id}
          class="value"
          {...(isShown.value ? { type: 'text' } : { type: 'password' })}
          readOnly
          autoComplete="off"
          value={secret}
        />
      </p>
      <div class="actions">
        <button type="button" class="primary" onClick={copy}>
          {t('console.copy')}
        </button>
        <button
          type="button"
          aria-pressed={isShown.value}
          onClick={() => {
            isShown.value = !isShown.value
          }}
        >
          {t('console.secret.show')}
        </button>
        <button type="button" class="quiet" onClick={onClose}>
          {t('console.close')}
        </button>
      </div>
    </>
  )
}
