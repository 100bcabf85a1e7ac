import { GraphQLError } from 'graphql'
import { GatewayError } from '../domain/errors.ts'
import { describeViolation, rawDescriptionOf, type Violation } from '../domain/violation.ts'
import type { MessageId } from '../messages/en.ts'
import { type Refusal, statusOf } from '../server/http-refusals.ts'
import type { Language } from '../server/language.ts'
import { type Localized, localize, localizeRefusal, localizeViolation } from '../server/localized.ts'
import { documentLimits, limitOf } from './document-limits/limits.ts'

const inputError = (violation: Violation, language: Language | null) => ({
  message: describeViolation(violation),
  options: {
    id: violation.id,
    rule: violation.rule,
    params: violation.params,
    rawDescription: rawDescriptionOf(violation),
  },
  path: violation.path,
  ...(language && { localized: localizeViolation(violation, language) }),
})

function exceptionOf(error: Refusal, language: Language | null): Record<string, unknown> | undefined {
  if (!(error instanceof GatewayError)) return undefined
  if (error.is('invalidScopes')) return { missingAllowances: error.details.missingScopes }
  if (error.is('validationFailed'))
    return { inputErrors: error.details.violations.map((violation) => inputError(violation, language)) }
  if (error.is('conflict')) {
    const { version, redirectUri, updatedAt } = error.details.current
    return { current: { version, redirectUri, updatedAt: updatedAt.toISOString() } }
  }
  if (error.is('subscriptionState')) {
    const { method, state } = error.details.current
    return { current: { method, state } }
  }
  if (error.is('tooManySubscriptions')) return { max: error.details.max }
  if (!error.is('unavailable') && !error.is('tooManyRequests')) return undefined
  const { retryAfter } = error.details
  return retryAfter === undefined ? undefined : { retryAfter }
}

/**
 * `extensions` of a refusal, as the platform's admin UIs read them (`docs/platform.md` §5).
 * @param language adds a translation beside each text; null: none
 */
export function extensionsOf(error: Refusal, language: Language | null): Record<string, unknown> {
  const exception = exceptionOf(error, language)
  const { code, reason } = error
  return {
    code,
    status: statusOf(error),
    ...(reason !== undefined && { reason }),
    ...(exception && { exception }),
    ...(language && { localized: localizeRefusal(error, language) }),
  }
}

/** A refusal as an error of a GraphQL result. graphql-js wraps it to add the place in the document. */
class RefusalError extends GraphQLError {
  readonly #refusal: GatewayError

  constructor(refusal: GatewayError) {
    super(refusal.message, { extensions: extensionsOf(refusal, null) })
    this.#refusal = refusal
  }

  extensionsIn(language: Language): Record<string, unknown> {
    return extensionsOf(this.#refusal, language)
  }
}

/**
 * A thrown value as an error of a GraphQL result. A value that is not from the catalogue becomes `internal`, and says
 * no more than that.
 */
export const toGraphQLError = (error: unknown): GraphQLError =>
  new RefusalError(error instanceof GatewayError ? error : new GatewayError('internal', {}, error))

const sentencesOfCodes: Readonly<Record<string, MessageId>> = {
  GRAPHQL_PARSE_FAILED: 'document.parse_failed',
  GRAPHQL_VALIDATION_FAILED: 'document.not_valid',
}

/** A request error in a language. Its own text names parts of the document, which only a developer knows. */
function localizeRequestError({ extensions }: GraphQLError, language: Language): Localized {
  const limit = limitOf(extensions['exception'])
  return limit === undefined
    ? localize(language, sentencesOfCodes[String(extensions['code'])] ?? 'document.not_executable')
    : localize(language, `document.limit.${limit}`, { max: documentLimits[limit] })
}

/** `extensions` of an error of a result, with a translation beside each text. */
export function localizedExtensions(error: GraphQLError, language: Language): Record<string, unknown> {
  const refusal = [error, error.originalError].find((candidate) => candidate instanceof RefusalError)
  return refusal?.extensionsIn(language) ?? { ...error.extensions, localized: localizeRequestError(error, language) }
}
