import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller, Door } from '../domain/caller.ts'
import type { Meter } from '../observability/meter.ts'
import { endTrace } from '../observability/trace-requests.ts'
import type { Span } from '../observability/tracing.ts'
import { describeCause } from './log-text.ts'
import { toGatewayError } from './refusals.ts'

declare module 'node:http' {
  interface IncomingMessage {
    /** What the hooks know it as; a connection's own events know only this end of it. */
    observed?: FastifyRequest
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The authenticated caller; null before authentication and on routes without it. */
    caller: Caller | null
    /** When it was, by `performance.now()`; 0 before. */
    letInAt: number
    /** Whether the write that this request asks for has been counted. */
    isCounted: boolean
    /** What the one log line of this request will say. */
    outcome: Outcome
    /** Its span; null: no traces, or a probe. */
    span: Span | null
  }
  interface FastifyContextConfig {
    /** A probe: it comes every second, so as long as all is well its line is written at `debug` only. */
    probe?: true
  }
}

/** What became of a request. Written by the doors, read by the log and the meter. */
export interface Outcome {
  door: Door | null
  /** Name of the operation, not of the document: `updateClientConnection`. */
  operation: string | null
  /** `OK` or a code of the catalogue. A GraphQL result that holds several errors counts as its first. */
  code: string
  /** What refused it: a name of the catalogue, or the code of a GraphQL request error. */
  rule: string | null
  /** Why it is a 5xx. */
  cause: unknown
  /** What was answered on the bare connection, past the reply, because the rest of the request cannot be read; else null. */
  refusedWith: number | null
  /** Whether it has been logged and counted. */
  ended: boolean
}

/** Notes what an operation or a hook ended with. */
export function noteError(outcome: Outcome, error: unknown): void {
  const refusal = toGatewayError(error)
  if (outcome.code === 'OK') {
    outcome.code = refusal.code
    outcome.rule = refusal.refusal
  }
  // What was refused midway is a 4xx, whatever its handler found out later.
  if (refusal.status >= 500 && outcome.refusedWith === null) outcome.cause ??= refusal.cause ?? refusal
}

const newOutcome = (): Outcome => ({
  door: null,
  operation: null,
  code: 'OK',
  rule: null,
  cause: undefined,
  refusedWith: null,
  ended: false,
})

type Level = 'debug' | 'info'

/** Writes the line of a request. */
function logRequest(log: FastifyBaseLogger, { door, operation, code, cause }: Outcome, details: object, level: Level = 'info'): void {
  const line = { door, operation, code, ...details }
  if (cause === undefined) log[level](line, 'request')
  else log.error({ ...line, cause: describeCause(cause) }, 'request')
}

/** What authentication refuses with. It tells the meter its reason by itself. */
const rulesOfAuthentication = new Set(['accessDenied', 'apiKeyMissing', 'apiKeyInvalid', 'unavailable'])

/** Whether a request did not get past authentication: then it has a door and no caller. */
const refusedByAuthentication = ({ door, rule }: Outcome, caller: Caller | null): boolean =>
  door !== null && caller === null && rulesOfAuthentication.has(rule ?? '')

function countRequest(meter: Meter, outcome: Outcome, caller: Caller | null, milliseconds: number): void {
  meter.requestEnded(outcome, milliseconds / 1_000)
  if (outcome.rule !== null && !refusedByAuthentication(outcome, caller)) meter.refused(outcome.rule)
  // Writes are counted for callers, failed authentications are those of nobody.
  if (outcome.rule === 'tooManyRequests') meter.limited(caller === null ? 'authentication' : 'write')
}

/** Logs and counts a request that was refused before there was a request for the hooks. `log` knows its id. */
export function noteStrayRefusal(log: FastifyBaseLogger, meter: Meter, error: unknown, status: number): void {
  const outcome = newOutcome()
  noteError(outcome, error)
  countRequest(meter, outcome, null, 0)
  logRequest(log, outcome, { status, durationMs: 0 })
}

/** Notes that a request was refused while its body was being read. Its line is written when its handler has found out, too. */
export function noteRefusedMidway({ outcome }: FastifyRequest, error: unknown, status: number): void {
  noteError(outcome, error)
  outcome.refusedWith = status
}

/**
 * One line and one count for each request, when its answer has been sent, or when the caller has gone without it. The app is closed once
 * each request has its own: one whose caller has gone is worked off as any other, and would find nothing left of what it stands on.
 */
export function observeRequests(app: FastifyInstance, meter: Meter): void {
  let unended = 0
  let onLastEnd: (() => void) | undefined

  function end(request: FastifyRequest, reply: FastifyReply, aborted: boolean): void {
    const { outcome, caller, log } = request
    if (outcome.ended) return
    outcome.ended = true
    const probe = request.routeOptions.config.probe === true && reply.statusCode === 200
    countRequest(meter, outcome, caller, reply.elapsedTime)
    logRequest(
      log,
      outcome,
      { ...detailsOf(request, reply), ...(aborted && outcome.refusedWith === null && { aborted }) },
      probe ? 'debug' : 'info',
    )
    endTrace(request, reply)
    unended -= 1
    if (unended === 0) onLastEnd?.()
  }

  app.decorateRequest('caller', null)
  app.decorateRequest('letInAt', 0)
  app.decorateRequest('isCounted', false)
  app.decorateRequest('outcome')
  app.decorateRequest('span', null)
  app.addHook('onRequest', (request, reply, done) => {
    request.outcome = newOutcome()
    request.raw.observed = request
    unended += 1
    reply.header('x-request-id', request.id)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    end(request, reply, false)
    done()
  })
  // An answer is never finished on a connection that is gone, be it before the answer or in the middle of it. What became of the
  // request is known all the same.
  app.addHook('onSend', (request, reply, payload, done) => {
    const { raw } = reply
    if (raw.destroyed) end(request, reply, true)
    else raw.once('close', () => end(request, reply, true))
    done(null, payload)
  })
  // Who leaves while authentication waits for something leaves a body that says neither that it has ended nor that it has broken: its
  // events are past, and Fastify would wait for one for ever.
  app.addHook('preParsing', ({ raw }, _reply, payload, done) => {
    if (raw.destroyed) done(Object.assign(new Error('the caller has gone'), { code: 'ECONNRESET' }))
    else done(null, payload)
  })
  // Fastify itself waits for connections only.
  app.addHook('onClose', (_app, done) => {
    if (unended === 0) done()
    else onLastEnd = done
  })
}

const detailsOf = (request: FastifyRequest, reply: FastifyReply) => ({
  status: request.outcome.refusedWith ?? reply.statusCode,
  clientId: request.caller?.clientId,
  clientType: request.caller?.clientType,
  durationMs: Math.round(reply.elapsedTime * 10) / 10,
  traceId: request.span?.traceId,
})
