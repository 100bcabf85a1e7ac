import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller, Door } from '../domain/caller.ts'
import type { Meter } from '../observability/meter.ts'
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
  /** Whether it has been logged and counted. */
  ended: boolean
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
  if (outcome.code === 'OK') {
    outcome.code = refusal.code
    outcome.rule = refusal.refusal
  }
  if (refusal.status >= 500) outcome.cause ??= refusal.cause ?? refusal
}

const newOutcome = (): Outcome => ({ door: null, operation: null, code: 'OK', rule: null, cause: undefined, ended: false })

type Level = 'debug' | 'info'

/** Writes the line of a request. */
function logRequest(log: FastifyBaseLogger, { door, operation, code, cause }: Outcome, details: object, level: Level = 'info'): void {
  const line = { door, operation, code, ...details }
  if (cause === undefined) log[level](line, 'request')
  else log.error({ ...line, cause: describeCause(cause) }, 'request')
}

/** Authentication has said by itself why it refused a request, which then has a door and no caller. */
const refusedByAuthentication = ({ door, rule }: Outcome, caller: Caller | null): boolean =>
  door !== null && caller === null && (rule === 'accessDenied' || rule === 'unavailable')

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

/** One line and one count for each request, when its answer has been sent, or when the caller has gone without it. */
export function observeRequests(app: FastifyInstance, meter: Meter): void {
  function end(request: FastifyRequest, reply: FastifyReply, aborted: boolean): void {
    const { outcome, caller, log } = request
    if (outcome.ended) return
    outcome.ended = true
    const probe = request.routeOptions.config.probe === true && reply.statusCode === 200
    countRequest(meter, outcome, caller, reply.elapsedTime)
    logRequest(log, outcome, { ...detailsOf(request, reply), ...(aborted && { aborted }) }, probe ? 'debug' : 'info')
  }

  app.decorateRequest('caller', null)
  app.decorateRequest('isCounted', false)
  app.decorateRequest('outcome')
  app.addHook('onRequest', (request, reply, done) => {
    request.outcome = newOutcome()
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
}

const detailsOf = (request: FastifyRequest, reply: FastifyReply) => ({
  status: reply.statusCode,
  clientId: request.caller?.clientId,
  clientType: request.caller?.clientType,
  durationMs: Math.round(reply.elapsedTime * 10) / 10,
})
