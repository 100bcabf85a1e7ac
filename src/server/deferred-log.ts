import type { FastifyInstance } from 'fastify'

export type DeferredLog = ReturnType<typeof createDeferredLog>

/** A log for what is opened before the app, whose log it becomes. What is said earlier waits for that. */
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
