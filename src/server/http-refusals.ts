import { GatewayError, type OutcomeName } from '../domain/errors.ts'
import { fillIn } from '../domain/violation.ts'

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

/** What is wrong, by its word for programs, which never changes. The texts follow the message of the refusal. */
export const reasonTexts = {
  http_version: 'only HTTP/1.0 and HTTP/1.1 are understood',
  transfer_encoding: 'HTTP/1.0 knows no Transfer-Encoding',
  host_header: 'one Host header is required',
  host_name: 'the Host header names no host',
  body_empty: 'the body is empty',
  body_not_utf8: 'the body is not UTF-8',
  body_byte_order_mark: 'the body begins with a byte-order mark',
  body_not_json: 'the body is not valid JSON',
  body_too_deep: 'the body is nested too deeply',
  body_repeated_member: 'the body names a member twice',
  content_coding: 'the content coding %{name} is not supported',
  entity_tags: '%{name} is no list of entity tags',
  write_if_none_match: '%{name} of a write may be * only',
  document_id: 'the id of a document is a string',
  document_id_and_query: 'documentId and query exclude each other',
  loopback_only: 'the development issuer answers browsers of this machine only, by a loopback name and without a proxy',
  /** urql sends short queries by GET unless it is told otherwise. */
  post_only: 'send queries by POST as well (urql: preferGetMethod: false)',
} as const

export type HttpReason = keyof typeof reasonTexts

export interface HttpRefusalDetails {
  readonly reason?: HttpReason
  /** The name in the text of the reason. */
  readonly name?: string
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
    const { reason, name = '' } = details
    super(
      reason === undefined ? message : `${message}: ${fillIn(reasonTexts[reason], { name })}`,
      cause === undefined ? undefined : { cause },
    )
    this.refusal = refusal
    this.details = details
  }

  get code(): string {
    return httpRefusals[this.refusal].code
  }

  get reason(): HttpReason | undefined {
    return this.details.reason
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
  eventsOff: 404,
  subscriptionState: 409,
  tooManySubscriptions: 409,
  validationFailed: 422,
  tooManyRequests: 429,
  tooManyWaits: 429,
  unavailable: 503,
  internal: 500,
}

/** The HTTP status of a refusal. */
export const statusOf = (refusal: Refusal): number =>
  refusal instanceof GatewayError ? statusOfOutcome[refusal.refusal] : httpRefusals[refusal.refusal].status
