import type { FastifyError } from 'fastify'
import { GatewayError } from '../domain/errors.ts'
import { HttpRefusal, type HttpRefusalName, type Refusal, statusOf } from './http-refusals.ts'
import { rateLimitHeaders } from './rate-limit-headers.ts'

/** The refusal for each code of an error of Fastify or Node. */
const refusalOf: Readonly<Record<string, HttpRefusalName>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupportedMediaType',
  FST_ERR_CTP_BODY_TOO_LARGE: 'requestTooLarge',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformedRequest',
  FST_ERR_BAD_URL: 'malformedRequest',
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: 'unsupportedMediaType',
  // The client's connection. The code that asks a dependency catches that dependency's ECONNRESET.
  ECONNRESET: 'malformedRequest',
  HPE_HEADER_OVERFLOW: 'headersTooLarge',
  ERR_HTTP_REQUEST_TIMEOUT: 'requestTimeout',
}

/** Fastify's own errors for a path that does not exist. */
const missingPaths = new Set(['FST_ERR_MAX_PARAM_LENGTH', 'FST_STATIC_FORBIDDEN_PATH'])

/** The header that one of Fastify's own errors is about. */
const headerOf: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'Content-Type',
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: 'Content-Type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'Content-Length',
}

/** The refusal for a thrown value. An error that is neither ours nor Fastify's becomes `internal`. */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof GatewayError || error instanceof HttpRefusal) return error
  const isObject = typeof error === 'object' && error !== null
  const { code = '', statusCode } = isObject ? (error as Partial<FastifyError>) : {} // every member may be missing
  if (missingPaths.has(code)) return new GatewayError('notFound', {}, error)
  // The request is at fault for another 4xx of Fastify and for an error of Node's parser; the gateway for the rest.
  const isOfTheRequest =
    (code.startsWith('FST_') && statusCode !== undefined && statusCode < 500) || code.startsWith('HPE_')
  const refusal = refusalOf[code] ?? (isOfTheRequest ? 'malformedRequest' : undefined)
  if (refusal === undefined) return new GatewayError('internal', {}, error)
  const header = headerOf[code]
  return new HttpRefusal(refusal, header === undefined ? {} : { part: { header } }, error)
}

/** The HTTP client of Guile cannot parse a challenge without a parameter. */
const challenge = 'Bearer realm="mithril"'

function headersOfHttpRefusal({ refusal, details: { allowedMethods, part } }: HttpRefusal): Record<string, string> {
  if (allowedMethods !== undefined) {
    // RFC 5789 §3.1
    const patch = allowedMethods.includes('PATCH') && { 'accept-patch': 'application/json' }
    return { allow: allowedMethods.join(', '), ...patch }
  }
  if (refusal !== 'unsupportedMediaType') return {}
  const isCoding = part !== 'json' && part?.header === 'Content-Encoding'
  return isCoding ? { 'accept-encoding': 'identity' } : { accept: 'application/json' }
}

/**
 * Headers of a refusal, the same in both doors: the challenge (RFC 6750 §3), the methods or types that are accepted,
 * `Retry-After`.
 */
export function refusalHeaders(refusal: Refusal): Record<string, string> {
  if (refusal instanceof HttpRefusal) return headersOfHttpRefusal(refusal)
  if (statusOf(refusal) === 401) {
    const isInvalid = refusal.is('accessDenied') && refusal.details.tokenWasSent
    return { 'www-authenticate': challenge + (isInvalid ? ', error="invalid_token"' : '') }
  }
  if (refusal.is('invalidScopes')) {
    const scope = refusal.details.missingScopes.join(' ')
    return { 'www-authenticate': `${challenge}, error="insufficient_scope", scope="${scope}"` }
  }
  if (refusal.is('tooManyRequests')) {
    const { retryAfter, allowance } = refusal.details
    return { 'retry-after': String(retryAfter), ...rateLimitHeaders(allowance) }
  }
  const isTemporary = refusal.is('unavailable') || refusal.is('tooManyWaits')
  if (isTemporary && refusal.details.retryAfter !== undefined)
    return { 'retry-after': String(refusal.details.retryAfter) }
  return {}
}
