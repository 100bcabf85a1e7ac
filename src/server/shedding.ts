import type { onRequestHookHandler } from 'fastify'
import type { GatewayError } from '../domain/errors.ts'

/** What a request that needs the database is to be refused with now, before any work is done for it; null: nothing. */
export type RefusalAhead = () => GatewayError | null

/**
 * The last hook of both doors, after everything that can be told from a request's head: its body is not read where it
 * would be refused in the end and the process has no time for that.
 */
export function sheddingHook(refusalAhead: RefusalAhead): onRequestHookHandler {
  return (_request, _reply, done) => done(refusalAhead() ?? undefined)
}
