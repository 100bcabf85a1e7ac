import type { ChangeKind } from './connection-change.ts'

/**
 * The connections whose events a subscription receives. `CLIENT`: its owner is the client. `CONSUMER`: its owner is the
 * consumer. `ALL`: every connection, for owners of an admin type only.
 */
export const eventReaches = ['CLIENT', 'CONSUMER', 'ALL'] as const

export type EventReach = (typeof eventReaches)[number]

/** `PUSH`: the gateway posts each event to `url`. `POLL`: the owner fetches the events and acknowledges them. */
export const eventMethods = ['PUSH', 'POLL'] as const

export type EventMethod = (typeof eventMethods)[number]

/**
 * `UNVERIFIED`: its endpoint has not answered the challenge yet. `ACTIVE`: events are delivered. `PAUSED`: events wait.
 * `OFF`: the gateway has given the endpoint up. `UNVERIFIED` and `OFF` receive no event; a replay brings them later.
 */
export type SubscriptionState = 'UNVERIFIED' | 'ACTIVE' | 'PAUSED' | 'OFF'

/** Who receives which events, and how. It has no secret: `signing-secret.ts` derives the secret from the id. */
export interface EventSubscription {
  readonly id: string
  /** The client that the subscription belongs to. */
  readonly ownerClientId: string
  readonly reach: EventReach
  readonly method: EventMethod
  /** null: the method is `POLL`. */
  readonly url: string | null
  readonly kinds: readonly ChangeKind[]
  readonly state: SubscriptionState
  /** The number of the signing secret. Each rotation increases it. */
  readonly keyGeneration: number
  /** null: the secret has never been rotated. */
  readonly keyRotatedAt: Date | null
  /** The time of the first failure in a row. null: the latest attempt succeeded. */
  readonly failingSince: Date | null
  readonly createdAt: Date
}

/** The part of a change that decides who receives its event. */
export interface AnnouncedChange {
  readonly kind: string
  readonly clientId: string
  /** null: the change is older than the column. */
  readonly consumerId: string | null
}

/** Whether a subscription receives the event of a change. The statement that makes deliveries has the same rule. */
export function receives(
  { state, kinds, reach, ownerClientId }: Pick<EventSubscription, 'state' | 'kinds' | 'reach' | 'ownerClientId'>,
  { kind, clientId, consumerId }: AnnouncedChange,
): boolean {
  if (state !== 'ACTIVE' && state !== 'PAUSED') return false
  if (!kinds.some((wanted) => wanted === kind)) return false
  return reach === 'ALL' || ownerClientId === (reach === 'CLIENT' ? clientId : consumerId)
}
