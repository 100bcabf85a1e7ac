import { cloudEventOf, eventIdOf } from '../domain/event.ts'
import { type AttemptOutcome, deliveryAfterFailure, endpointAfter, type Moment } from '../domain/event-endpoint.ts'
import { secondsOfRetryAfter } from '../domain/event-retries.ts'
import type { Log } from '../observability/log.ts'
import type { DeliveryQueue, LeasedDelivery } from './delivery-queue.ts'
import type { EventCounts } from './event-counts.ts'
import { eventHeaders } from './event-headers.ts'
import { type Answer, isSuccess, type Sender, SendFailure } from './sender.ts'
import { signingSecretsOf } from './signing-secret.ts'

/** An attempt sends an event no later than this after its claim. A lease lasts at least twice as long. */
const startsWithinMs = 4_000

export interface AttemptDeps {
  readonly queue: DeliveryQueue
  readonly sender: Sender
  readonly signingKey: Uint8Array
  /** The address of the gateway, which is the source of its events. */
  readonly source: string
  readonly counts: EventCounts
  readonly log: Log
}

/**
 * The result of an attempt. `arrived`: the caller stores it, together with others. `failed`: it is stored. `unsent`:
 * the caller gives the lease back.
 */
export type AttemptResult =
  | { readonly kind: 'arrived'; readonly status: number }
  | { readonly kind: 'failed' | 'unsent' }

interface Failure {
  readonly status: number | null
  readonly reason: string
  readonly outcome: Exclude<AttemptOutcome, { kind: 'delivered' }>
}

function failureOf({ status, retryAfter }: Answer, now: Date): Failure {
  const outcome =
    status === 410
      ? ({ kind: 'gone' } as const)
      : ({ kind: 'failed', retryAfter: secondsOfRetryAfter(retryAfter, now) } as const)
  return { status, reason: 'status', outcome }
}

/** Makes the function that sends one leased delivery and stores a failure. */
export function createAttempt({ queue, sender, signingKey, source, counts, log }: AttemptDeps) {
  const moment = (): Moment => ({ now: new Date(), random: Math.random() })

  const storing = new Map<string, Promise<void>>()

  /** Stores the failures of one endpoint one after the other: each of them changes the endpoint's state. */
  function storeFailure(delivery: LeasedDelivery, failure: Failure): Promise<void> {
    const { subscriptionId } = delivery
    const before = storing.get(subscriptionId) ?? Promise.resolve()
    const stored = before.catch(() => {}).then(() => storeNext(delivery, failure))
    storing.set(subscriptionId, stored)
    const forget = () => storing.get(subscriptionId) === stored && storing.delete(subscriptionId)
    stored.then(forget, forget)
    return stored
  }

  async function storeNext(delivery: LeasedDelivery, { status, reason, outcome }: Failure): Promise<void> {
    counts.failed.set(reason, (counts.failed.get(reason) ?? 0) + 1)
    const { subscriptionId, number, attempts, isProbe } = delivery
    const at = moment()
    const next = deliveryAfterFailure(attempts + 1, outcome.kind === 'failed' ? outcome.retryAfter : null, at)
    const attempt = {
      state: next.state,
      nextAttemptAt: next.state === 'DEAD' ? null : next.nextAttemptAt,
      lastStatus: status,
      lastFailure: reason,
    }
    for (;;) {
      const stored = await queue.healthOf(subscriptionId)
      if (stored === null) return
      const { health, off } = endpointAfter(stored.health, outcome, isProbe, at)
      if (!(await queue.failed(delivery, attempt, { seen: stored.seen, health, off: off !== null }))) continue
      log.info(
        { subscriptionId, event: eventIdOf(number), attempts: attempts + 1, status, reason },
        'event not delivered',
      )
      if (next.state === 'DEAD') counts.dead += 1
      if (off === null) return
      counts.switchedOff += 1
      log.warn({ subscriptionId, why: off }, 'an event subscription was switched off')
      return
    }
  }

  /**
   * @param claimedAt `performance.now()` before the claim
   * @param letGo Called before a failure is stored. Afterwards nobody may renew the lease.
   */
  return async (delivery: LeasedDelivery, claimedAt: number, letGo = async () => {}): Promise<AttemptResult> => {
    const { change, subscriptionId, keyGeneration, keyRotatedAt, url } = delivery
    if (change === null) {
      await queue.withoutChange(delivery)
      counts.dead += 1
      return { kind: 'failed' }
    }
    const now = new Date()
    const body = cloudEventOf(change, source)
    const secrets = signingSecretsOf(signingKey, { id: subscriptionId, keyGeneration, keyRotatedAt }, now)
    const headers = eventHeaders(eventIdOf(change.number), body, secrets, now)
    // A process that slept after the claim could send an event after its successors.
    if (performance.now() - claimedAt > startsWithinMs) return { kind: 'unsent' }
    let failure: Failure
    try {
      const answer = await sender.post(url, headers, body)
      if (isSuccess(answer)) return { kind: 'arrived', status: answer.status }
      failure = failureOf(answer, new Date())
    } catch (error) {
      if (!(error instanceof SendFailure)) throw error
      if (error.reason === 'stopped') return { kind: 'unsent' }
      failure = { status: null, reason: error.reason, outcome: { kind: 'failed', retryAfter: null } }
    }
    await letGo()
    await storeFailure(delivery, failure)
    return { kind: 'failed' }
  }
}
