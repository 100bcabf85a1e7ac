import type { Call } from '../domain/call.ts'
import type { Operations } from '../domain/operations.ts'
import type { Policy } from '../domain/policy.ts'
import type { Loaders } from './loaders.ts'
import type { RequestPermits } from './permit-guard.ts'

/** The context of resolvers and guards. One object for each request: scope-auth caches its answers by it. */
export interface GraphQLContext {
  readonly call: Call
  /** The `API-key` header; null: none. Never logged, never stored. */
  readonly apiKey: string | null
  readonly operations: Operations
  readonly policy: Policy
  readonly permits: RequestPermits
  readonly loaders: Loaders
  /** Gets the code of a request error: the document or the variables never reached an operation. */
  readonly onRequestError: (code: string) => void
  /** Gets each error of an operation, for the request's log line. */
  readonly onError: (error: unknown) => void
}
