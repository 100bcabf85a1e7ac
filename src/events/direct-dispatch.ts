import { createArrivals } from './arrivals.ts'
import { type AttemptDeps, createAttempt } from './attempt.ts'
import type { OpenDispatch } from './dispatch.ts'

/** This process sends each delivery to its endpoint. */
export function directDispatch(deps: AttemptDeps): OpenDispatch {
  const { queue, sender, counts } = deps
  const attempt = createAttempt(deps)
  return (onStored) => {
    const arrivals = createArrivals(queue, onStored)
    return {
      isReady: () => true,
      async send(delivery, claimedAt) {
        const result = await attempt(delivery, claimedAt)
        if (result.kind !== 'arrived') return result.kind
        counts.delivered += 1
        arrivals.add(delivery, result.status)
        return 'arrived'
      },
      interrupt: sender.close,
      close: arrivals.flush,
    }
  }
}
