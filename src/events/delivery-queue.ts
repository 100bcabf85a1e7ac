import type { EventChange } from '../domain/event.ts'
import type { EndpointHealth } from '../domain/event-endpoint.ts'
import type { DeliveryState } from '../domain/event-subscription-store.ts'

/** The name of a delivery in the database. */
export interface DeliveryKey {
  readonly subscriptionId: string
  readonly connectionId: string
  readonly number: string
}

/** The lease of a delivery. No other instance sends it until the lease ends. */
export interface DeliveryLease extends DeliveryKey {
  /** The end of the lease as PostgreSQL wrote it. It also proves the lease. */
  readonly lease: string
  /** Whether this is the one probe of a closed endpoint. */
  readonly isProbe: boolean
}

/** A delivery that this instance has leased. */
export interface LeasedDelivery extends DeliveryLease {
  /** Each renewal changes it. */
  lease: string
  /** Attempts that came to an end before. */
  readonly attempts: number
  readonly url: string
  readonly keyGeneration: number
  readonly keyRotatedAt: Date | null
  /** null: the row of the audit was archived. */
  readonly change: EventChange | null
}

/** The result of a failed attempt, for the delivery. */
export interface FailedAttempt {
  readonly lastStatus: number | null
  readonly lastFailure: string
  readonly state: Extract<DeliveryState, 'PENDING' | 'DEAD'>
  /** null: the delivery is dead. */
  readonly nextAttemptAt: Date | null
}

/** The state of an endpoint, with the texts that prove that nobody has changed it meanwhile. */
export interface StoredHealth {
  readonly health: EndpointHealth
  readonly seen: readonly (string | null)[]
}

/** The backlog of all subscriptions. */
export interface Backlog {
  readonly pending: number
  readonly dead: number
  /** Seconds since the oldest delivery to an open endpoint was due. 0: none is. */
  readonly oldestSeconds: number
  /** The number of subscriptions in each state. */
  readonly subscriptions: Readonly<Record<string, number>>
}

export interface ClaimOptions {
  /** The number of deliveries that this instance can send now. */
  readonly atMost: number
  /** The deliveries of one subscription at most. */
  readonly share: number
  /** The same for single subscriptions. 0: none. */
  readonly shares: ReadonlyMap<string, number>
  readonly leaseSeconds: number
}

/**
 * The deliveries in the database. A claim leases only the oldest pending delivery of a subscription and connection. So
 * the events of a connection reach a subscription in their order, whatever number of instances takes part.
 */
export interface DeliveryQueue {
  /**
   * Makes a delivery of each new change for each subscription that receives it, unless another instance does so. It
   * takes a portion of them. @returns whether more may be left
   */
  gather(): Promise<boolean>
  claim(options: ClaimOptions): Promise<readonly LeasedDelivery[]>
  /**
   * Takes leases over from the instances that claimed them, each as a new lease. @returns the deliveries in the same
   * order; null if the lease no longer holds, or if the endpoint must not get the event now
   */
  take(leases: readonly DeliveryLease[], leaseSeconds: number): Promise<readonly (LeasedDelivery | null)[]>
  /** Ends deliveries that arrived, each with its HTTP status, and opens their endpoints. */
  delivered(deliveries: readonly (DeliveryKey & { readonly status: number })[]): Promise<void>
  /** null: the subscription is gone. */
  healthOf(subscriptionId: string): Promise<StoredHealth | null>
  /**
   * Stores a failed attempt with the next state of the endpoint. The delivery changes only if the lease still holds.
   * @returns false if somebody has changed the endpoint since `seen`. Nothing is stored then.
   */
  failed(
    delivery: LeasedDelivery,
    attempt: FailedAttempt,
    endpoint: { readonly seen: readonly (string | null)[]; readonly health: EndpointHealth; readonly off: boolean },
  ): Promise<boolean>
  /** Ends a delivery whose row of the audit was archived. */
  withoutChange(delivery: LeasedDelivery): Promise<void>
  /**
   * Renews leases, also ended ones that no other instance has taken.
   * @returns the new lease of each delivery, null if this instance no longer has it
   */
  renew(deliveries: readonly LeasedDelivery[], leaseSeconds: number): Promise<readonly (string | null)[]>
  /** Gives leases back, so that other instances need not wait for their end. */
  release(deliveries: readonly LeasedDelivery[]): Promise<void>
  backlog(): Promise<Backlog>
  /** Removes a portion of what nobody needs. @returns whether more may be left */
  cleanUp(): Promise<boolean>
}
