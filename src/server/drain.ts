import type { FastifyInstance } from 'fastify'

/** Counts the requests that have begun and not ended. */
export interface RequestsInFlight {
  begun(): void
  ended(): void
}

/**
 * Makes the app close only after every request has ended. Fastify itself waits for connections only. The operation of a
 * disconnected client still runs, and it needs the database.
 */
export function drainRequests(app: FastifyInstance): RequestsInFlight {
  let inFlight = 0
  let onLastEnd: (() => void) | undefined
  app.addHook('onClose', (_app, done) => {
    if (inFlight === 0) done()
    else onLastEnd = done
  })
  return {
    begun() {
      inFlight += 1
    },
    ended() {
      inFlight -= 1
      if (inFlight === 0) onLastEnd?.()
    },
  }
}
