import type { FastifyInstance } from 'fastify'
import { version } from '../config/version.ts'
import { outcomes } from '../domain/errors.ts'
import { refuseOtherMethods } from './http-server.ts'
import { describeCause } from './log-text.ts'

/** One thing that has to be in order before requests are sent here; false or an error means that it is not. */
export type ReadinessCheck = () => boolean | Promise<boolean>

/**
 * Liveness asks no dependency; readiness asks them all, by name, and says which one is missing. `isLeaving`: whether
 * this instance will soon take no new connections.
 */
export function healthRoutes(
  app: FastifyInstance,
  checks: Readonly<Record<string, ReadinessCheck>>,
  isLeaving: () => boolean,
): void {
  let isClosing = false
  app.addHook('preClose', (done) => {
    isClosing = true
    done()
  })

  /** Of each check why it is not in order; null if it is. */
  const ask = () =>
    Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        try {
          return (await check()) ? null : name
        } catch (error) {
          return `${name}: ${describeCause(error)}`
        }
      }),
    )
  // Whoever asks meanwhile gets the same answer: questions are no load for the database, however many ask them.
  let asking: ReturnType<typeof ask> | undefined
  const causes = () => {
    asking ??= ask().finally(() => {
      asking = undefined
    })
    return asking
  }

  app.get('/health/live', { schema: { hide: true }, config: { probe: true } }, () => ({ status: 'ok', version }))

  app.get('/health/ready', { schema: { hide: true }, config: { probe: true } }, async ({ outcome }, reply) => {
    const found = await causes()
    const closing = isClosing || isLeaving()
    const missing = [...(closing ? ['closing'] : []), ...found.filter((cause) => cause !== null)]
    if (missing.length > 0) {
      reply.code(503).header('retry-after', '1')
      outcome.code = outcomes.unavailable.code
      outcome.cause = new Error(`not ready: ${missing.join(', ')}`)
    }
    return {
      status: closing ? 'closing' : missing.length > 0 ? 'unavailable' : 'ok',
      version,
      checks: Object.fromEntries(
        Object.keys(checks).map((name, index) => [name, found[index] === null ? 'ok' : 'unavailable']),
      ),
    }
  })

  for (const url of ['/health/live', '/health/ready']) refuseOtherMethods(app, url, ['GET'])
}
