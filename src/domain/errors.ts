import type { Violation } from './violation.ts'

/**
 * The catalogue: every refusal that the gateway knows, with the code that programs switch on, the number the REST door
 * answers, and the sentence people read. Texts are those of the specification (API-009-001-006-0339, HTTP status codes).
 */
export const catalogue = {
  accessDenied: { code: 'UNAUTHENTICATED', status: 401, message: 'Access denied' },
  invalidScopes: { code: 'FORBIDDEN', status: 403, message: 'Invalid scopes' },
  forbidden: { code: 'FORBIDDEN', status: 403, message: 'Forbidden' },
  notFound: { code: 'NOT_FOUND', status: 404, message: 'Not found' },
  validationFailed: { code: 'UNPROCESSABLE_ENTITY', status: 422, message: 'Validation failed' },
  unavailable: { code: 'SERVICE_UNAVAILABLE', status: 503, message: 'Service temporarily unavailable' },
  internal: { code: 'INTERNAL_SERVER_ERROR', status: 500, message: 'Internal server error' },
} as const

export type Refusal = keyof typeof catalogue

/** What a refusal says beside its message. Each member belongs to the refusal named in its comment. */
export interface RefusalDetails {
  /** `invalidScopes`: the scope words that the operation needs and the token lacks. */
  readonly missingScopes?: readonly string[]
  /** `accessDenied`: true if a token was sent and was not acceptable (RFC 6750 §3.1 `invalid_token`). */
  readonly tokenWasSent?: boolean
  /** `validationFailed`: every violation that was found. */
  readonly violations?: readonly Violation[]
  /** `unavailable`: seconds after which a new attempt makes sense. */
  readonly retryAfter?: number
}

/** A refusal from the catalogue. `cause` is for the log; it never reaches an answer. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly refusal: Refusal
  readonly details: RefusalDetails

  constructor(refusal: Refusal, details: RefusalDetails = {}, cause?: unknown) {
    super(catalogue[refusal].message, cause === undefined ? undefined : { cause })
    this.refusal = refusal
    this.details = details
  }

  get code(): (typeof catalogue)[Refusal]['code'] {
    return catalogue[this.refusal].code
  }

  get status(): (typeof catalogue)[Refusal]['status'] {
    return catalogue[this.refusal].status
  }
}
