import type { DeliveryKey, LeasedDelivery } from './delivery-queue.ts'

/** The end of one attempt. `failed`: the outcome is stored. `unsent`: nothing was sent, so the lease can go back. */
export type DispatchResult = 'arrived' | 'failed' | 'unsent'

/** Where a leased delivery goes: this process sends it, or a broker carries it to a process that does. */
export interface Dispatch {
  /** How long the claims of its deliveries last. */
  readonly leaseSeconds: number
  /** Whether it takes deliveries now. Otherwise a relay claims none. */
  isReady(): boolean
  /** @param claimedAt `performance.now()` before the claim */
  send(delivery: LeasedDelivery, claimedAt: number): Promise<DispatchResult>
  /** Ends what is on its way. */
  interrupt(): void
  /** Stores what is left. */
  close(): Promise<void>
}

/**
 * @param onStored Called after the outcomes of deliveries were stored, and after the dispatch became ready: the next
 *   events can be claimed.
 */
export type OpenDispatch = (onStored: (arrived: readonly DeliveryKey[]) => void) => Dispatch
