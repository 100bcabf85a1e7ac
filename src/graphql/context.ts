import type { Call } from '../domain/caller.ts'
import type { Operations } from '../domain/operations.ts'
import type { Policy } from '../domain/policy.ts'
import type { Loaders } from './loaders.ts'

/** What resolvers and guards work with. One object for each request: scope-auth caches its answers by it. */
export interface GraphQLContext {
  readonly call: Call
  readonly operations: Operations
  readonly policy: Policy
  readonly loaders: Loaders
  /**
   * Told the name of the operation, for the request's log line: that of the first root field, since document names are
   * the caller's.
   */
  readonly onOperation: (name: string) => void
  /** Told the code of a request error: a document or variables that never reached an operation. */
  readonly onRequestError: (code: string) => void
  /** Told of each error that an operation ended with, for the request's log line. */
  readonly onError: (error: unknown) => void
}
