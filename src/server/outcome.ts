import type { Door } from '../domain/call.ts'
import type { Caller } from '../domain/caller.ts'
import { statusOf } from './http-refusals.ts'
import { toRefusal } from './refusals.ts'

/** The result of a request. The doors write it; log and meter read it. */
export interface Outcome {
  door: Door | null
  /** The caller, also if a later authentication has refused it. null: none was accepted. */
  caller: Caller | null
  /** The operation's name, for example `updateClientConnection`. The names in a document are the caller's. */
  operation: string | null
  /** `OK` or a code of the catalogue. A GraphQL result that holds several errors counts as its first. */
  code: string
  /** A name of the catalogue of refusals, or the code of a GraphQL request error. */
  rule: string | null
  /** Why authentication refused the request, in one word, for the log. The caller does not learn it. */
  unauthenticated: string | undefined
  /** The cause of a 5xx, for the log. */
  cause: unknown
  /** The status written to the bare socket, because the rest of the request cannot be read; null: the reply has it. */
  refusedWith: number | null
  /** Whether the request has been logged and counted. */
  ended: boolean
}

/** The outcome of a request at its start. */
export const newOutcome = (): Outcome => ({
  door: null,
  caller: null,
  operation: null,
  code: 'OK',
  rule: null,
  unauthenticated: undefined,
  cause: undefined,
  refusedWith: null,
  ended: false,
})

/** Notes the error of an operation or a hook. */
export function noteError(outcome: Outcome, error: unknown): void {
  const refusal = toRefusal(error)
  if (outcome.code === 'OK') {
    outcome.code = refusal.code
    outcome.rule = refusal.refusal
  }
  // A request that was refused while its body was read stays a 4xx, even if its handler fails later.
  if (statusOf(refusal) >= 500 && outcome.refusedWith === null) outcome.cause ??= refusal.cause ?? refusal
}
