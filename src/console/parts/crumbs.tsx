import { t } from '../language/language.ts'

/** The way from the first screen to this one. */
export function Crumbs({ steps }: { readonly steps: readonly { readonly text: string; readonly href: string }[] }) {
  return (
    <nav class="crumbs" aria-label={t('console.crumbs')}>
      <ol>
        {steps.map(({ text, href }) => (
          <li key={href}>
            <a href={href}>{text}</a>
          </li>
        ))}
      </ol>
    </nav>
  )
}
