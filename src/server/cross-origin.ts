import fastifyCors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Fetch Standard, "CORS-preflight fetch"; any other OPTIONS is a method like others that a path does not know. */
const isPreflight = ({ method, headers }: FastifyRequest) =>
  method === 'OPTIONS' && headers['access-control-request-method'] !== undefined

/**
 * Lets pages of these origins call the gateway, with the token that they bring and never with cookies. Any other origin
 * is answered as if there were no CORS. Register before the routes.
 * @param origins scheme, host and port; none: no page of another origin may call
 * @param headers that such a page may send beside the gateway's own, for example `traceparent`
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
