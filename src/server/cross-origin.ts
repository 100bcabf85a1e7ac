import fastifyCors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Whether a request is a CORS preflight (Fetch Standard). Any other OPTIONS gets 405, like other unknown methods. */
const isPreflight = ({ method, headers }: FastifyRequest) =>
  method === 'OPTIONS' && headers['access-control-request-method'] !== undefined

/**
 * Lets pages of these origins call the gateway, with a token and never with cookies. A request of any other origin gets
 * an answer without CORS headers. Call this before the routes are registered.
 * @param origins each with scheme, host and port; an empty list allows no page of another origin
 * @param headers request headers that such a page may send beside the gateway's own, for example `traceparent`
 */
export async function allowOrigins(
  app: FastifyInstance,
  origins: readonly string[],
  headers: readonly string[],
): Promise<void> {
  if (origins.length === 0) return
  const listed = new Set(origins)
  const allowed: FastifyCorsOptions = {
    origin: [...origins],
    methods: ['GET', 'POST', 'PATCH', 'DELETE'],
    allowedHeaders: [
      'authorization',
      'content-type',
      'api-key',
      'if-match',
      'if-none-match',
      'x-request-id',
      ...headers,
    ],
    exposedHeaders: ['x-request-id', 'etag', 'retry-after', 'ratelimit', 'ratelimit-policy', 'www-authenticate'],
    maxAge: 600,
  }
  await app.register(fastifyCors, {
    delegator: (request: FastifyRequest, done: (error: Error | null, options: FastifyCorsOptions) => void) =>
      done(
        null,
        listed.has(request.headers.origin ?? '') ? { ...allowed, preflight: isPreflight(request) } : { origin: false },
      ),
  })
}
