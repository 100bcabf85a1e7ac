import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Caller } from '../domain/caller.ts'
import type { Permit } from '../domain/permit.ts'
import type { Span } from '../observability/tracing.ts'
import { newOutcome, type Outcome } from './outcome.ts'

declare module 'node:http' {
  interface IncomingMessage {
    /** The Fastify request made from this Node request; socket-level handlers find it here. */
    observed?: FastifyRequest
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The authenticated caller; null before authentication and on routes without it. */
    caller: Caller | null
    /** The time of the authentication by `performance.now()`; 0 before it. */
    authenticatedAt: number
    /** The permit that the REST door gets before it reads the body; null before that, and in the GraphQL door. */
    permit: Permit | null
    /** The content of the one log line of this request. */
    outcome: Outcome
    /** The request's span; null without tracing, and for a probe. */
    span: Span | null
  }
  interface FastifyContextConfig {
    /** A probe comes every second, so the gateway logs its success at `debug` only. */
    probe?: true
  }
}

/** Adds the members to each request that hooks and doors write to. */
export function keepRequestState(app: FastifyInstance): void {
  app.decorateRequest('caller', null)
  app.decorateRequest('authenticatedAt', 0)
  app.decorateRequest('permit', null)
  app.decorateRequest('outcome')
  app.decorateRequest('span', null)
  app.addHook('onRequest', (request, reply, done) => {
    request.outcome = newOutcome()
    request.raw.observed = request
    reply.header('x-request-id', request.id)
    done()
  })
}
