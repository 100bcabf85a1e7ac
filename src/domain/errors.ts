import type { Connection } from './connection.ts'
import type { Violation } from './violation.ts'
import type { Allowance } from './write-limit.ts'

/**
 * The catalogue: every refusal that the gateway knows, with the code that programs switch on, the number the REST door
 * answers, and the sentence people read. Texts are those of the specification (API-009-001-006-0339, HTTP status
 * codes). The first group are outcomes of operations and the same through every door; the second is what HTTP itself
 * brings.
 */
export const catalogue = {
  accessDenied: { code: 'UNAUTHENTICATED', status: 401, message: 'Access denied' },
  invalidScopes: { code: 'FORBIDDEN', status: 403, message: 'Invalid scopes' },
  forbidden: { code: 'FORBIDDEN', status: 403, message: 'Forbidden' },
  apiKeyMissing: { code: 'UNAUTHENTICATED', status: 401, message: 'api-key header not set' },
  apiKeyInvalid: { code: 'UNAUTHENTICATED', status: 401, message: 'invalid api-key header' },
  notFound: { code: 'NOT_FOUND', status: 404, message: 'Not found' },
  conflict: { code: 'CONFLICT', status: 409, message: 'The connection has been changed by somebody else' },
  validationFailed: { code: 'UNPROCESSABLE_ENTITY', status: 422, message: 'Validation failed' },
  tooManyRequests: { code: 'TOO_MANY_REQUESTS', status: 429, message: 'Too many requests' },
  unavailable: { code: 'SERVICE_UNAVAILABLE', status: 503, message: 'Service temporarily unavailable' },
  internal: { code: 'INTERNAL_SERVER_ERROR', status: 500, message: 'Internal server error' },

  malformedRequest: { code: 'BAD_REQUEST', status: 400, message: 'Malformed request' },
  documentUnknown: {
    code: 'PERSISTED_QUERY_NOT_FOUND',
    status: 400,
    message: 'There is no persisted document with this id',
  },
  documentNotPersisted: {
    code: 'PERSISTED_DOCUMENT_REQUIRED',
    status: 400,
    message: 'Only persisted documents are executed here (GRAPHQL_DOCUMENTS=persisted): send a documentId',
  },
  methodNotAllowed: { code: 'METHOD_NOT_ALLOWED', status: 405, message: 'Method not allowed' },
  notAcceptable: { code: 'NOT_ACCEPTABLE', status: 406, message: 'Only application/json can be answered' },
  requestTimeout: { code: 'REQUEST_TIMEOUT', status: 408, message: 'The request did not arrive in time' },
  requestTooLarge: { code: 'REQUEST_TOO_LARGE', status: 413, message: 'Request body is too large' },
  unsupportedMediaType: {
    code: 'UNSUPPORTED_MEDIA_TYPE',
    status: 415,
    message: 'Request body must be application/json in UTF-8',
  },
  headersTooLarge: { code: 'HEADERS_TOO_LARGE', status: 431, message: 'Request headers are too large' },
} as const

export type Refusal = keyof typeof catalogue

/** What a refusal says beside its message. Each member belongs to the refusal named in its comment. */
export interface RefusalDetails {
  /** `invalidScopes`: the scope words that the operation needs and the token lacks. */
  readonly missingScopes?: readonly string[]
  /** `accessDenied`: true if a token was sent and was not acceptable (RFC 6750 §3.1 `invalid_token`). */
  readonly tokenWasSent?: boolean
  /** `accessDenied`: true if the token was good until it expired, so that whoever sends it is no stranger. */
  readonly tokenHasExpired?: boolean
  /** `validationFailed`: every violation that was found. */
  readonly violations?: readonly Violation[]
  /** `malformedRequest`: what is wrong, in words that may be shown. */
  readonly reason?: string
  /**
   * `malformedRequest`, `notAcceptable` and `unsupportedMediaType`: the part of the request that is at fault. `json`: the
   * body, which is not JSON.
   */
  readonly part?: { readonly header: string } | 'json'
  /** `conflict`: the connection as it is now. */
  readonly current?: Connection
  /** `tooManyRequests`: the limit that was passed. */
  readonly allowance?: Allowance
  /** `unavailable` and `tooManyRequests`: seconds after which a new attempt makes sense. */
  readonly retryAfter?: number
  /** `methodNotAllowed`: the methods that the path knows (RFC 9110 §15.5.6). */
  readonly allowedMethods?: readonly string[]
}

/** A refusal from the catalogue. `cause` is for the log; it never reaches an answer. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly refusal: Refusal
  readonly details: RefusalDetails

  constructor(refusal: Refusal, details: RefusalDetails = {}, cause?: unknown) {
    const { message } = catalogue[refusal]
    super(
      details.reason === undefined ? message : `${message}: ${details.reason}`,
      cause === undefined ? undefined : { cause },
    )
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
