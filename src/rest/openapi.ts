import type { FastifyInstance, RouteHandlerMethod } from 'fastify'
import { GatewayError } from '../domain/errors.ts'
import type { RedirectUriPolicy } from '../domain/redirect-uri-parser.ts'
import { refuseOtherMethods } from '../server/http-server.ts'
import { ignoreConditions } from '../server/whole-files.ts'

/** The headers of the documentation that an answer takes over. */
const answeredHeaders = [
  ...['cache-control', 'content-length', 'content-security-policy', 'content-type'],
  ...['etag', 'last-modified', 'location'],
]

/**
 * Serves `/api/openapi.json`, and a page for people at `/api/docs` that loads nothing from other hosts. The first
 * request opens the documentation.
 * @param routes adds the routes that the documentation describes
 */
export function describeRest(
  app: FastifyInstance,
  policy: RedirectUriPolicy,
  routes: (app: FastifyInstance) => void,
): void {
  let opening: Promise<FastifyInstance> | undefined

  const answer: RouteHandlerMethod = async (request, reply) => {
    opening ??= import('./documentation.ts').then(({ openDocumentation }) => openDocumentation(policy, routes))
    const documentation = await opening
    const { 'if-none-match': tag, 'if-modified-since': date } = request.headers
    const found = await documentation.inject({
      url: request.raw.url ?? '/',
      headers: { ...(tag !== undefined && { 'if-none-match': tag }), ...(date && { 'if-modified-since': date }) },
      payloadAsStream: true,
    })
    const body = found.stream()
    // A caller that leaves early closes `body`. The documentation must then close its file, too.
    body.once('close', () => found.raw.res.destroy())
    if (found.statusCode >= 400) {
      body.destroy()
      if (found.statusCode >= 500) throw new GatewayError('internal', {}, new Error('the documentation has failed'))
      return reply.callNotFound()
    }
    for (const name of answeredHeaders) {
      const value = found.headers[name]
      if (value !== undefined) reply.header(name, value)
    }
    return reply.code(found.statusCode).send(body)
  }

  for (const url of ['/api/docs', '/api/docs/*', '/api/openapi.json']) {
    app.get(url, { schema: { hide: true }, onRequest: ignoreConditions }, answer)
    refuseOtherMethods(app, url, ['GET'])
  }
}
