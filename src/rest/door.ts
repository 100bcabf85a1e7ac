import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { GatewayError } from '../domain/errors.ts'
import type { OperationName } from '../domain/operation-rules.ts'
import type { Operations } from '../domain/operations.ts'
import type { Permit } from '../domain/permit.ts'
import { type AuthenticationDeps, authenticationHook, createCallOf } from '../server/authentication.ts'
import { statusOf } from '../server/http-refusals.ts'
import { languageOf, varyByLanguage } from '../server/language.ts'
import { negotiationHook } from '../server/negotiation.ts'
import { noteError } from '../server/outcome.ts'
import { rateLimitHeaders } from '../server/rate-limit-headers.ts'
import { refusalHeaders, toRefusal } from '../server/refusals.ts'
import type { RenderStrayRefusal } from '../server/rejected-by-parser.ts'
import { type RefusalAhead, sheddingHook } from '../server/shedding.ts'
import { setEntityTag } from './entity-tag.ts'
import { type Addressee, errorEnvelope, restStatusOf } from './envelope.ts'
import type { GivenQuery } from './query.ts'

/** The request that an answer is for. The path is the request's own, without its query string; the origin is ours. */
export function addresseeOf(request: FastifyRequest): Addressee {
  return { url: request.server.publicUrl(request.raw.url), requestId: request.id }
}

/** Answers a thrown value in the envelope. */
export function answerRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  noteError(request.outcome, error)
  const refusal = toRefusal(error)
  if (refusal instanceof GatewayError && refusal.is('conflict')) setEntityTag(reply, refusal.details.current)
  // RFC 5789 §2.2
  if (statusOf(refusal) === 415 && request.method === 'PATCH') reply.header('accept-patch', 'application/json')
  const language = languageOf(request.headers['accept-language'])
  varyByLanguage(reply, language)
  void reply
    .code(restStatusOf(refusal))
    .headers(refusalHeaders(refusal))
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(errorEnvelope(refusal, addresseeOf(request), language))
}

/** The same envelope for a request that Node's parser or the router refused before there was a request object. */
export const renderStrayRefusal: RenderStrayRefusal = (error, requestId, url, language) => {
  const refusal = toRefusal(error)
  return {
    status: statusOf(refusal),
    headers: { ...refusalHeaders(refusal), ...(language && { vary: 'Accept-Language' }) },
    body: JSON.stringify(errorEnvelope(refusal, { url, requestId }, language)),
  }
}

const negotiate = negotiationHook(['application/json'])

export interface RestDoorDeps extends AuthenticationDeps {
  readonly operations: Operations
  readonly refusalAhead: RefusalAhead
}

/** The ids in the path of a route. `id` is the client's. */
interface PathIds {
  readonly id?: string
  readonly connection_id?: string
  readonly subscription_id?: string
}

/**
 * The hooks of a REST route. Their order is part of the contract: 401, 403 for the scope, 403 for the client, 429, 406,
 * 503 under overload. Fastify reads the body after them (400, 413, 415). The request keeps the permit, and the handler
 * gives it to `run`.
 * @param clientIdOf Reads the client from the query string, for a route without one in its path.
 */
export function entrance(
  { operations, refusalAhead, ...authentication }: RestDoorDeps,
  operation: OperationName,
  clientIdOf = (_query: GivenQuery) => '',
): onRequestHookHandler[] {
  const callOf = createCallOf(authentication, 'REST')
  const nameOperation: onRequestHookHandler = (request, _reply, done) => {
    request.outcome.operation = operation
    done()
  }
  const permit: onRequestHookHandler = (request, reply, done) => {
    const { id: clientId = clientIdOf(request.query as GivenQuery), ...ids } = request.params as PathIds
    const subject = { clientId, connectionId: ids.connection_id ?? '', subscriptionId: ids.subscription_id ?? '' }
    const keep = (given: Permit) => {
      request.permit = given
      if (given.allowance !== null) reply.headers(rateLimitHeaders(given.allowance))
      done()
    }
    const given = operations[operation].permit(callOf(request), subject)
    if (given instanceof Promise) given.then(keep, done)
    else keep(given)
  }
  return [nameOperation, authenticationHook(authentication, 'REST'), permit, negotiate, sheddingHook(refusalAhead)]
}

/** The permit that the entrance has kept. */
export function permitOf({ permit }: FastifyRequest): Permit {
  if (permit === null) throw new GatewayError('internal', {}, new Error('a route without its entrance'))
  return permit
}

/** Makes a Fastify instance answer every error in the envelope of the REST door. */
export function speakEnvelope(app: FastifyInstance): void {
  app.setErrorHandler(answerRefusal)
  app.setNotFoundHandler((request, reply) => answerRefusal(new GatewayError('notFound'), request, reply))
}
