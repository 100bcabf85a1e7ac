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

  const names = Object.keys(checks)
  const ask = () =>
    Promise.all(
      Object.values(checks).map(async (check) => {
        try {
          return await check()
        } catch (error) {
          app.log.warn({ error: error instanceof Error ? error.message : 'unknown' }, 'readiness check failed')
          return false
        }
      }),
    )
  // Whoever asks meanwhile gets the same answer: questions are no load for the database, however many ask them.
  let asking: ReturnType<typeof ask> | undefined
  const states = () => {
    asking ??= ask().finally(() => {
      asking = undefined
    })
    return asking
  }

  app.get('/health/live', { schema: { hide: true } }, () => ({ status: 'ok' }))

  app.get('/health/ready', { schema: { hide: true } }, async (_request, reply) => {
    const found = await states()
    const ready = !closing && found.every(Boolean)
    if (!ready) reply.code(503).header('retry-after', '1')
    return {
      status: ready ? 'ok' : closing ? 'closing' : 'unavailable',
      checks: Object.fromEntries(names.map((name, index) => [name, found[index] ? 'ok' : 'unavailable'])),
    }
  })

  for (const url of ['/health/live', '/health/ready']) refuseOtherMethods(app, url, ['GET'])
}
