import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import type { Authenticate } from '../auth/authenticate.ts'
import type { Call, Door } from '../domain/caller.ts'

/** First hook of both doors: nothing of a request is read before its token has been verified. */
export function authenticationHook(authenticate: Authenticate, door: Door): onRequestAsyncHookHandler {
  return async (request) => {
    request.outcome.door = door
    request.caller = await authenticate(request.raw.rawHeaders)
  }
}

/** The call that a request makes: what both doors hand to the operations. */
export function callOf(request: FastifyRequest, door: Door): Call {
  return { caller: request.caller, door, requestId: request.id }
}
