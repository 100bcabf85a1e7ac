import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { GatewayError } from '../domain/errors.ts'
import type { Operations } from '../domain/operations.ts'
import type { Policy, Scope } from '../domain/policy.ts'
import { foldUuid } from '../domain/uuid.ts'
import type { Allowance, WriteLimit } from '../domain/write-limit.ts'
import { type AuthenticationDeps, authenticationHook, callOf } from '../server/authentication.ts'
import { negotiationHook } from '../server/negotiation.ts'
import { noteError } from '../server/outcome.ts'
import { rateLimitHeaders } from '../server/rate-limit-headers.ts'
import { refusalHeaders, toGatewayError } from '../server/refusals.ts'
import type { RenderStrayRefusal } from '../server/rejected-by-parser.ts'
import { type RefusalAhead, sheddingHook } from '../server/shedding.ts'
import { setEntityTag } from './entity-tag.ts'
import { type Addressee, errorEnvelope, restStatusOf } from './envelope.ts'

/**
 * Who an answer is for. The path is the request's own, its query string left out; the rest is never taken from the
 * request.
 */
export function addresseeOf(request: FastifyRequest): Addressee {
  return { url: request.server.publicUrl(request.raw.url), requestId: request.id }
}

/** Answers a thrown value in the envelope. */
export function answerRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  noteError(request.outcome, error)
  const refusal = toGatewayError(error)
  const { current } = refusal.details
  if (current) setEntityTag(reply, current)
  // RFC 5789 §2.2
  if (refusal.status === 415 && request.method === 'PATCH') reply.header('accept-patch', 'application/json')
  void reply
    .code(restStatusOf(refusal))
    .headers(refusalHeaders(refusal))
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(errorEnvelope(refusal, addresseeOf(request)))
}

/** The same envelope for a request that Node's parser or the router refused before there was a request object. */
export const renderStrayRefusal: RenderStrayRefusal = (error, requestId, url) => {
  const refusal = toGatewayError(error)
  return {
    status: refusal.status,
    headers: refusalHeaders(refusal),
    body: JSON.stringify(errorEnvelope(refusal, { url, requestId })),
  }
}

const negotiate = negotiationHook(['application/json'])

export interface RestDoorDeps extends AuthenticationDeps {
  readonly policy: Policy
  readonly writeLimit: WriteLimit | null
  readonly refusalAhead: RefusalAhead
}

/**
 * The hooks of a REST route, in the order that is contract: 401, 403 scope, 403 client, then what HTTP brings (406
 * here; 400, 413 and 415 when the body is read, which comes later). The operation asks the same policy again. Overload
 * comes last of what the head of a request can be refused for.
 */
export function entrance(
  { policy, refusalAhead, ...authentication }: RestDoorDeps,
  operation: keyof Operations,
  scope: Scope,
): onRequestHookHandler[] {
  const name: onRequestHookHandler = (request, _reply, done) => {
    request.outcome.operation = operation
    // Ids are compared as UUIDs (RFC 9562 §4): in lower case, as PostgreSQL writes them.
    const params = request.params as Record<string, string>
    for (const name in params) params[name] = foldUuid(params[name] ?? '')
    done()
  }
  const authorize: onRequestHookHandler = (request, _reply, done) => {
    // Every route of this door that acts on one client names it as `id`.
    const { id } = request.params as { id?: string }
    if (id === undefined) policy.authorizeScope(callOf(request, 'REST'), scope)
    else policy.authorize(callOf(request, 'REST'), scope, id)
    done()
  }
  return [name, authenticationHook(authentication, 'REST'), authorize, negotiate, sheddingHook(refusalAhead)]
}

/**
 * The same for a route that writes, and 429: the write is counted here, since the operation would do it after the body
 * has been read. So each answer to a write that was let in says what is left, too.
 */
export function entranceOfWrite(door: RestDoorDeps, operation: keyof Operations, scope: Scope): onRequestHookHandler[] {
  const { writeLimit } = door
  const hooks = entrance(door, operation, scope)
  if (writeLimit === null) return hooks
  const count: onRequestHookHandler = (request, reply, done) => {
    const accept = (allowance: Allowance) => {
      reply.headers(rateLimitHeaders(allowance))
      request.isCounted = true
      done()
    }
    if (request.caller === null) throw new GatewayError('accessDenied')
    const counted = writeLimit(request.caller)
    if (counted instanceof Promise) counted.then(accept, done)
    else accept(counted)
  }
  return [...hooks, count]
}

/** Makes an instance speak the REST door's language: the envelope for every answer, errors of any kind too. */
export function speakEnvelope(app: FastifyInstance): void {
  app.setErrorHandler(answerRefusal)
  app.setNotFoundHandler((request, reply) => answerRefusal(new GatewayError('notFound'), request, reply))
}
