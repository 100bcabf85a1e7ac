import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller, Door } from '../domain/caller.ts'
import { toGatewayError } from './refusals.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The authenticated caller; null before authentication and on routes without it. */
    caller: Caller | null
    /** Whether the write that this request asks for has been counted. */
    isCounted: boolean
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

/** What JSON leaves as it is, and a terminal or another reader of the log does not: DEL, C1, line separators, bidirectional and invisible signs. */
const obeyed = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g

/** A line of the log with nothing in it that could be obeyed. It is JSON before and after, and means the same. */
export function neutraliseLine(line: string): string {
  return line.replace(obeyed, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A text for a cause that is no Error. An object's own `toString` is not run: it may throw again. Prisma's adapter throws such objects. */
function describeOther(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return String(cause)
  const { kind, originalCode } = cause as { kind?: unknown; originalCode?: unknown } // any object can be looked into
  return typeof kind === 'string' ? [kind, originalCode].filter((word) => typeof word === 'string').join(' ') : 'an object'
}

/** One cause in one line: names and codes, and the end of each message. Prisma's messages begin with our own source lines. */
export function describeCause(error: unknown, depth = 0): string {
  if (!(error instanceof Error) || depth > 4) return describeOther(error).replace(unprintable, ' ').slice(0, 200)
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

const newOutcome = (): Outcome => ({ door: null, operation: null, code: 'OK', cause: undefined })

/** Writes the line of a request. */
function logRequest(log: FastifyBaseLogger, { door, operation, code, cause }: Outcome, details: object): void {
  const line = { door, operation, code, ...details }
  if (cause === undefined) log.info(line, 'request')
  else log.error({ ...line, cause: describeCause(cause) }, 'request')
}

/** The line of a request that was refused before there was a request for the hooks. `log` knows its id. */
export function logStrayRefusal(log: FastifyBaseLogger, error: unknown, status: number): void {
  const outcome = newOutcome()
  noteError(outcome, error)
  logRequest(log, outcome, { status, durationMs: 0 })
}

/** One line for each request, written when its answer has been sent, or when the caller has gone without it. */
export function logRequests(app: FastifyInstance): void {
  app.decorateRequest('caller', null)
  app.decorateRequest('isCounted', false)
  app.decorateRequest('outcome')
  app.addHook('onRequest', (request, reply, done) => {
    request.outcome = newOutcome()
    reply.header('x-request-id', request.id)
    done()
  })
  // A connection that is gone by then never finishes an answer; what became of the request is known all the same.
  app.addHook('onSend', (request, reply, payload, done) => {
    if (reply.raw.destroyed) logRequest(request.log, request.outcome, { ...detailsOf(request, reply), aborted: true })
    done(null, payload)
  })
  app.addHook('onResponse', (request, reply, done) => {
    logRequest(request.log, request.outcome, detailsOf(request, reply))
    done()
  })
}

const detailsOf = (request: FastifyRequest, reply: FastifyReply) => ({
  status: reply.statusCode,
  clientId: request.caller?.clientId,
  clientType: request.caller?.clientType,
  durationMs: Math.round(reply.elapsedTime * 10) / 10,
})
