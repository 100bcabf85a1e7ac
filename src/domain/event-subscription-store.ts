import type { ChangeAuthor } from './connection.ts'
import type { EventChange } from './event.ts'
import type { EventSubscription } from './event-subscription.ts'
import type { Page, PageRequest } from './page.ts'

/** The subscriptions that one client may own. */
export const subscriptionsAtMost = 20

/** The events that one replay queues at most. */
export const replayedAtMost = 10_000

export interface ReplayedEvents {
  /** The number of events that were queued. Those that were waiting already do not count. */
  readonly queued: number
  /** Whether the range has more events than one replay queues. */
  readonly hasMore: boolean
  /** The number of the last event that was queued or was waiting, for `ReplayRange`. null: there are no more. */
  readonly last: string | null
}

/** A PUSH subscription begins as `UNVERIFIED`, a POLL subscription as `ACTIVE`. */
export type NewEventSubscription = Pick<
  EventSubscription,
  'id' | 'ownerClientId' | 'reach' | 'method' | 'url' | 'kinds'
>

/**
 * The events that a replay queues anew: those of a time, from `from` to before `to`, or those of a connection. With
 * `after`, a number, only those with greater numbers.
 */
export type ReplayRange = ({ readonly from: Date; readonly to: Date } | { readonly connectionId: string }) & {
  readonly after?: string | undefined
}

export const deliveryStates = ['PENDING', 'DELIVERED', 'DEAD'] as const

export type DeliveryState = (typeof deliveryStates)[number]

/** One event on its way to one subscription. */
export interface EventDelivery {
  /** The number of the change, a whole number as text. `eventIdOf` makes the id of the event. */
  readonly number: string
  readonly connectionId: string
  readonly state: DeliveryState
  /** Attempts that came to an end. */
  readonly attempts: number
  readonly nextAttemptAt: Date
  /** The HTTP status of the latest answer. null: there was no answer. */
  readonly lastStatus: number | null
  /** The reason of the latest failure, a word for programs. null: the latest attempt succeeded, or there was none. */
  readonly lastFailure: string | null
  readonly endedAt: Date | null
}

/**
 * The store of subscriptions. Each change of one leaves a row of `event_subscription_changes` in the same statement.
 * The operations check the rights of the caller before.
 */
export interface EventSubscriptionStore {
  /**
   * Each change that is committed after this is queued. null: the owner has `subscriptionsAtMost` already, also by
   * others that are made at the same time.
   * @throws GatewayError `unavailable` if a long transaction keeps the first subscription from being made. Nothing was
   *   saved.
   */
  create(subscription: NewEventSubscription, author: ChangeAuthor): Promise<EventSubscription | null>
  find(id: string): Promise<EventSubscription | null>
  /** The subscriptions of an owner, or of all owners (null), oldest first. */
  page(ownerClientId: string | null, page: PageRequest): Promise<Page<EventSubscription>>
  /** `UNVERIFIED` or `OFF` becomes `ACTIVE`, once the endpoint has answered a challenge. null: it has another state. */
  activate(id: string, author: ChangeAuthor): Promise<EventSubscription | null>
  /** `ACTIVE` becomes `PAUSED`. null: it has another state. */
  pause(id: string, author: ChangeAuthor): Promise<EventSubscription | null>
  /** `PAUSED` becomes `ACTIVE`, and its endpoint counts as healthy. null: it has another state. */
  resume(id: string, author: ChangeAuthor): Promise<EventSubscription | null>
  /** The next generation of the secret. null: there is no such subscription. */
  rotateKey(id: string, author: ChangeAuthor): Promise<EventSubscription | null>
  /** Removes a subscription. Its deliveries go with the next clean-up. null: there is no such subscription. */
  delete(id: string, author: ChangeAuthor): Promise<EventSubscription | null>
  /**
   * Queues events anew, oldest first, with the ids that they had. An event that is pending stays as it is. null: the
   * subscription is neither `ACTIVE` nor `PAUSED`.
   */
  replay(id: string, range: ReplayRange, author: ChangeAuthor): Promise<ReplayedEvents | null>
  /**
   * The oldest events that a POLL subscription has not acknowledged, in the order of their numbers. They stay until
   * they are acknowledged. Empty: none waits, or the subscription is paused.
   */
  waiting(id: string, atMost: number): Promise<readonly EventChange[]>
  /** The POLL subscriptions of these for which `waiting` has an event. */
  ready(ids: readonly string[]): Promise<readonly string[]>
  /** Ends the deliveries of these numbers to a POLL subscription, and answers how many were waiting. */
  acknowledge(id: string, numbers: readonly string[]): Promise<number>
  /** A page of each subscription's deliveries, newest event first, in the order of the ids. */
  deliveriesOf(
    ids: readonly string[],
    state: DeliveryState | null,
    page: PageRequest,
  ): Promise<readonly Page<EventDelivery>[]>
}
