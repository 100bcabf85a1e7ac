import type { Call } from '../domain/call.ts'
import type { Operations } from '../domain/operations.ts'
import type { Policy } from '../domain/policy.ts'
import type { Language } from '../server/language.ts'
import type { RequestLoaders } from './loaders.ts'
import type { RequestPermits } from './permit-guard.ts'

/**
 * The context of resolvers and guards. One object for each request: scope-auth caches its answers by it. None of its
 * members is a getter (docs/decisions/0044-requests-are-garbage-at-once.md).
 */
export interface GraphQLContext {
  readonly call: Call
  /** The `API-key` header; null: none. Never logged, never stored. */
  readonly apiKey: string | null
  readonly operations: Operations
  readonly policy: Policy
  readonly permits: RequestPermits
  readonly loaders: RequestLoaders
  /** The language that the request asks for. The door calls it only if there are errors. */
  readonly language: () => Language | null
  /** Gets the code of the first error of a result, and the language of its translations. */
  readonly onErrors: (code: string, language: Language | null) => void
  /** Gets each error of an operation, for the request's log line. */
  readonly onError: (error: unknown) => void
}
