import { useId } from 'preact/hooks'
import { partsOf } from '../../domain/redirect-uri-parts.ts'
import { t } from '../language/language.ts'
import { displayParts } from '../uri/display-parts.ts'

/** Whether a typed text is the host of a redirect URI, in either form of an internationalized one. */
export function isHostOf(redirectUri: string, typed: string): boolean {
  const parts = partsOf(redirectUri)
  const forms = [displayParts(redirectUri).host, parts?.ascii.join('.'), parts?.unicode.join('.')]
  return typed !== '' && forms.includes(typed.trim().toLowerCase())
}

/** A field in which a person types the host, to show that they mean this connection. */
export function TypedHost({
  redirectUri,
  value,
  onType,
}: {
  readonly redirectUri: string
  readonly value: string
  readonly onType: (value: string) => void
}) {
  const id = useId()
  return (
    <p class="field">
      <label for={id}>
        {t('console.typeHost')} <code translate={false}>{displayParts(redirectUri).host}</code>
      </label>
      <input
        id={id}
        type="text"
        autoComplete="off"
        autoCapitalize="off"
        spellcheck={false}
        value={value}
        onInput={({ currentTarget }) => onType(currentTarget.value)}
      />
    </p>
  )
}
