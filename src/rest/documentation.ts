import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import Fastify, { type FastifyInstance } from 'fastify'
import type { RedirectUriPolicy } from '../domain/redirect-uri-parser.ts'
import { routerOptions } from '../server/http-server.ts'
import { pagePolicy } from '../server/security-headers.ts'
import { connectionUpdateSchema } from './connection-update-body.ts'
import { errorSchema } from './route-schemas.ts'

/**
 * Makes the server of `/api/openapi.json` and of the pages below `/api/docs`. It does not listen, and its copy of the
 * REST routes is for their description only.
 *
 * Import this module lazily: few processes are ever asked for the documentation, and its packages take 10 MB.
 */
export async function openDocumentation(
  policy: RedirectUriPolicy,
  routes: (app: FastifyInstance) => void,
): Promise<FastifyInstance> {
  const app = Fastify({ routerOptions })
  app.addSchema({ $id: 'connection_update', ...connectionUpdateSchema(policy) })
  app.addSchema(errorSchema)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Manage client configuration',
        version: '1',
        contact: { name: 'The operators of this gateway' },
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        description:
          "Clients and connections in Mithril, the OAuth client registry of Ukraine's national health system.",
      },
      servers: [{ url: '/' }],
      tags: [{ name: 'Manage client configuration', description: 'Clients and their connections' }],
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json['$id'] === 'string' ? json['$id'] : `schema-${index}`,
    },
  })
  await app.register(swaggerUi, { routePrefix: '/api/docs', staticCSP: pagePolicy })
  app.get('/api/openapi.json', { schema: { hide: true } }, () => app.swagger())
  routes(app)
  await app.ready()
  return app
}
