import type { RotatedEventSubscription } from '../domain/change-event-subscription.ts'
import type { CreatedEventSubscription } from '../domain/create-event-subscription.ts'
import type { EventSubscription } from '../domain/event-subscription.ts'
import type { ReplayPortion } from '../domain/replay-events.ts'

const time = (date: Date | null) => date?.toISOString() ?? null

/** A subscription, without its secret. */
export function subscriptionView(subscription: EventSubscription) {
  return {
    id: subscription.id,
    client_id: subscription.ownerClientId,
    reach: subscription.reach,
    method: subscription.method,
    url: subscription.url,
    kinds: subscription.kinds,
    state: subscription.state,
    key_rotated_at: time(subscription.keyRotatedAt),
    failing_since: time(subscription.failingSince),
    inserted_at: time(subscription.createdAt),
  }
}

/** The answer to the request that creates a subscription. It shows the signing secret. */
export function createdSubscriptionView({ subscription, secret, challenge }: CreatedEventSubscription) {
  return { ...subscriptionView(subscription), secret, challenge }
}

/** The answer to a rotation. It shows the new signing secret. */
export function rotatedSubscriptionView({ subscription, secret }: RotatedEventSubscription) {
  return { ...subscriptionView(subscription), secret }
}

export const replayView = ({ queued, hasMore, after }: ReplayPortion) => ({ queued, has_more: hasMore, after })
