import type { FastifyInstance } from 'fastify'
import { version } from '../config/version.ts'
import { refuseOtherMethods } from './http-server.ts'

/** `GET /`: the version and the addresses of both doors. It shows only facts that are public without a token. */
export function frontPage(app: FastifyInstance, { hasConsole }: { readonly hasConsole: boolean }): void {
  app.get('/', { schema: { hide: true } }, () => ({
    name: 'Mithril connection gateway',
    version,
    ...(hasConsole && { console: app.publicUrl('/console/') }),
    graphql: app.publicUrl('/graphql'),
    rest: app.publicUrl('/api/clients'),
    openapi: app.publicUrl('/api/openapi.json'),
    documentation: app.publicUrl('/api/docs'),
    readiness: app.publicUrl('/health/ready'),
  }))
  refuseOtherMethods(app, '/', ['GET'])
}
