import type { FastifyInstance } from 'fastify'
import { version } from '../config/version.ts'
import { outcomes } from '../domain/errors.ts'
import { refuseOtherMethods } from './http-server.ts'
import { describeCause } from './log-text.ts'

/** A condition for readiness. false or an error means that this instance should get no requests. */
export type ReadinessCheck = () => boolean | Promise<boolean>

/**
 * `/health/live` runs no check. `/health/ready` runs every check and names each one that fails.
 * @param isLeaving whether this instance will soon take no new connections
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

  /** Runs each check. It gives the cause of a failure, or null. */
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
  // Requests that come meanwhile share the same run, so many probes do not load the database.
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
