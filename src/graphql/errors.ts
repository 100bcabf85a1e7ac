import { GraphQLError } from 'graphql'
import { GatewayError } from '../domain/errors.ts'
import { describeViolation, rawDescriptionOf, type Violation } from '../domain/violation.ts'
import { type Refusal, statusOf } from '../server/http-refusals.ts'

const inputError = (violation: Violation) => ({
  message: describeViolation(violation),
  options: {
    id: violation.id,
    rule: violation.rule,
    params: violation.params,
    rawDescription: rawDescriptionOf(violation),
  },
  path: violation.path,
})

function exceptionOf(error: Refusal): Record<string, unknown> | undefined {
  if (!(error instanceof GatewayError)) return undefined
  if (error.is('invalidScopes')) return { missingAllowances: error.details.missingScopes }
  if (error.is('validationFailed')) return { inputErrors: error.details.violations.map(inputError) }
  if (error.is('conflict')) {
    const { version, redirectUri, updatedAt } = error.details.current
    return { current: { version, redirectUri, updatedAt: updatedAt.toISOString() } }
  }
  if (!error.is('unavailable') && !error.is('tooManyRequests')) return undefined
  const { retryAfter } = error.details
  return retryAfter === undefined ? undefined : { retryAfter }
}

/** `extensions` of a refusal, as the platform's admin UIs read them (`docs/platform.md` §5). */
export function extensionsOf(error: Refusal): Record<string, unknown> {
  const exception = exceptionOf(error)
  return { code: error.code, status: statusOf(error), ...(exception && { exception }) }
}

/**
 * A refusal as an error of a GraphQL result. What is not from the catalogue becomes `internal`, and says no more than
 * that.
 */
export function toGraphQLError(error: unknown): GraphQLError {
  const refusal = error instanceof GatewayError ? error : new GatewayError('internal', {}, error)
  return new GraphQLError(refusal.message, { extensions: extensionsOf(refusal) })
}
