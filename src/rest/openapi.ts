import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import type { RedirectUriPolicy } from '../domain/redirect-uri-value.ts'
import { refuseOtherMethods } from '../server/http-server.ts'
import { pagePolicy } from '../server/security-headers.ts'
import { ignoreConditions } from '../server/whole-files.ts'
import { connectionUpdateSchema } from './connection-update-body.ts'
import { errorSchema } from './route-schemas.ts'

/**
 * Serves `/api/openapi.json`, and a page for people at `/api/docs` that loads nothing from other hosts. Call this
 * before the routes are registered.
 */
export async function describeRest(app: FastifyInstance, policy: RedirectUriPolicy): Promise<void> {
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
  app.addHook('onRoute', (route) => {
    if (route.url.startsWith('/api/docs/static')) route.onRequest = [ignoreConditions].concat(route.onRequest ?? [])
  })
  await app.register(swaggerUi, { routePrefix: '/api/docs', staticCSP: pagePolicy })
  for (const url of ['/api/docs', '/api/docs/*']) refuseOtherMethods(app, url, ['GET'])
  app.get('/api/openapi.json', { schema: { hide: true } }, () => app.swagger())
  refuseOtherMethods(app, '/api/openapi.json', ['GET'])
}
