import type { FastifyError } from 'fastify'
import { GatewayError, type Refusal } from '../domain/errors.ts'
import { rateLimitHeaders } from './rate-limit-headers.ts'

/** Fastify's own errors in the words of our catalogue. */
const refusalOf: Readonly<Record<string, Refusal>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupportedMediaType',
  FST_ERR_CTP_BODY_TOO_LARGE: 'requestTooLarge',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformedRequest',
  FST_ERR_BAD_URL: 'malformedRequest',
  FST_ERR_MAX_PARAM_LENGTH: 'notFound',
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: 'unsupportedMediaType',
  FST_STATIC_FORBIDDEN_PATH: 'notFound',
  // Of the connection that a request comes on. Those of our own dependencies are caught where they are asked.
  ECONNRESET: 'malformedRequest',
  HPE_HEADER_OVERFLOW: 'headersTooLarge',
  ERR_HTTP_REQUEST_TIMEOUT: 'requestTimeout',
}

/** The header that one of Fastify's own errors is about. */
const headerOf: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'Content-Type',
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: 'Content-Type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'Content-Length',
}

/** What a thrown value means to the caller. Whatever is not from the catalogue and not Fastify's word is `internal`. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  const { code, statusCode } = typeof error === 'object' && error !== null ? (error as Partial<FastifyError>) : {} // any object can be looked into
  // Another 4xx of Fastify's, or whatever Node's parser says, is the request's fault; the rest is ours.
  const isOfTheRequest =
    (code?.startsWith('FST_') && statusCode !== undefined && statusCode < 500) || code?.startsWith('HPE_')
  const refusal = refusalOf[code ?? ''] ?? (isOfTheRequest ? 'malformedRequest' : 'internal')
  const header = headerOf[code ?? '']
  return new GatewayError(refusal, header === undefined ? {} : { part: { header } }, error)
}

/** Guile's client cannot read a challenge without a parameter. */
const challenge = 'Bearer realm="mithril"'

/** Headers that belong to a refusal whatever the door: who may come in (RFC 6750 §3), how else, and when again. */
export function refusalHeaders({ refusal, status, details }: GatewayError): Record<string, string> {
  if (status === 401) return { 'www-authenticate': challenge + (details.tokenWasSent ? ', error="invalid_token"' : '') }
  if (refusal === 'invalidScopes') {
    return {
      'www-authenticate': `${challenge}, error="insufficient_scope", scope="${(details.missingScopes ?? []).join(' ')}"`,
    }
  }
  if (details.retryAfter !== undefined) {
    return { 'retry-after': String(details.retryAfter), ...(details.allowance && rateLimitHeaders(details.allowance)) }
  }
  if (details.allowedMethods) {
    const { allowedMethods } = details
    // RFC 5789 §3.1
    return {
      allow: allowedMethods.join(', '),
      ...(allowedMethods.includes('PATCH') && { 'accept-patch': 'application/json' }),
    }
  }
  if (refusal === 'unsupportedMediaType') {
    const isCoding = details.part !== 'json' && details.part?.header === 'Content-Encoding'
    return isCoding ? { 'accept-encoding': 'identity' } : { accept: 'application/json' }
  }
  return {}
}
