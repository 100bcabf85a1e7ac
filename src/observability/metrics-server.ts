import Fastify, { type FastifyError, type FastifyInstance, type RouteHandlerMethod } from 'fastify'
import type { Exposition } from './exposition.ts'

/** Answers a scrape. The exposition is made, and its library loaded, when the first one asks for it. */
export function scrapeHandler(exposition: () => Promise<Exposition>): RouteHandlerMethod {
  return async (_request, reply) => {
    const { contentType, render } = await exposition()
    return reply.type(contentType).send(await render())
  }
}

/**
 * A listener of its own for `GET /metrics`, and for nothing else: what the internet reaches and what Prometheus reaches
 * stay apart. `onFault` is told of a scrape that failed.
 */
export function createMetricsServer(
  exposition: () => Promise<Exposition>,
  onFault: (error: unknown) => void,
): FastifyInstance {
  const server = Fastify({
    exposeHeadRoutes: false,
    // Who scrapes is near, and comes back within a minute or two on the same connection.
    requestTimeout: 5_000,
    keepAliveTimeout: 120_000,
    http: { headersTimeout: 5_000 },
    bodyLimit: 1,
    forceCloseConnections: true,
  })
  server.server.maxConnections = 50
  server.get('/metrics', scrapeHandler(exposition))
  server.setNotFoundHandler((_request, reply) => reply.code(404).send())
  server.setErrorHandler<FastifyError>((error, _request, reply) => {
    if (error.statusCode === undefined) onFault(error)
    return reply.code(error.statusCode ?? 500).send()
  })
  return server
}
