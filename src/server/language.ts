import type { FastifyInstance, FastifyReply } from 'fastify'
import { type Format, type Locale, locales, openCatalogue } from '../messages/format.ts'
import { preferredLocale as parsePreferredLocale } from './accept-language.ts'
import { rememberHeader } from './remembered-headers.ts'

const preferredLocale = rememberHeader(parsePreferredLocale)

/** A language that a request asks for, with its sentences. */
export interface Language {
  readonly locale: Locale
  readonly format: Format
}

/** The languages that requests have asked for so far. */
const opened = new Map<Locale, Language>()

/** Opens the language of an `Accept-Language` header if it is not open yet. undefined: there is nothing to wait for. */
export function opening(header: string | undefined): Promise<void> | undefined {
  if (header === undefined || opened.size === locales.length) return undefined
  const locale = preferredLocale(header)
  if (locale === null || opened.has(locale)) return undefined
  return openCatalogue(locale).then((format) => {
    opened.set(locale, { locale, format })
  })
}

/**
 * Opens languages before anything can refuse a request, so that a refusal need not wait. A request without the header
 * loads nothing. Later requests do not even look at theirs, unless they are refused.
 */
export function openLanguages(app: FastifyInstance): void {
  app.addHook('onRequest', ({ headers }, _reply, done) => {
    const open = opening(headers['accept-language'])
    if (open === undefined) done()
    else open.then(() => done(), done)
  })
}

/** The language that an `Accept-Language` header asks for. null: the header asks for none of the catalogue. */
export function languageOf(header: string | undefined): Language | null {
  if (header === undefined) return null
  const locale = preferredLocale(header)
  return locale === null ? null : (opened.get(locale) ?? null)
}

/** Tells caches that the answer depends on the language (RFC 9110 §12.5.5), beside what is there already. */
export function varyByLanguage(reply: FastifyReply, language: Language | null): void {
  if (language === null) return
  const known = reply.getHeader('vary')
  reply.header('vary', known === undefined ? 'Accept-Language' : `${known}, Accept-Language`)
}
