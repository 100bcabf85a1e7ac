import type { Call } from './call.ts'
import { GatewayError } from './errors.ts'
import type { ChallengeOutcome } from './event-endpoints.ts'
import type { EventSubscription } from './event-subscription.ts'
import type { OperationName } from './operation-rules.ts'
import { type EventDeps, ownedSubscription, partsOfEvents, requireReach } from './owned-subscription.ts'
import type { Permit, Permits } from './permit.ts'
import type { Violation } from './violation.ts'

/** An operation that changes one subscription. */
interface OfSubscription<Result> {
  permit(call: Call, subject: { readonly subscriptionId: string }): Permit | Promise<Permit>
  run(permit: Permit): Promise<Result>
}

/** Challenges the endpoint again. A subscription that is `UNVERIFIED` or `OFF` becomes active. */
export type VerifyEventSubscription = OfSubscription<EventSubscription>
/** Gives a subscription a new signing secret. The gateway signs with the two before, too, for 24 h. */
export type RotateEventSubscriptionKey = OfSubscription<RotatedEventSubscription>
/** Keeps the events of a subscription until it is resumed. */
export type PauseEventSubscription = OfSubscription<EventSubscription>
/** Goes on with the delivery of a paused subscription. */
export type ResumeEventSubscription = OfSubscription<EventSubscription>
/** Deletes a subscription with its deliveries. Returns it as it was. */
export type DeleteEventSubscription = OfSubscription<EventSubscription>

export interface RotatedEventSubscription {
  readonly subscription: EventSubscription
  readonly secret: string
}

export interface ChangeEventSubscriptionDeps extends EventDeps {
  readonly permits: Permits
}

type Change<Result> = (deps: ChangeEventSubscriptionDeps, permit: Permit, found: EventSubscription) => Promise<Result>

/**
 * Makes an operation that changes a subscription of the caller.
 * @throws GatewayError `accessDenied`, `invalidScopes`, `tooManyRequests`, `eventsOff`, `notFound` or `unavailable`
 */
function changing<Result>(operation: OperationName, change: Change<Result>) {
  return (deps: ChangeEventSubscriptionDeps): OfSubscription<Result> => ({
    permit: (call, subject) => deps.permits.give(call, operation, subject),
    async run(given) {
      const permit = await deps.permits.confirm(given, operation)
      return change(deps, permit, await ownedSubscription(deps, permit))
    },
  })
}

/**
 * The result of a write. null: the subscription had another state by then, or was gone.
 * @throws GatewayError `subscriptionState` or `notFound`
 */
async function written(
  deps: EventDeps,
  { id }: EventSubscription,
  changed: EventSubscription | null,
): Promise<EventSubscription> {
  if (changed !== null) return changed
  const current = await partsOfEvents(deps).subscriptions.find(id)
  throw current === null ? new GatewayError('notFound') : new GatewayError('subscriptionState', { current })
}

const challengeFault = {
  STATUS: 'challenge_status',
  ECHO: 'challenge_echo',
  ADDRESS: 'challenge_address',
  TIMEOUT: 'challenge_timeout',
  TLS: 'challenge_tls',
  CONNECTION: 'challenge_connection',
} as const satisfies Partial<Record<ChallengeOutcome, Violation['id']>>

/** Seconds until a challenge that the gateway interrupted makes sense again. */
const interruptedForSeconds = 5

/** @throws GatewayError `unavailable`, or `validationFailed` with the reason as a violation of `url` */
function requireAnswered(outcome: ChallengeOutcome): void {
  if (outcome === 'ANSWERED') return
  if (outcome === 'INTERRUPTED') throw new GatewayError('unavailable', { retryAfter: interruptedForSeconds })
  const id = challengeFault[outcome]
  throw new GatewayError('validationFailed', {
    violations: [{ id, path: ['url'], rule: 'format', params: { reason: 'challenge' } }],
  })
}

/** A `POLL` subscription has no endpoint, so `subscriptionState` refuses it. */
export const createVerifyEventSubscription = changing(
  'verifyEventSubscription',
  async (deps, permit, found): Promise<EventSubscription> => {
    const { subscriptions, endpoints } = partsOfEvents(deps)
    requireReach(deps, permit, found)
    const { id, url } = found
    if (url === null) throw new GatewayError('subscriptionState', { current: found })
    requireAnswered(await endpoints.challenge({ ...found, url }))
    const activated = await subscriptions.activate(id, permit)
    if (activated !== null) return activated
    // It was active or paused already.
    return ownedSubscription(deps, permit)
  },
)

/** A `POLL` subscription has no secret, so `subscriptionState` refuses it. */
export const createRotateEventSubscriptionKey = changing(
  'rotateEventSubscriptionKey',
  async (deps, permit, found): Promise<RotatedEventSubscription> => {
    const { subscriptions, endpoints } = partsOfEvents(deps)
    if (found.method === 'POLL') throw new GatewayError('subscriptionState', { current: found })
    const subscription = await written(deps, found, await subscriptions.rotateKey(found.id, permit))
    return { subscription, secret: endpoints.signingSecretOf(subscription) }
  },
)

/** A subscription that is paused already is no error. One that is not active is refused with `subscriptionState`. */
export const createPauseEventSubscription = changing(
  'pauseEventSubscription',
  async (deps, permit, found): Promise<EventSubscription> =>
    found.state === 'PAUSED'
      ? found
      : written(deps, found, await partsOfEvents(deps).subscriptions.pause(found.id, permit)),
)

/** A subscription that is active already is no error. One that is not paused is refused with `subscriptionState`. */
export const createResumeEventSubscription = changing(
  'resumeEventSubscription',
  async (deps, permit, found): Promise<EventSubscription> => {
    requireReach(deps, permit, found)
    if (found.state === 'ACTIVE') return found
    return written(deps, found, await partsOfEvents(deps).subscriptions.resume(found.id, permit))
  },
)

export const createDeleteEventSubscription = changing(
  'deleteEventSubscription',
  async (deps, permit, found): Promise<EventSubscription> =>
    written(deps, found, await partsOfEvents(deps).subscriptions.delete(found.id, permit)),
)
