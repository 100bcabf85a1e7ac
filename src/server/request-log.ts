import type { FastifyInstance } from 'fastify'
import type { Caller, Door } from '../domain/caller.ts'
import { toGatewayError } from './refusals.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The authenticated caller; null before authentication and on routes without it. */
    caller: Caller | null
    /** What the one log line of this request will say. */
    outcome: Outcome
  }
}

/** What became of a request. Written by the doors, read by the log. */
export interface Outcome {
  door: Door | null
  /** Name of the operation, not of the document: `updateClientConnection`. */
  operation: string | null
  /** `OK` or a code of the catalogue. A GraphQL result that holds several errors counts as its first. */
  code: string
  /** Why it is a 5xx. */
  cause: unknown
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g

/** One cause in one line: names and codes, and the end of each message. Prisma's messages begin with our own source lines. */
export function describeCause(error: unknown, depth = 0): string {
  if (!(error instanceof Error) || depth > 4) return String(error).replace(unprintable, ' ').slice(0, 200)
  const code = 'code' in error ? ` ${String(error.code)}` : ''
  const message = error.message.trim().split('\n').at(-1) ?? ''
  const inner = error.cause === undefined ? '' : ` <- ${describeCause(error.cause, depth + 1)}`
  return `${error.name}${code}: ${message}`.replace(unprintable, ' ').slice(0, 300) + inner
}

/** Notes what an operation or a hook ended with. */
export function noteError(outcome: Outcome, error: unknown): void {
  const refusal = toGatewayError(error)
  if (outcome.code === 'OK') outcome.code = refusal.code
  if (refusal.status >= 500) outcome.cause ??= refusal.cause ?? refusal
}

/** One line for each request, written when its answer has been sent. */
export function logRequests(app: FastifyInstance): void {
  app.decorateRequest('caller', null)
  app.decorateRequest('outcome')
  app.addHook('onRequest', (request, reply, done) => {
    request.outcome = { door: null, operation: null, code: 'OK', cause: undefined }
    reply.header('x-request-id', request.id)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const { door, operation, code, cause } = request.outcome
    const line = {
      door,
      operation,
      code,
      status: reply.statusCode,
      clientId: request.caller?.clientId,
      clientType: request.caller?.clientType,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
    }
    if (cause === undefined) request.log.info(line, 'request')
    else request.log.error({ ...line, cause: describeCause(cause) }, 'request')
    done()
  })
}
