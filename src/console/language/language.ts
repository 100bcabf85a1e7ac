import { signal } from '@preact/signals'
import type { MessageId } from '../../messages/en.ts'
import { type Format, type Locale, locales, openCatalogue } from '../../messages/format.ts'

export const languages = locales
export type Language = Locale

const key = 'console.language'
const isLanguage = (text: unknown): text is Language => languages.some((language) => language === text)

/** The language of the texts. It changes only after their catalogue has arrived. */
export const language = signal<Language>(preferred())
const format = signal<Format | null>(null)

/** The language that was chosen in this tab, or else the browser's. Ukrainian, if the browser wants neither. */
function preferred(): Language {
  const chosen = sessionStorage.getItem(key)
  if (isLanguage(chosen)) return chosen
  return navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage) ?? 'uk'
}

/** Shows the console in a language. What is typed stays. */
export async function speak(next: Language): Promise<void> {
  format.value = await openCatalogue(next)
  language.value = next
  document.documentElement.lang = next
  sessionStorage.setItem(key, next)
}

/** The text of a message in the present language. A component that calls it is drawn anew when the language changes. */
export function t(id: MessageId, params?: Readonly<Record<string, string | number>>): string {
  return format.value?.(id, params) ?? ''
}
