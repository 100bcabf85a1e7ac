import type { Violation } from '../domain/violation.ts'
import type { MessageId } from '../messages/en.ts'
import { violationSentence } from '../messages/sentences.ts'
import { HttpRefusal, type Refusal } from './http-refusals.ts'
import type { Language } from './language.ts'

/** A translation, beside the text of the specification that programs read. */
export interface Localized {
  readonly locale: string
  readonly message: string
}

/** A sentence of the catalogue in a language. */
export const localize = ({ locale, format }: Language, ...[id, params]: Parameters<Language['format']>): Localized => ({
  locale,
  message: format(id, params),
})

/** A refusal in a language: what is wrong, and what the person can do. */
export function localizeRefusal(refusal: Refusal, language: Language): Localized {
  if (refusal instanceof HttpRefusal) {
    const { reason, name = '' } = refusal.details
    const id = reason === undefined ? (`outcome.${refusal.refusal}` as const) : (`reason.${reason}` as const)
    return localize(language, id, { name })
  }
  if (refusal.is('tooManyRequests'))
    return localize(language, 'outcome.tooManyRequests', { seconds: refusal.details.retryAfter })
  if (refusal.is('unavailable') && refusal.details.retryAfter !== undefined)
    return localize(language, 'outcome.unavailableFor', { seconds: refusal.details.retryAfter })
  return localize(language, `outcome.${refusal.refusal}` satisfies MessageId)
}

/** A violation in a language. */
export const localizeViolation = (violation: Violation, { locale, format }: Language): Localized => ({
  locale,
  message: violationSentence(format, violation),
})
