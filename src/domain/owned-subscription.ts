import { GatewayError } from './errors.ts'
import type { EventEndpoints } from './event-endpoints.ts'
import type { EventSubscription } from './event-subscription.ts'
import type { EventSubscriptionStore } from './event-subscription-store.ts'
import type { EventWaits } from './event-waits.ts'
import type { Permit } from './permit.ts'
import type { Policy } from './policy.ts'
import { isUuid } from './uuid.ts'

/** The parts of events. A gateway with `EVENTS=off` has none. */
export interface EventParts {
  readonly subscriptions: EventSubscriptionStore
  readonly endpoints: EventEndpoints
  readonly waits: EventWaits
}

export interface EventDeps {
  readonly policy: Pick<Policy, 'seesAllClients'>
  /** null: events are off. */
  readonly events: EventParts | null
}

/** @throws GatewayError `eventsOff` */
export function partsOfEvents({ events }: Pick<EventDeps, 'events'>): EventParts {
  if (events === null) throw new GatewayError('eventsOff')
  return events
}

/** Whether a caller may act on a subscription: on its own one, or on any with an admin type. */
export const mayActOn = ({ policy }: Pick<EventDeps, 'policy'>, { caller }: Permit, of: EventSubscription): boolean =>
  of.ownerClientId === caller.clientId || policy.seesAllClients(caller)

/**
 * The subscription that a permit names. null: it does not exist, or it belongs to another client and the caller has no
 * admin type.
 * @throws GatewayError `eventsOff` or `unavailable`
 */
export async function findOwned(deps: EventDeps, permit: Permit): Promise<EventSubscription | null> {
  const { subscriptions } = partsOfEvents(deps)
  const { subscriptionId } = permit
  const found = isUuid(subscriptionId) ? await subscriptions.find(subscriptionId) : null
  return found !== null && mayActOn(deps, permit, found) ? found : null
}

/** @throws GatewayError as `findOwned`, and `notFound` */
export async function ownedSubscription(deps: EventDeps, permit: Permit): Promise<EventSubscription> {
  const found = await findOwned(deps, permit)
  if (found === null) throw new GatewayError('notFound')
  return found
}

/**
 * Whether a caller may receive the events of a subscription. Those of all connections need an admin type, which the
 * owner may have lost.
 */
export const mayReach = (
  { policy }: Pick<EventDeps, 'policy'>,
  { caller }: Permit,
  { reach }: EventSubscription,
): boolean => reach !== 'ALL' || policy.seesAllClients(caller)

/** @throws GatewayError `forbidden` unless `mayReach` */
export function requireReach(deps: EventDeps, permit: Permit, subscription: EventSubscription): void {
  if (!mayReach(deps, permit, subscription)) throw new GatewayError('forbidden')
}
