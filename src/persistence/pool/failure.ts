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

// PostgreSQL, appendix A: the classes and codes that say "not now" (connection, transaction state, authorization of our
// own role, read-only standby, missing object of a pending migration, resources, intervention, system, cancelled
// statement).
const unavailableStates = /^(08|25|28|53|55|57|58|3D|3F|F0|XX|42501|42P01|42703|42883|42P02|26000|0A000)/
const conflictStates = /^40/

/** PostgreSQL's lock_not_available. */
export const LOCK_TIMED_OUT = '55P03'

// Prisma 7: unreachable, timed out, closed, pool timeout, too many connections, TLS; a missing table or column is a
// pending migration.
const unavailablePrismaCodes = new Set([
  'P1000',
  'P1001',
  'P1002',
  'P1003',
  'P1008',
  'P1010',
  'P1011',
  'P1017',
  'P2021',
  'P2022',
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
 * The refusal that the caller gets for a failure, with the failure as its cause for the log. A fault is passed on as it
 * is.
 */
export function toRefusal(error: unknown): unknown {
  return classifyFailure(error) === 'fault' ? error : new GatewayError('unavailable', { retryAfter }, error)
}
