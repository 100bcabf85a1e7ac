import type { Door } from '../domain/call.ts'
import { statusOf } from './http-refusals.ts'
import { toRefusal } from './refusals.ts'

/** The result of a request. The doors write it; log and meter read it. */
export interface Outcome {
  door: Door | null
  /** Name of the operation, not of the document: `updateClientConnection`. */
  operation: string | null
  /** `OK` or a code of the catalogue. A GraphQL result that holds several errors counts as its first. */
  code: string
  /** The refusal: a name of the catalogue, or the code of a GraphQL request error. */
  rule: string | null
  /** The cause of a 5xx, for the log. */
  cause: unknown
  /** The status answered on the bare socket, past the reply, because the rest of the request cannot be read; else null. */
  refusedWith: number | null
  /** Whether the request has been logged and counted. */
  ended: boolean
}

/** The outcome of a request at its start. */
export const newOutcome = (): Outcome => ({
  door: null,
  operation: null,
  code: 'OK',
  rule: null,
  cause: undefined,
  refusedWith: null,
  ended: false,
})

/** Notes the error that an operation or a hook ended with. */
export function noteError(outcome: Outcome, error: unknown): void {
  const refusal = toRefusal(error)
  if (outcome.code === 'OK') {
    outcome.code = refusal.code
    outcome.rule = refusal.refusal
  }
  // A request refused while its body was read is a 4xx, whatever its handler finds later.
  if (statusOf(refusal) >= 500 && outcome.refusedWith === null) outcome.cause ??= refusal.cause ?? refusal
}
