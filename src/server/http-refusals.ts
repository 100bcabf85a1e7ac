import { GatewayError, type OutcomeName } from '../domain/errors.ts'

/** The refusals of HTTP itself, before any operation runs: code, status, and message. */
export const httpRefusals = {
  malformedRequest: { code: 'BAD_REQUEST', status: 400, message: 'Malformed request' },
  /** Apollo Client and urql send the text of the document next. urql knows the refusal by this message only. */
  documentUnknown: { code: 'PERSISTED_QUERY_NOT_FOUND', status: 400, message: 'PersistedQueryNotFound' },
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

export type HttpRefusalName = keyof typeof httpRefusals

export interface HttpRefusalDetails {
  /** The fault in words that a caller may see. They follow the message. */
  readonly reason?: string
  /** The part of the request that is at fault. `json`: the body, which is not JSON. */
  readonly part?: { readonly header: string } | 'json'
  /** For `methodNotAllowed`: the methods that the path knows (RFC 9110 §15.5.6). */
  readonly allowedMethods?: readonly string[]
}

/** A request that HTTP itself refuses. `cause` is for the log; it never reaches an answer. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal'
  readonly refusal: HttpRefusalName
  readonly details: HttpRefusalDetails

  constructor(refusal: HttpRefusalName, details: HttpRefusalDetails = {}, cause?: unknown) {
    const { message } = httpRefusals[refusal]
    super(
      details.reason === undefined ? message : `${message}: ${details.reason}`,
      cause === undefined ? undefined : { cause },
    )
    this.refusal = refusal
    this.details = details
  }

  get code(): string {
    return httpRefusals[this.refusal].code
  }
}

/** Every refusal that a door answers. */
export type Refusal = GatewayError | HttpRefusal

/** The HTTP status of each outcome (specification, "HTTP status codes"). */
export const statusOfOutcome: Readonly<Record<OutcomeName, number>> = {
  accessDenied: 401,
  invalidScopes: 403,
  forbidden: 403,
  apiKeyMissing: 401,
  apiKeyInvalid: 401,
  notFound: 404,
  conflict: 409,
  validationFailed: 422,
  tooManyRequests: 429,
  unavailable: 503,
  internal: 500,
}

/** The HTTP status of a refusal. */
export const statusOf = (refusal: Refusal): number =>
  refusal instanceof GatewayError ? statusOfOutcome[refusal.refusal] : httpRefusals[refusal.refusal].status
