import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import type { Authenticate } from '../auth/authenticate.ts'
import type { Call, Caller, Door } from '../domain/caller.ts'

/** First hook of both doors: nothing of a request is read before its token has been verified. */
export function authenticationHook(authenticate: Authenticate, door: Door): onRequestHookHandler {
  return (request, _reply, done) => {
    request.outcome.door = door
    const accept = (caller: Caller) => {
      request.caller = caller
      done()
    }
    // A remembered token is known at once, and then no promise has to be waited for.
    const caller = authenticate(request.raw.rawHeaders)
    if (caller instanceof Promise) caller.then(accept, done)
    else accept(caller)
  }
}

/** The call that a request makes: what both doors hand to the operations. */
export function callOf(request: FastifyRequest, door: Door): Call {
  const { 'api-key': apiKey } = request.headers
  return { caller: request.caller, door, requestId: request.id, apiKey: typeof apiKey === 'string' && apiKey !== '' ? apiKey : null }
}
