import { attemptsAtMost, waitBeforeAttempt } from './event-retries.ts'

/** How an endpoint has answered lately. The endpoint backs off as a whole, not each of its deliveries. */
export interface EndpointHealth {
  /** Failed attempts in a row. */
  readonly failures: number
  /** Failed probes in a row, once the endpoint is closed. */
  readonly probes: number
  readonly failingSince: Date | null
  /** Until then the gateway sends nothing. Then it sends one delivery as a probe. null: the endpoint is open. */
  readonly closedUntil: Date | null
}

/** What became of an attempt. `gone`: the endpoint wants no more events (HTTP 410). */
export type AttemptOutcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly retryAfter: number | null }

/** An endpoint without failures. */
export const healthy: EndpointHealth = { failures: 0, probes: 0, failingSince: null, closedUntil: null }

/** After this number of failures in a row the endpoint is closed, and the gateway only probes it. */
export const failuresBeforeClosing = 5

/** After this time of failures only, the gateway switches the subscription off. */
export const failingAtMostMs = 5 * 24 * 3_600_000

export interface Moment {
  readonly now: Date
  /** A number from 0 to 1. */
  readonly random: number
}

/** The next state of an endpoint, and whether the gateway switches the subscription off. */
export interface EndpointVerdict {
  readonly health: EndpointHealth
  readonly off: 'GONE' | 'FAILING' | null
}

const later = ({ now }: Moment, ms: number) => new Date(now.getTime() + ms)

/**
 * The next state of an endpoint after an attempt.
 * @param wasProbe Whether the attempt was the one probe of a closed endpoint. Another attempt that ends while the
 *   endpoint is closed began before: its failure does not lengthen the wait.
 */
export function endpointAfter(
  health: EndpointHealth,
  outcome: AttemptOutcome,
  wasProbe: boolean,
  moment: Moment,
): EndpointVerdict {
  if (outcome.kind === 'delivered') return { health: healthy, off: null }
  const failures = health.failures + 1
  const failingSince = health.failingSince ?? moment.now
  if (outcome.kind === 'gone') return { health: { ...health, failures, failingSince }, off: 'GONE' }
  const off = moment.now.getTime() - failingSince.getTime() >= failingAtMostMs ? 'FAILING' : null
  const isLate = health.closedUntil !== null && !wasProbe
  const asksToWait = outcome.retryAfter !== null && outcome.retryAfter > 0
  if (isLate || (failures < failuresBeforeClosing && !asksToWait && !wasProbe))
    return { health: { ...health, failures, failingSince }, off }
  const probes = Math.min(health.probes + 1, attemptsAtMost - 1)
  const closedUntil = later(moment, waitBeforeAttempt(probes, moment.random, outcome.retryAfter))
  return { health: { failures, probes, failingSince, closedUntil }, off }
}

/** The next state of one delivery after a failed attempt. */
export type DeliveryVerdict =
  | { readonly state: 'PENDING'; readonly nextAttemptAt: Date }
  /** All attempts have failed. The next event of the connection goes on. */
  | { readonly state: 'DEAD' }

/** @param made The number of attempts with the failed one. */
export function deliveryAfterFailure(made: number, retryAfter: number | null, moment: Moment): DeliveryVerdict {
  if (made >= attemptsAtMost) return { state: 'DEAD' }
  return { state: 'PENDING', nextAttemptAt: later(moment, waitBeforeAttempt(made, moment.random, retryAfter)) }
}
