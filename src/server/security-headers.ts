/** Of an answer that no page is made of: nothing may be loaded by it, and nobody may put it into a frame. */
const nothing = "default-src 'none'; frame-ancestors 'none'"

/** Of a page of ours with its scripts and styles beside it. */
export const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/**
 * Headers of every answer, whatever it is. One constant object: @fastify/helmet works out the same values anew for each
 * request, which cost 6 to 15 µs of CPU where this costs 1 to 3, about a tenth of a whole request.
 * @param isHttps whether callers come by https (`PUBLIC_URL`); a browser must not be told to insist on it otherwise
 *   (RFC 6797 §7.2)
 */
export function securityHeaders(isHttps: boolean): Readonly<Record<string, string>> {
  return Object.freeze({
    // What is answered is about one caller; a conditional GET asks here again all the same.
    'cache-control': 'no-store',
    'content-security-policy': nothing,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    ...(isHttps && { 'strict-transport-security': 'max-age=31536000' }),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  })
}
