import { useEffect, useRef } from 'preact/hooks'
import { t } from '../language/language.ts'

interface PagerProps {
  /** The name of the list, which tells several pagers apart. */
  readonly list: string
  readonly total: number
  /** Addresses of the neighbouring pages. null: there is none. */
  readonly newest: string | null
  readonly next: string | null
}

/** Steps through a list. Each page has an address of its own, so Back works. */
export function Pager({ list, total, newest, next }: PagerProps) {
  const nav = useRef<HTMLElement>(null)
  // On the last page the link that was followed is gone. The focus goes to the heading of the list then.
  useEffect(() => {
    if (document.activeElement !== document.body) return
    const heading = nav.current?.closest('section, main')?.querySelector<HTMLElement>('h1, h2')
    heading?.setAttribute('tabindex', '-1')
    heading?.focus()
  }, [newest, next])
  return (
    <nav ref={nav} class="pager" aria-label={t('console.pages', { list })}>
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
