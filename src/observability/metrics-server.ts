import Fastify, { type FastifyError, type FastifyInstance, type RouteHandlerMethod } from 'fastify'
import type { Exposition } from './exposition.ts'

/** Answers a scrape. The first one makes the exposition and loads its library. */
export function scrapeHandler(exposition: () => Promise<Exposition>): RouteHandlerMethod {
  return async (_request, reply) => {
    const { contentType, render } = await exposition()
    return reply.type(contentType).send(await render())
  }
}

/**
 * Makes a server for `GET /metrics` only, so that the internet and Prometheus reach different ports.
 * @param onFault gets the error of a failed scrape
 */
export function createMetricsServer(
  exposition: () => Promise<Exposition>,
  onFault: (error: unknown) => void,
): FastifyInstance {
  const server = Fastify({
    exposeHeadRoutes: false,
    // Prometheus scrapes again within two minutes on the same connection.
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
