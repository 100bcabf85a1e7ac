import { t } from '../language/language.ts'

interface PagerProps {
  readonly total: number
  /** Addresses of the neighbouring pages. null: there is none. */
  readonly newest: string | null
  readonly next: string | null
}

/** Steps through a list. Each page has an address of its own, so Back works. */
export function Pager({ total, newest, next }: PagerProps) {
  return (
    <nav class="pager" aria-label={t('console.pages')}>
      <span class="muted">{t('console.total', { count: total })}</span>
      {newest !== null && <a href={newest}>{t('console.newest')}</a>}
      {next !== null && (
        <a href={next} rel="next">
          {t('console.older')}
        </a>
      )}
    </nav>
  )
}
