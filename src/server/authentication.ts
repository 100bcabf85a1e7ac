import type { FastifyRequest, onRequestHookHandler, preValidationHookHandler } from 'fastify'
import type { Authenticate } from '../auth/authenticate.ts'
import type { Call, Caller, Door } from '../domain/caller.ts'
import { GatewayError } from '../domain/errors.ts'
import type { FailureLimit } from '../limits/open-limits.ts'

export interface AuthenticationDeps {
  readonly authenticate: Authenticate
  /** null: addresses may fail as often as they like. */
  readonly failureLimit: FailureLimit | null
}

/**
 * First hook of both doors: nothing of a request's body is read before its caller is known and let in. Only failures
 * are counted and only failures are refused by the limit: callers that share an address with a hostile one go on.
 */
export function authenticationHook(
  { authenticate, failureLimit }: AuthenticationDeps,
  door: Door,
): onRequestHookHandler {
  return (request, _reply, done) => {
    request.outcome.door = door
    const accept = (caller: Caller) => {
      request.caller = caller
      request.authenticatedAt = performance.now()
      done()
    }
    const refuse = (error: Error) => {
      if (failureLimit === null || !isFailure(error)) return done(error)
      Promise.resolve(request.ip)
        .then(failureLimit.count)
        .then(() => done(error), done)
    }
    try {
      // A remembered token is known at once, and then no promise has to be waited for.
      const caller = authenticate({
        rawHeaders: request.raw.rawHeaders,
        apiKey: apiKeyOf(request),
        mayLookUpTokens: () => failureLimit === null || !failureLimit.isExhausted(request.ip),
      })
      if (caller instanceof Promise) caller.then(accept, refuse)
      else accept(caller)
    } catch (error) {
      refuse(error as Error) // `authenticate` throws nothing else
    }
  }
}

/** How long after it was let in a caller's body may come. */
const letInForMs = 1_000

/**
 * Asks once more, after the body: it may take half a minute to come, and who is blocked, or whose token ends, meanwhile
 * must not act by a head sent in time. The operation authorizes whoever it finds then.
 */
export function repeatedAuthenticationHook(deps: AuthenticationDeps, door: Door): preValidationHookHandler {
  const authenticateAgain = authenticationHook(deps, door)
  return function (request, reply, done) {
    const { caller } = request
    // Whoever is in doubt is refused for that by the policy, and need not wait for it twice.
    if (caller === null || caller.doubt !== undefined || performance.now() < request.authenticatedAt + letInForMs)
      return done()
    request.caller = null
    authenticateAgain.call(this, request, reply, done)
  }
}

/**
 * Whether somebody has failed to say who they are. A token that has only expired has said it: a clinic's clients must
 * not use up its address.
 */
const isFailure = (error: Error) =>
  error instanceof GatewayError && error.status === 401 && error.details.tokenHasExpired !== true

/** The call that a request makes: what both doors hand to the operations. */
export function callOf(request: FastifyRequest, door: Door): Call {
  return {
    caller: request.caller,
    door,
    requestId: request.id,
    apiKey: apiKeyOf(request),
    isCounted: request.isCounted,
  }
}

/** The `API-key` header. Sent twice, Node joins the two, and the result is nobody's secret. */
function apiKeyOf({ headers: { 'api-key': apiKey } }: FastifyRequest): string | null {
  return typeof apiKey === 'string' && apiKey !== '' ? apiKey : null
}
