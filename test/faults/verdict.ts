import type { Absence } from './gateway-process.ts'
import { type Attempt, acknowledged, type Ledger } from './ledger.ts'
import { registry } from './registry.ts'

/** As long as any answer may take. */
const answeredWithinMs = 10_000

interface Change {
  readonly connection_id: string
  readonly before: string
  readonly after: string
}

interface Row {
  readonly id: string
  readonly redirect_uri: string
  readonly version: number
}

export type Query = <R extends object>(sql: string, values?: readonly unknown[]) => Promise<R[]>

/** Some of many, for a person to read. */
function list(what: string, found: readonly unknown[]): string[] {
  if (found.length === 0) return []
  const some = found.slice(0, 3).map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
  return [`${found.length} × ${what}: ${some.join(' | ')}`]
}

const describe = ({ what, door, outcome, startedAt, endedAt, uri }: Attempt) =>
  `${what} through ${door}: ${outcome} after ${Math.round(endedAt - startedAt)} ms${uri === null ? '' : ` (${uri})`}`

/**
 * What the database holds against what callers were told: every acknowledged update exactly once, the others at most
 * once, in a chain in which each change begins where the one before it ended; nothing of what was refused; nothing that
 * nobody asked for.
 */
export async function judgeRegistry(query: Query, ledger: Ledger): Promise<string[]> {
  const changes = await query<Change>(
    // The registry was filled by INSERT, which leaves CREATED.
    `SELECT connection_id, redirect_uri_before AS before, redirect_uri_after AS after FROM connection_changes
      WHERE kind <> 'CREATED' ORDER BY id`,
  )
  const rows = await query<Row>('SELECT id, redirect_uri, version FROM connections ORDER BY id')
  const findings: string[] = []

  const times = new Map<string, number>()
  for (const { after } of changes) times.set(after, (times.get(after) ?? 0) + 1)
  const acknowledgedUris = ledger.filter(acknowledged).map(({ uri }) => String(uri))
  findings.push(
    ...list(
      'an acknowledged update is not in the history',
      acknowledgedUris.filter((uri) => !times.has(uri)),
    ),
  )
  findings.push(
    ...list(
      'a value is in the history twice',
      [...times].filter(([, count]) => count > 1).map(([uri]) => uri),
    ),
  )

  const targets = new Map(
    ledger.filter(({ kind }) => kind === 'write').map(({ uri, connectionId }) => [uri, connectionId]),
  )
  const unasked = changes.filter(({ after, connection_id }) => targets.get(after) !== connection_id)
  findings.push(...list('a change that no good caller has asked for', unasked))

  for (const { connectionId, initialUri } of registry) {
    const row = rows.find(({ id }) => id === connectionId)
    if (row === undefined) {
      findings.push(`the connection ${connectionId} is gone`)
      continue
    }
    const own = changes.filter(({ connection_id }) => connection_id === connectionId)
    let value = initialUri
    for (const { before, after } of own) {
      if (before !== value)
        findings.push(`the history of ${connectionId} is broken: after ${value} comes a change of ${before}`)
      value = after
    }
    if (row.redirect_uri !== value)
      findings.push(`${connectionId} holds ${row.redirect_uri}, its history ends with ${value}`)
    if (row.version !== 1 + own.length)
      findings.push(`${connectionId} has version ${row.version} after ${own.length} changes`)
  }

  const known = new Set([...registry.map(({ initialUri }) => initialUri), ...targets.keys()])
  const invented = ledger.filter(({ kind, shown }) => kind !== 'bad' && shown !== null && !known.has(shown))
  findings.push(...list('an answer shows a value that nobody has written', invented.map(describe)))
  const misquoted = ledger.filter((one) => acknowledged(one) && one.shown !== one.uri)
  findings.push(...list('an acknowledgement shows another value', misquoted.map(describe)))
  return findings
}

/** A token whose signature fits no key: while keys cannot be fetched, nobody can tell it from one of a new key. */
export const forgedToken = "a token signed with a stranger's key"

/**
 * Who sends no good token is told so, whatever goes wrong behind the door, which needs nothing but the issuer's keys;
 * and who lacks a right, at REST at least: GraphQL finds that out in the operation, where a process without a rest has
 * refused before.
 */
export function judgeStrangers(ledger: Ledger, takesKeys: boolean): string[] {
  const spared = ledger.filter(
    ({ what, expected, outcome, door }) =>
      outcome === 503 &&
      !(takesKeys && what === forgedToken) &&
      (expected.includes(401) || (expected.includes(403) && door === 'REST')),
  )
  return list('a 503 where nothing but the head had to be looked at', spared.map(describe))
}

/**
 * What callers were told: only what they may be told, in time, and a broken connection only where the gateway was
 * ended.
 */
export function judgeAnswers(ledger: Ledger, absences: readonly (readonly Absence[])[]): string[] {
  const away = ({ gateway, startedAt, endedAt }: Attempt) =>
    (absences[gateway] ?? []).some(({ from, to }) => startedAt <= to + 50 && endedAt >= from)
  const statuses = ledger.filter(
    ({ outcome, expected }) => typeof outcome === 'number' && outcome !== 503 && !expected.includes(outcome),
  )
  return [
    ...list('an answer that it must not be', statuses.map(describe)),
    ...list('a broken connection', ledger.filter((one) => typeof one.outcome === 'string' && !away(one)).map(describe)),
    ...list(
      'a 503 without Retry-After',
      ledger.filter(({ outcome, retryAfter }) => outcome === 503 && !/^\d+$/.test(retryAfter ?? '')).map(describe),
    ),
    ...list(
      `an answer after more than ${answeredWithinMs} ms`,
      ledger.filter(({ startedAt, endedAt }) => endedAt - startedAt > answeredWithinMs).map(describe),
    ),
  ]
}

/**
 * What was logged: whole lines of JSON, the cause of each 5xx, and nothing that only a caller and the database may
 * know.
 */
export function judgeLog(log: string): string[] {
  // The last line may be cut off where the process was killed.
  const lines = log.split('\n').slice(0, -1)
  const broken: string[] = []
  const causeless: string[] = []
  for (const line of lines) {
    try {
      const { msg, code, cause } = JSON.parse(line) as Record<string, unknown> // each line is an object
      const isFault = code === 'SERVICE_UNAVAILABLE' || code === 'INTERNAL_SERVER_ERROR'
      if (msg === 'request' && isFault !== (typeof cause === 'string')) causeless.push(line)
    } catch {
      broken.push(line)
    }
  }
  return [
    ...list('a line of the log that is no JSON', broken),
    ...list('a 5xx in the log without its cause, or a cause without a 5xx', causeless),
    ...list(
      'a redirect URI or a token in the log',
      // All redirect URIs of a run are on hosts below this name, and nothing else is.
      lines.filter((line) => /eyJ[\w-]{10}|\.example\.ua/.test(line)),
    ),
  ]
}
