import type { onRequestHookHandler } from 'fastify'
import type { GatewayError } from '../domain/errors.ts'

/** The refusal for a request that needs the database, before any work is done for it; null: it may go on. */
export type RefusalAhead = () => GatewayError | null

/**
 * The last hook of both doors. It runs after all checks of the request's head. Under overload it refuses a request
 * before its body is read.
 */
export function sheddingHook(refusalAhead: RefusalAhead): onRequestHookHandler {
  return (_request, _reply, done) => done(refusalAhead() ?? undefined)
}
