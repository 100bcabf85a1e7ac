import type { Door } from '../domain/call.ts'
import { type WrittenKind, writtenKinds } from '../domain/connection-change.ts'
import type { Allowance } from '../domain/write-limit.ts'

/** The limits that a caller can exceed. */
export type Limit = Allowance['limit']

/** The labels of a counted request. No text of a caller is in them. */
export interface CountedRequest {
  /** null: the request did not reach a door. */
  readonly door: Door | null
  /** Name of an operation; null: the request did not reach one. */
  readonly operation: string | null
  /** `OK` or a code of the catalogue. */
  readonly code: string
}

/**
 * Counts events in plain numbers: that costs under a microsecond, loads no library, and cannot fail. `exposition.ts`
 * turns the numbers into Prometheus metrics at a scrape (`docs/decisions/0020-metrics-in-plain-numbers.md`).
 */
export interface Meter {
  /** A request has ended, `seconds` after its start. */
  requestEnded(request: CountedRequest, seconds: number): void
  /** A request was refused by this rule: a name of the catalogue, or `authentication:` and the reason. */
  refused(rule: string): void
  limited(limit: Limit): void
  /** A connection has been changed: one call for each row of the audit that the gateway writes. */
  changed(kind: WrittenKind, door: Door): void
}

/** Upper bounds of the duration histogram, in seconds. A longer request counts in the total only. */
export const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

/** All requests of one door, operation and code. */
export interface RequestSeries {
  readonly door: string
  readonly operation: string
  readonly code: string
  /** For each of `durationBounds`: the number of durations up to it and above the bound before it. */
  readonly buckets: number[]
  count: number
  /** Sum of their durations. */
  seconds: number
}

/** All changes of one kind through one door. */
export interface ChangeSeries {
  readonly kind: WrittenKind
  readonly door: Door
  count: number
}

/** The counts since the start. */
export interface Counts {
  readonly requests: ReadonlyMap<string, RequestSeries>
  readonly refusals: ReadonlyMap<string, number>
  readonly limited: ReadonlyMap<Limit, number>
  readonly changes: readonly ChangeSeries[]
}

/**
 * No label holds a caller's text, so neither number is ever reached. They bound the memory if a mistake in this
 * program puts such a text into a label.
 */
const seriesAtMost = 2_000
const rulesAtMost = 200
const doors: readonly Door[] = ['GRAPHQL', 'REST']
const other = { door: null, operation: null, code: 'OTHER' } as const

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

export function createMeter(): Meter & { readonly counts: Counts } {
  const requests = new Map<string, RequestSeries>()
  const refusals = new Map<string, number>()
  // Each count begins with 0: Prometheus computes no rate from the first sample of a series.
  const limited = new Map<Limit, number>([
    ['write', 0],
    ['authentication', 0],
  ])
  const changes = writtenKinds.flatMap((kind) => doors.map((door): ChangeSeries => ({ kind, door, count: 0 })))

  function seriesOf({ door, operation, code }: CountedRequest): RequestSeries {
    const key = `${door} ${operation} ${code}`
    const known = requests.get(key)
    if (known !== undefined) return known
    if (requests.size >= seriesAtMost && code !== other.code) return seriesOf(other)
    const series = {
      door: door ?? 'none',
      operation: operation ?? 'none',
      code,
      buckets: durationBounds.map(() => 0),
      count: 0,
      seconds: 0,
    }
    requests.set(key, series)
    return series
  }

  return {
    counts: { requests, refusals, limited, changes },
    requestEnded(request, seconds) {
      const series = seriesOf(request)
      series.count += 1
      series.seconds += seconds
      const bucket = durationBounds.findIndex((bound) => seconds <= bound)
      if (bucket >= 0) series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1
    },
    refused: (rule) => increment(refusals, refusals.has(rule) || refusals.size < rulesAtMost ? rule : 'other'),
    limited: (limit) => increment(limited, limit),
    changed(kind, door) {
      const series = changes.find((known) => known.kind === kind && known.door === door)
      if (series !== undefined) series.count += 1
    },
  }
}
