import type { DeliveryQueue, LeasedDelivery } from './delivery-queue.ts'

/** The leases of a killed instance end after this time. */
export const leaseSeconds = 8

/** How often leases are renewed. A lease lasts four times as long, so a renewal may fail and come again. */
export const renewEveryMs = 2_000

/** Younger leases are not renewed: most attempts end before. */
const youngMs = 1_000

/**
 * The leases of the attempts under way in this instance. They are short, so that another instance soon sends the events
 * of a killed one. Renewals make them last as long as their attempts.
 */
export interface Leases {
  /** @param claimedAt `performance.now()` before the claim */
  hold(delivery: LeasedDelivery, claimedAt: number): void
  /** Ends the renewals of a lease. Afterwards `delivery.lease` is the lease in the database. */
  letGo(delivery: LeasedDelivery): Promise<void>
  /** Renews the leases that are not young. One renewal runs at a time. */
  renew(): Promise<void>
}

export function createLeases(queue: Pick<DeliveryQueue, 'renew'>): Leases {
  const held = new Map<LeasedDelivery, number>()
  let renewing: Promise<void> | undefined

  async function renewHeld(): Promise<void> {
    const now = performance.now()
    const old = [...held].flatMap(([delivery, since]) => (now - since > youngMs ? [delivery] : []))
    if (old.length === 0) return
    const leases = await queue.renew(old, leaseSeconds)
    for (const [index, delivery] of old.entries()) {
      const lease = leases[index]
      // Another instance has the delivery, or it is no longer pending.
      if (lease === null || lease === undefined) held.delete(delivery)
      else delivery.lease = lease
    }
  }

  return {
    hold(delivery, claimedAt) {
      held.set(delivery, claimedAt)
    },
    async letGo(delivery) {
      held.delete(delivery)
      await renewing?.catch(() => {})
    },
    renew() {
      renewing ??= renewHeld().finally(() => {
        renewing = undefined
      })
      return renewing
    },
  }
}
