/** The policy of an answer that is no page: it may load nothing, and no page may put it into a frame. */
const dataPolicy = "default-src 'none'; frame-ancestors 'none'"

/** The policy of a page of the gateway. The page loads scripts and styles from its own origin. */
export const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/**
 * Headers of every answer, as one constant object. `@fastify/helmet` computes the same values for each request: that
 * took 6 to 15 µs of CPU in place of 1 to 3.
 * @param isHttps whether callers come by https (`PUBLIC_URL`). An answer over http must not hold the HSTS header (RFC
 *   6797 §7.2).
 */
export function securityHeaders(isHttps: boolean): Readonly<Record<string, string>> {
  return Object.freeze({
    // An answer is for one caller only. A conditional GET asks the gateway again anyway.
    'cache-control': 'no-store',
    'content-security-policy': dataPolicy,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    ...(isHttps && { 'strict-transport-security': 'max-age=31536000' }),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  })
}
