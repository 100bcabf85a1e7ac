import { useEffect } from 'preact/hooks'

/** What had the focus, and how far the page was scrolled, by the key of the history entry. */
const left = new Map<string, { readonly href: string | null; readonly scroll: number }>()
let isReturn = false

/** Remembers the place of each screen that is left, so that Back comes back to it. */
export function rememberPlaces(): void {
  navigation.addEventListener('navigate', (event) => {
    const key = navigation.currentEntry?.key
    const href = document.activeElement?.getAttribute('href') ?? null
    if (key !== undefined) left.set(key, { href, scroll: scrollY })
    isReturn = event.navigationType === 'traverse'
  })
}

/**
 * Sets title and focus of a screen once its data is there. A new screen has the focus on its heading. After Back, the
 * link that was followed has it.
 */
export function useArrival(title: string, isReady: boolean): void {
  useEffect(() => {
    if (title !== '') document.title = `${title} · Mithril`
  }, [title])
  useEffect(() => {
    if (!isReady) return
    const place = isReturn ? left.get(navigation.currentEntry?.key ?? '') : undefined
    const link = place?.href ? document.querySelector<HTMLElement>(`main a[href="${CSS.escape(place.href)}"]`) : null
    const target = link ?? document.querySelector<HTMLElement>('h1')
    target?.focus({ preventScroll: true })
    scrollTo(0, place?.scroll ?? 0)
  }, [isReady])
}
