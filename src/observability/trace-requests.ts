import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Tracing } from './tracing.ts'

/** Gives each request a span, the parent of all work for it. `endTrace` ends it. */
export function traceRequests(app: FastifyInstance, tracing: Tracing): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config.probe) return done()
    const { url } = request.routeOptions
    request.span = tracing.beginRequest(
      url === undefined ? request.method : `${request.method} ${url}`,
      request.headers,
    )
    request.span.run(done)
  })
  // A body arrives by events of the connection, which run outside of the request's span.
  app.addHook('preValidation', (request, _reply, done) => (request.span === null ? done() : request.span.run(done)))
}

/** Ends the span of a request with its outcome. The span has the route, and not the target with its ids. */
export function endTrace(
  { span, id, method, routeOptions, caller, outcome }: FastifyRequest,
  reply: FastifyReply,
): void {
  span?.end({
    attributes: {
      'http.request.method': method,
      'http.response.status_code': reply.statusCode,
      ...(routeOptions.url !== undefined && { 'http.route': routeOptions.url }),
      ...(outcome.door !== null && { 'gateway.door': outcome.door }),
      ...(outcome.operation !== null && { 'gateway.operation': outcome.operation }),
      ...(caller !== null && { 'gateway.client_id': caller.clientId, 'gateway.client_type': caller.clientType }),
      'gateway.code': outcome.code,
      'gateway.request_id': id,
    },
    isFailure: outcome.cause !== undefined,
  })
}
