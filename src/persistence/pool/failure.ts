import pg from 'pg'
import { GatewayError } from '../../domain/errors.ts'

/**
 * The meaning of a database failure for the caller.
 * - `unavailable`: the request has no fault, and the same request may succeed later.
 * - `conflict`: the transaction lost against another one and had no effect. It can run again at once.
 * - `fault`: a mistake of the gateway, or an unknown failure.
 */
export type Failure = 'unavailable' | 'conflict' | 'fault'

/** `Retry-After` in seconds while the database is away. */
const retryAfter = 1

/** `Retry-After` in seconds while a migration is pending. */
const retryAfterMigration = 30

// PostgreSQL, appendix A: the classes and codes of failures that pass. They are about connections, transaction state,
// our role's login, a read-only standby, resources, intervention, the system, and cancelled statements. 40003 says that
// nobody knows whether the statement was completed.
const unavailableStates = /^(08|25|28|53|55|57|58|3D|3F|F0|26000|40003)/

// PostgreSQL rolled the transaction back, so the gateway may run it again. It must not run a statement again after
// 40003: the statement may have had its effect.
const conflictStates = /^40(000|001|P01)$/

/** lock_not_available in PostgreSQL */
export const LOCK_TIMED_OUT = '55P03'

/** The statement names a missing object, or our role has no right to the object. */
const mismatchStates = /^(42501|42P01|42703|42883|42P02|0A000)$/
const mismatchPrismaCodes = new Set(['P2021', 'P2022'])

// Codes of Prisma 7: unreachable, timed out, closed, pool timeout, too many connections, TLS.
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

// The kinds that Prisma's adapter gives to errors of a socket or of TLS. A typed query then has a code above. A raw
// query has only P2010.
const unavailableKinds = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TlsConnectionError'])

// Every error of a system call, of a name server or of TLS is an error of the way to the database. A list of the codes
// would have gaps. Other `ERR_…` codes are Node's errors about wrong arguments.
const systemCodes =
  /^(E(?!RR_)[A-Z_]+|ERR_SSL_.*|ERR_TLS_.*|.*CERT.*|CRL_.*|UNABLE_TO_.*|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)$/

// Messages of the errors that pg and its pool throw without a code.
const unavailableMessages = new RegExp(
  [
    '^SASL: ',
    'timeout exceeded when trying to connect',
    'timeout expired',
    'does not support SSL',
    'query read timeout',
    'connection terminated',
    'client has encountered a connection error',
    'connection ended',
    'cannot use a pool after calling end',
    'client was closed',
    'not queryable',
  ].join('|'),
  'i',
)

type Bag = Readonly<Record<string, unknown>>

// Every member of an object is readable.
const asBag = (value: unknown): Bag | null => (typeof value === 'object' && value !== null ? (value as Bag) : null)

/** An error and its causes. Prisma keeps the driver's error in `meta`, other libraries keep it in `cause`. */
function* layers(error: unknown, depth = 0): Generator<Bag> {
  const bag = asBag(error)
  if (bag === null || depth > 5) return
  yield bag
  yield* layers(bag['cause'], depth + 1)
  yield* layers(asBag(bag['meta'])?.['driverAdapterError'], depth + 1)
}

/** The class of one error of the chain, or null. Prisma's adapter keeps the SQLSTATE in `originalCode`. */
function verdict(layer: Bag): Failure | null {
  const code = String(layer['originalCode'] ?? layer['code'] ?? '')
  const message = String(layer['originalMessage'] ?? layer['message'] ?? '')
  if (code === 'P2034' || layer['kind'] === 'TransactionWriteConflict' || conflictStates.test(code)) return 'conflict'
  if (systemCodes.test(code) || unavailablePrismaCodes.has(code) || unavailableKinds.has(String(layer['kind'])))
    return 'unavailable'
  if (code.length === 5 && !code.startsWith('P') && unavailableStates.test(code)) return 'unavailable'
  if (unavailableMessages.test(message)) return 'unavailable'
  return null
}

/** Classifies database errors. No other code does. */
export function classifyFailure(error: unknown): Failure {
  const verdicts = [...layers(error)].map(verdict)
  return verdicts.find((found) => found === 'conflict') ?? verdicts.find((found) => found !== null) ?? 'fault'
}

/**
 * Whether a transaction failed because of the locks of another one: it waited too long for a lock, or lost a conflict.
 */
export function lostForLocks(error: unknown): boolean {
  return (
    classifyFailure(error) === 'conflict' ||
    [...layers(error)].some((layer) => (layer['originalCode'] ?? layer['code']) === LOCK_TIMED_OUT)
  )
}

/** After these states the gateway cannot know whether PostgreSQL committed: lost connections, ended sessions, 40003. */
const outcomeUnknown = /^(08|57P0|40003)/

/** States of the connection, unknown completion, lack of resources, limits of time, and the end of the session. */
const meetsAll = /^(08|40003|53|55P03|57)/

/**
 * Whether PostgreSQL has rolled a transaction back because of one of its statements. The others may succeed without it.
 */
export const isOfOneStatement = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code !== undefined && !meetsAll.test(error.code)

/** The message with which PostgreSQL refused a statement, which then had no effect. null: PostgreSQL did not refuse. */
export function refusalOf(error: unknown): string | null {
  for (const { originalCode, originalMessage } of layers(error))
    if (typeof originalCode === 'string' && originalCode.length === 5 && !outcomeUnknown.test(originalCode))
      return `ERROR: ${originalMessage}`
  return null
}

/**
 * Whether the database lacks a table, column, function or right that a statement needs. A pending migration explains
 * this. Without one it is a fault.
 */
export function isMismatch(error: unknown): boolean {
  return [...layers(error)].some(({ originalCode, code }) => {
    const state = String(originalCode ?? code ?? '')
    return mismatchStates.test(state) || mismatchPrismaCodes.has(state)
  })
}

// PgBouncer answers this to settings of a session, and PostgreSQL to a prepared statement of another session.
const poolerStates = /^(08P01|26000|42P05)$/

/** The error. If PgBouncer caused it, the message names the setting that the operator needs. */
function withHint(error: unknown): unknown {
  const isPooled = [...layers(error)].some(({ originalCode, code }) => poolerStates.test(String(originalCode ?? code)))
  return isPooled ? new Error('is PgBouncer in between? It needs DATABASE_POOLER=pgbouncer', { cause: error }) : error
}

/** The refusal for a failure that a pending migration causes. */
export const refusalWhileMigrating = (error: unknown) =>
  new GatewayError('unavailable', { retryAfter: retryAfterMigration }, error)

/**
 * The refusal that the caller gets for a failure, with the failure as its cause for the log. A fault passes unchanged.
 */
export function toRefusal(error: unknown): unknown {
  return classifyFailure(error) === 'fault' ? error : new GatewayError('unavailable', { retryAfter }, withHint(error))
}
