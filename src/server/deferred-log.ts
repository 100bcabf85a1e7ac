import type { FastifyInstance } from 'fastify'

export type DeferredLog = ReturnType<typeof createDeferredLog>

/** A log for parts that open before the app. It keeps their lines until the app's log exists, and then writes there. */
export function createDeferredLog() {
  let app: FastifyInstance | undefined
  const early: (() => void)[] = []
  const write = (level: 'info' | 'warn') => (details: object, message: string) => {
    if (app === undefined) early.push(() => app?.log[level](details, message))
    else app.log[level](details, message)
  }
  return {
    info: write('info'),
    warn: write('warn'),
    logThrough(opened: FastifyInstance) {
      app = opened
      for (const line of early.splice(0)) line()
    },
  }
}
