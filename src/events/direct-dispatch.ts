import { createArrivals } from './arrivals.ts'
import { type AttemptDeps, createAttempt } from './attempt.ts'
import type { OpenDispatch } from './dispatch.ts'
import { createLeases, leaseSeconds, renewEveryMs } from './leases.ts'

/** This process sends each delivery to its endpoint. */
export function directDispatch(deps: AttemptDeps): OpenDispatch {
  const { queue, sender, counts } = deps
  const attempt = createAttempt(deps)
  return (onStored) => {
    const arrivals = createArrivals(queue, onStored)
    const leases = createLeases(queue)
    const timer = setInterval(() => void leases.renew().catch(() => {}), renewEveryMs)
    return {
      leaseSeconds,
      isReady: () => true,
      async send(delivery, claimedAt) {
        leases.hold(delivery, claimedAt)
        const letGo = () => leases.letGo(delivery)
        const result = await attempt(delivery, claimedAt, letGo).finally(letGo)
        if (result.kind !== 'arrived') return result.kind
        counts.delivered += 1
        arrivals.add(delivery, result.status)
        return 'arrived'
      },
      interrupt: sender.close,
      async close() {
        clearInterval(timer)
        await arrivals.flush()
      },
    }
  }
}
