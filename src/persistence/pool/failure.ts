import { GatewayError } from '../../domain/errors.ts'

/**
 * What a database failure means for the caller.
 * - `unavailable`: nothing is wrong with the request; the same one may succeed later.
 * - `conflict`: the transaction lost against another one and had no effect; it can be run again at once.
 * - `fault`: our mistake, or something unknown.
 */
export type Failure = 'unavailable' | 'conflict' | 'fault'

/** Seconds that callers are asked to wait while the database is away. */
const retryAfter = 1

/** Seconds that callers are asked to wait while a migration is pending. */
const retryAfterMigration = 30

// PostgreSQL, appendix A: the classes and codes that say "not now" (connection, transaction state, authorization of our
// own role, read-only standby, resources, intervention, system, cancelled statement).
const unavailableStates = /^(08|25|28|53|55|57|58|3D|3F|F0|26000)/
const conflictStates = /^40/

/** PostgreSQL's lock_not_available. */
export const LOCK_TIMED_OUT = '55P03'

/** What a statement names is not there, or our role has no right to it. */
const mismatchStates = /^(42501|42P01|42703|42883|42P02|0A000)$/
const mismatchPrismaCodes = new Set(['P2021', 'P2022'])

// Prisma 7: unreachable, timed out, closed, pool timeout, too many connections, TLS.
const unavailablePrismaCodes = new Set([
  'P1000',
  'P1001',
  'P1002',
  'P1003',
  'P1008',
  'P1010',
  'P1011',
  'P1017',
  'P2024',
  'P2028',
  'P2037',
])

// What Prisma's adapter calls a socket's or TLS error. A typed query then gets one of the codes above, a raw one P2010
// and nothing else.
const unavailableKinds = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TlsConnectionError'])

// Whatever a system call, a name server or TLS answers, it answered on the way to the database: a list of them would
// have gaps. `ERR_…` are Node's own complaints about how it is used, but for those two.
const systemCodes =
  /^(E(?!RR_)[A-Z_]+|ERR_SSL_.*|ERR_TLS_.*|.*CERT.*|CRL_.*|UNABLE_TO_.*|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)$/

// pg and its pool throw plain Errors without a code for these.
const unavailableMessages =
  /^SASL: |timeout exceeded when trying to connect|timeout expired|does not support SSL|query read timeout|connection terminated|client has encountered a connection error|connection ended|cannot use a pool after calling end|client was closed|not queryable/i

type Bag = Readonly<Record<string, unknown>>

const asBag = (value: unknown): Bag | null => (typeof value === 'object' && value !== null ? (value as Bag) : null) // any object can be looked into

/** An error and what it was made of: Prisma keeps the driver's error in `meta`, everybody else in `cause`. */
function* layers(error: unknown, depth = 0): Generator<Bag> {
  const bag = asBag(error)
  if (bag === null || depth > 5) return
  yield bag
  yield* layers(bag['cause'], depth + 1)
  yield* layers(asBag(bag['meta'])?.['driverAdapterError'], depth + 1)
}

/** What one layer says, or null. A driver error of Prisma's adapter carries the SQLSTATE as `originalCode`. */
function verdict(layer: Bag): Failure | null {
  const code = String(layer['originalCode'] ?? layer['code'] ?? '')
  const message = String(layer['originalMessage'] ?? layer['message'] ?? '')
  if (
    code === 'P2034' ||
    layer['kind'] === 'TransactionWriteConflict' ||
    (code.length === 5 && conflictStates.test(code))
  )
    return 'conflict'
  if (systemCodes.test(code) || unavailablePrismaCodes.has(code) || unavailableKinds.has(String(layer['kind'])))
    return 'unavailable'
  if (code.length === 5 && !code.startsWith('P') && unavailableStates.test(code)) return 'unavailable'
  if (unavailableMessages.test(message)) return 'unavailable'
  return null
}

/** The one place that judges database errors. */
export function classifyFailure(error: unknown): Failure {
  const verdicts = [...layers(error)].map(verdict)
  return verdicts.find((found) => found === 'conflict') ?? verdicts.find((found) => found !== null) ?? 'fault'
}

/**
 * Whether a transaction came to nothing because of the locks of others: it waited too long for one, or lost against
 * one.
 */
export function lostForLocks(error: unknown): boolean {
  return (
    classifyFailure(error) === 'conflict' ||
    [...layers(error)].some((layer) => (layer['originalCode'] ?? layer['code']) === LOCK_TIMED_OUT)
  )
}

/** Connection exceptions, and the ends of sessions: nobody knows whether a COMMIT came before. */
const sessionEnds = /^(08|57P0)/

/** What PostgreSQL said when it refused a statement, whose transaction then had no effect; null: it did not refuse. */
export function refusalOf(error: unknown): string | null {
  for (const { originalCode, originalMessage } of layers(error))
    if (typeof originalCode === 'string' && originalCode.length === 5 && !sessionEnds.test(originalCode))
      return `ERROR: ${originalMessage}`
  return null
}

/**
 * Whether the database is not as our statement takes it to be: a table, column, function or right is missing. While a
 * migration is pending that is to be expected; else it is a fault.
 */
export function isMismatch(error: unknown): boolean {
  return [...layers(error)].some(({ originalCode, code }) => {
    const state = String(originalCode ?? code ?? '')
    return mismatchStates.test(state) || mismatchPrismaCodes.has(state)
  })
}

// What PgBouncer answers to settings of a session, and PostgreSQL to a prepared statement of another session.
const poolerStates = /^(08P01|26000|42P05)$/

/** The error, with the name of the setting that it asks for. */
function withHint(error: unknown): unknown {
  const isPooled = [...layers(error)].some(({ originalCode, code }) => poolerStates.test(String(originalCode ?? code)))
  return isPooled ? new Error('is PgBouncer in between? It needs DATABASE_POOLER=pgbouncer', { cause: error }) : error
}

/** The refusal for a failure that a pending migration explains. */
export const refusalWhileMigrating = (error: unknown) =>
  new GatewayError('unavailable', { retryAfter: retryAfterMigration }, error)

/**
 * The refusal that the caller gets for a failure, with the failure as its cause for the log. A fault is passed on as it
 * is.
 */
export function toRefusal(error: unknown): unknown {
  return classifyFailure(error) === 'fault' ? error : new GatewayError('unavailable', { retryAfter }, withHint(error))
}
