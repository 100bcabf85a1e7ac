import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import type { Authenticate } from '../auth/authenticate.ts'
import type { Call, Door } from '../domain/call.ts'
import type { Caller } from '../domain/caller.ts'
import { GatewayError } from '../domain/errors.ts'
import type { FailureLimit } from '../limits/open-limits.ts'

export interface AuthenticationDeps {
  readonly authenticate: Authenticate
  /** null: failed authentications are not limited. */
  readonly failureLimit: FailureLimit | null
}

/**
 * Finds the caller of a request; for a remembered token it returns no promise. The limit counts and refuses only failed
 * authentications, so it does not lock out other callers that share an address with a hostile one.
 * @throws GatewayError as `Authenticate`, or `tooManyRequests` in place of `accessDenied`; as a throw or a rejection
 */
function callerOf(
  { authenticate, failureLimit }: AuthenticationDeps,
  request: FastifyRequest,
): Caller | Promise<Caller> {
  const countThenRefuse = async (error: unknown): Promise<never> => {
    await failureLimit?.count(request.ip)
    throw error
  }
  const refuse = (error: unknown): Promise<never> => {
    if (error instanceof GatewayError && error.is('accessDenied'))
      request.outcome.unauthenticated = error.details.reason
    if (failureLimit === null || !isFailure(error)) throw error
    return countThenRefuse(error)
  }
  try {
    const caller = authenticate({
      rawHeaders: request.raw.rawHeaders,
      apiKey: apiKeyOf(request),
      mayLookUpTokens: () => failureLimit === null || !failureLimit.isExhausted(request.ip),
    })
    return caller instanceof Promise ? caller.catch(refuse) : caller
  } catch (error) {
    return refuse(error)
  }
}

/** The first hook of both doors. The gateway reads nothing of a request's body before it knows the caller. */
export function authenticationHook(deps: AuthenticationDeps, door: Door): onRequestHookHandler {
  return (request, _reply, done) => {
    request.outcome.door = door
    const accept = (caller: Caller) => {
      request.caller = caller
      request.outcome.caller = caller
      request.authenticatedAt = performance.now()
      done()
    }
    try {
      const caller = callerOf(deps, request)
      if (caller instanceof Promise) caller.then(accept, done)
      else accept(caller)
    } catch (error) {
      done(error as Error) // `callerOf` throws nothing else
    }
  }
}

/** How long after its authentication a caller may act without being authenticated again. */
const authenticatedForMs = 1_000

/** The call that a request makes. */
class RequestCall implements Call {
  readonly caller: Caller | null
  readonly door: Door
  readonly requestId: string
  readonly #request: FastifyRequest
  readonly #deps: AuthenticationDeps

  constructor(request: FastifyRequest, door: Door, deps: AuthenticationDeps) {
    this.caller = request.caller
    this.door = door
    this.requestId = request.id
    this.#request = request
    this.#deps = deps
  }

  confirmed(): Call | Promise<Call> {
    const request = this.#request
    if (performance.now() < request.authenticatedAt + authenticatedForMs) return this
    // The policy refuses a caller of unknown status, so the registry need not be asked a second time.
    if (this.caller === null || this.caller.statusUnknown !== undefined) return this
    const confirm = (caller: Caller) => {
      request.caller = caller
      request.authenticatedAt = performance.now()
      return new RequestCall(request, this.door, this.#deps)
    }
    request.caller = null
    const caller = callerOf(this.#deps, request)
    return caller instanceof Promise ? caller.then(confirm) : confirm(caller)
  }
}

/** Makes the function that turns a request into the call that both doors hand to the operations. */
export function createCallOf(deps: AuthenticationDeps, door: Door): (request: FastifyRequest) => Call {
  return (request) => new RequestCall(request, door, deps)
}

/**
 * Whether an authentication counts as failed. An expired token does not count, because it still names its caller. So
 * the clients of a clinic do not use up the limit of its address.
 */
const isFailure = (error: unknown) =>
  error instanceof GatewayError && error.code === 'UNAUTHENTICATED' && error.details.tokenHasExpired !== true

/** The `API-key` header. Node joins two such headers into one value, which is no connection's secret. */
export function apiKeyOf({ headers: { 'api-key': apiKey } }: FastifyRequest): string | null {
  return typeof apiKey === 'string' && apiKey !== '' ? apiKey : null
}
