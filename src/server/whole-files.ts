import type { onRequestHookHandler } from 'fastify'

/**
 * Ignores ranges and conditions, so that `@fastify/static` sends files whole. A range that a file does not have would
 * be an error of the library, outside of the catalogue. RFC 9110 §14.2 allows a server to ignore Range.
 */
export const ignoreConditions: onRequestHookHandler = ({ raw: { headers } }, _reply, done) => {
  for (const name of ['range', 'if-range', 'if-match', 'if-unmodified-since']) delete headers[name]
  done()
}
