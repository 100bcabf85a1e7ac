import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../domain/caller.ts'
import type { Meter } from '../observability/meter.ts'
import { endTrace } from '../observability/trace-requests.ts'
import { drainRequests } from './drain.ts'
import { describeCause } from './log-text.ts'
import { newOutcome, noteError, type Outcome } from './outcome.ts'
import { keepRequestState } from './request-state.ts'

type Level = 'debug' | 'info'

/** Writes the line of a request. */
function logRequest(
  log: FastifyBaseLogger,
  { door, operation, code, cause }: Outcome,
  details: object,
  level: Level = 'info',
): void {
  const line = { door, operation, code, ...details }
  if (cause === undefined) log[level](line, 'request')
  else log.error({ ...line, cause: describeCause(cause) }, 'request')
}

/** The refusals of authentication. Authentication itself counts them in the meter, by reason. */
const rulesOfAuthentication = new Set(['accessDenied', 'apiKeyMissing', 'apiKeyInvalid', 'unavailable'])

/** Whether authentication refused a request. Such a request has a door and no caller. */
const refusedByAuthentication = ({ door, rule }: Outcome, caller: Caller | null): boolean =>
  door !== null && caller === null && rulesOfAuthentication.has(rule ?? '')

function countRequest(meter: Meter, outcome: Outcome, caller: Caller | null, milliseconds: number): void {
  meter.requestEnded(outcome, milliseconds / 1_000)
  if (outcome.rule !== null && !refusedByAuthentication(outcome, caller)) meter.refused(outcome.rule)
  // The write limit counts callers; a failed authentication has no caller.
  if (outcome.rule === 'tooManyRequests') meter.limited(caller === null ? 'authentication' : 'write')
}

/** Logs and counts a request that was refused before Fastify had a request object. `log` adds its id. */
export function noteStrayRefusal(log: FastifyBaseLogger, meter: Meter, error: unknown, status: number): void {
  const outcome = newOutcome()
  noteError(outcome, error)
  countRequest(meter, outcome, null, 0)
  logRequest(log, outcome, { status, durationMs: 0 })
}

/** Notes that a request was refused while its body was being read. Its log line follows when its handler ends. */
export function noteRefusedMidway({ outcome }: FastifyRequest, error: unknown, status: number): void {
  noteError(outcome, error)
  outcome.refusedWith = status
}

const detailsOf = (request: FastifyRequest, reply: FastifyReply) => ({
  status: request.outcome.refusedWith ?? reply.statusCode,
  clientId: request.outcome.caller?.clientId,
  clientType: request.outcome.caller?.clientType,
  unauthenticated: request.outcome.unauthenticated,
  durationMs: Math.round(reply.elapsedTime * 10) / 10,
  traceId: request.span?.traceId,
  // Only where the caller chose the request's id.
  ownId: request.raw.ownId === request.id ? undefined : request.raw.ownId,
})

/**
 * Writes one log line and one count for each request when its answer has been sent, or when its client has
 * disconnected. The app closes after the last request.
 */
export function observeRequests(app: FastifyInstance, meter: Meter): void {
  const inFlight = drainRequests(app)

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
    inFlight.ended()
  }

  keepRequestState(app)
  app.addHook('onRequest', (_request, _reply, done) => {
    inFlight.begun()
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    end(request, reply, false)
    done()
  })
  // Node never finishes an answer on a broken connection, so Fastify does not call `onResponse`. The outcome is known
  // anyway.
  app.addHook('onSend', (request, reply, payload, done) => {
    const { raw } = reply
    if (raw.destroyed) end(request, reply, true)
    else raw.once('close', () => end(request, reply, true))
    done(null, payload)
  })
  // If the client disconnects during authentication, the body stream has already emitted `close`, and Fastify would
  // wait for ever.
  app.addHook('preParsing', ({ raw }, _reply, payload, done) => {
    if (raw.destroyed) done(Object.assign(new Error('the client has disconnected'), { code: 'ECONNRESET' }))
    else done(null, payload)
  })
}
