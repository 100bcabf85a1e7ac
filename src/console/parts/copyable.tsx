import { t } from '../language/language.ts'
import { announce } from './announce.tsx'

/** A text with a button that copies it. `label` names the text for screen readers. */
export function Copyable({
  text,
  label,
  shown = text,
}: {
  readonly text: string
  readonly label: string
  readonly shown?: string
}) {
  async function copy(): Promise<void> {
    await navigator.clipboard.writeText(text).then(
      () => announce(t('console.copied')),
      () => announce(t('console.copyFailed')),
    )
  }
  return (
    <span class="copyable">
      <code title={text}>{shown}</code>
      <button type="button" class="quiet small" aria-label={t('console.copyWhat', { what: label })} onClick={copy}>
        {t('console.copy')}
      </button>
    </span>
  )
}
