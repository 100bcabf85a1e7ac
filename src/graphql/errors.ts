import { GraphQLError } from 'graphql'
import { GatewayError } from '../domain/errors.ts'
import { describeViolation, rawDescriptionOf, type Violation } from '../domain/violation.ts'

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

function exceptionOf({ details }: GatewayError): Record<string, unknown> | undefined {
  if (details.missingScopes) return { missingAllowances: details.missingScopes }
  if (details.violations) return { inputErrors: details.violations.map(inputError) }
  if (details.current) {
    const { version, redirectUri, updatedAt } = details.current
    return { current: { version, redirectUri, updatedAt: updatedAt.toISOString() } }
  }
  if (details.retryAfter !== undefined) return { retryAfter: details.retryAfter }
  return undefined
}

/** `extensions` of a refusal, as the platform's admin UIs read them (`docs/platform.md` §5). */
export function extensionsOf(error: GatewayError): Record<string, unknown> {
  const exception = exceptionOf(error)
  return { code: error.code, status: error.status, ...(exception && { exception }) }
}

/**
 * A refusal as an error of a GraphQL result. What is not from the catalogue becomes `internal`, and says no more than
 * that.
 */
export function toGraphQLError(error: unknown): GraphQLError {
  const refusal = error instanceof GatewayError ? error : new GatewayError('internal', {}, error)
  return new GraphQLError(refusal.message, { extensions: extensionsOf(refusal) })
}
