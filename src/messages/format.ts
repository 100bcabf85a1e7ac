import type { MessageId } from './en.ts'

/** The languages of the catalogue, by their subtags (BCP 47). */
export const locales = ['uk', 'en'] as const

export type Locale = (typeof locales)[number]

/** The sentence of an id with its parameters, as plain text. Throws if a parameter is missing. */
export type Format = (id: MessageId, params?: Readonly<Record<string, string | number>>) => string

const texts: Readonly<Record<Locale, () => Promise<Readonly<Record<MessageId, string>>>>> = {
  uk: async () => (await import('./uk.ts')).uk,
  en: async () => (await import('./en.ts')).en,
}

const opened = new Map<Locale, Promise<Format>>()

/**
 * Opens the catalogue of a language. It loads the language and the library at the first call, so a process that needs
 * neither loads neither. Each sentence is parsed once, at its first use.
 */
export function openCatalogue(locale: Locale): Promise<Format> {
  const format = opened.get(locale) ?? load(locale)
  opened.set(locale, format)
  return format
}

async function load(locale: Locale): Promise<Format> {
  const [{ IntlMessageFormat }, catalogue] = await Promise.all([import('intl-messageformat'), texts[locale]()])
  const parsed = new Map<MessageId, InstanceType<typeof IntlMessageFormat>>()
  return (id, params) => {
    let message = parsed.get(id)
    if (message === undefined) {
      // Our sentences have no tags, and some hold `<`.
      message = new IntlMessageFormat(catalogue[id], locale, undefined, { ignoreTag: true })
      parsed.set(id, message)
    }
    return String(message.format(params))
  }
}
