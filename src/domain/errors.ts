import type { Connection } from './connection.ts'
import type { EventSubscription } from './event-subscription.ts'
import type { Violation } from './violation.ts'
import type { Allowance } from './write-limit.ts'

/**
 * The outcomes of operations other than success: the code that programs switch on, and the sentence for people. The
 * same through every door. `reason` is a word for programs where only the text would tell two outcomes apart. Texts are
 * those of the specification (API-009-001-006-0339, HTTP status codes). Statuses, and the refusals of HTTP itself, are
 * in `server/http-refusals.ts`.
 */
export const outcomes = {
  accessDenied: { code: 'UNAUTHENTICATED', message: 'Access denied' },
  invalidScopes: { code: 'FORBIDDEN', message: 'Invalid scopes' },
  forbidden: { code: 'FORBIDDEN', message: 'Forbidden' },
  apiKeyMissing: { code: 'UNAUTHENTICATED', reason: 'api_key_missing', message: 'api-key header not set' },
  apiKeyInvalid: { code: 'UNAUTHENTICATED', reason: 'api_key_invalid', message: 'invalid api-key header' },
  notFound: { code: 'NOT_FOUND', message: 'Not found' },
  conflict: { code: 'CONFLICT', message: 'The connection has been changed by somebody else' },
  // 404, not 503: callers do not repeat the request, and no alert counts it as an outage.
  eventsOff: { code: 'NOT_FOUND', reason: 'events_off', message: 'Events are off in this gateway' },
  subscriptionState: {
    code: 'CONFLICT',
    reason: 'subscription_state',
    message: 'The method or the state of the subscription does not allow this',
  },
  tooManySubscriptions: {
    code: 'CONFLICT',
    reason: 'too_many_subscriptions',
    message: 'The client owns as many subscriptions as a client may own',
  },
  validationFailed: { code: 'UNPROCESSABLE_ENTITY', message: 'Validation failed' },
  tooManyRequests: { code: 'TOO_MANY_REQUESTS', message: 'Too many requests' },
  tooManyWaits: {
    code: 'TOO_MANY_REQUESTS',
    reason: 'too_many_waits',
    message: 'Too many polls of this client are waiting for events',
  },
  unavailable: { code: 'SERVICE_UNAVAILABLE', message: 'Service temporarily unavailable' },
  internal: { code: 'INTERNAL_SERVER_ERROR', message: 'Internal server error' },
} as const

export type OutcomeName = keyof typeof outcomes

type Nothing = Readonly<Record<never, never>>

/** The details of each outcome beside its message. */
export interface OutcomeDetails {
  accessDenied: {
    /** true if a token was sent and was not acceptable (RFC 6750 §3.1 `invalid_token`). */
    readonly tokenWasSent?: boolean
    /** true if the token was good until it expired, so that its sender is no stranger. */
    readonly tokenHasExpired?: boolean
    /** A word for the log, never for the caller. */
    readonly reason?: string
  }
  /** The scope words that the operation needs and the token lacks. */
  invalidScopes: { readonly missingScopes: readonly string[] }
  forbidden: Nothing
  apiKeyMissing: Nothing
  apiKeyInvalid: Nothing
  notFound: Nothing
  /** The connection as it is now. */
  conflict: { readonly current: Connection }
  eventsOff: Nothing
  /** The subscription as it is now. */
  subscriptionState: { readonly current: Pick<EventSubscription, 'method' | 'state'> }
  /** The number of subscriptions that a client may own. */
  tooManySubscriptions: { readonly max: number }
  /** Every violation that was found. */
  validationFailed: { readonly violations: readonly Violation[] }
  /** Seconds after which a new attempt makes sense, and the limit that was passed. */
  tooManyRequests: { readonly retryAfter: number; readonly allowance: Allowance }
  /** Seconds after which a new attempt makes sense. */
  tooManyWaits: { readonly retryAfter: number }
  /** Seconds after which a new attempt makes sense. */
  unavailable: { readonly retryAfter?: number }
  internal: Nothing
}

/** Details may be left out where none is required. */
type Rest<Details> = Nothing extends Details
  ? [details?: Details, cause?: unknown]
  : [details: Details, cause?: unknown]

/** An outcome other than success. `cause` is for the log; it never reaches an answer. */
export class GatewayError<Name extends OutcomeName = OutcomeName> extends Error {
  override readonly name = 'GatewayError'
  readonly refusal: Name
  readonly details: OutcomeDetails[Name]

  constructor(refusal: Name, ...[details, cause]: Rest<OutcomeDetails[Name]>) {
    super(outcomes[refusal].message, cause === undefined ? undefined : { cause })
    this.refusal = refusal
    this.details = details ?? ({} as OutcomeDetails[Name]) // left out only where no detail is required
  }

  get code(): (typeof outcomes)[Name]['code'] {
    return outcomes[this.refusal].code
  }

  /** The word that tells this outcome from others of its code; undefined: nobody needs one. */
  get reason(): string | undefined {
    const outcome: { readonly code: string; readonly reason?: string } = outcomes[this.refusal]
    return outcome.reason
  }

  /** Whether this is the outcome of that name; its details are typed then. */
  is<Other extends OutcomeName>(name: Other): this is GatewayError<Other> {
    return (this.refusal as OutcomeName) === name
  }
}
