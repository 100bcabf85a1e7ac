import type { FastifyInstance } from 'fastify'
import { refuseOtherMethods } from './http-server.ts'

/** One thing that has to be in order before requests are sent here; false or an error means that it is not. */
export type ReadinessCheck = () => boolean | Promise<boolean>

/** Liveness asks no dependency; readiness asks them all, by name, and says which one is missing. */
export function healthRoutes(app: FastifyInstance, checks: Readonly<Record<string, ReadinessCheck>>): void {
  let closing = false
  app.addHook('preClose', (done) => {
    closing = true
    done()
  })

  app.get('/health/live', { schema: { hide: true } }, () => ({ status: 'ok' }))

  app.get('/health/ready', { schema: { hide: true } }, async (request, reply) => {
    const names = Object.keys(checks)
    const states = await Promise.all(
      Object.values(checks).map(async (check) => {
        try {
          return await check()
        } catch (error) {
          request.log.warn({ error: error instanceof Error ? error.message : 'unknown' }, 'readiness check failed')
          return false
        }
      }),
    )
    const ready = !closing && states.every(Boolean)
    if (!ready) reply.code(503).header('retry-after', '1')
    return {
      status: ready ? 'ok' : closing ? 'closing' : 'unavailable',
      checks: Object.fromEntries(names.map((name, index) => [name, states[index] ? 'ok' : 'unavailable'])),
    }
  })

  for (const url of ['/health/live', '/health/ready']) refuseOtherMethods(app, url, ['GET'])
}
