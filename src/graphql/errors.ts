import { GraphQLError } from 'graphql'
import { GatewayError } from '../domain/errors.ts'
import { describeViolation, type Violation } from '../domain/violation.ts'
import type { GraphQLContext } from './context.ts'

/** `redirect_uri` of the request document is `redirectUri` of the input object. */
const inputName = (member: string) => member.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

const inputError = (violation: Violation) => ({
  message: describeViolation(violation),
  options: { rule: violation.rule, params: violation.params, rawDescription: violation.rawDescription },
  path: violation.path.map(inputName),
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

/**
 * Runs an operation for a resolver and converts what it throws. Here, and not in Yoga's `maskError`: there every
 * refusal would count and be logged as an unexpected error.
 */
export async function settle<T>(context: GraphQLContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    context.onError(error)
    throw toGraphQLError(error)
  }
}
