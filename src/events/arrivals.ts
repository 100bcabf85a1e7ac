import type { DeliveryKey, DeliveryQueue } from './delivery-queue.ts'

/** Deliveries that arrived together are stored in one statement. */
const gatherMs = 3

/** While the database is away, arrivals are kept and stored again after this time. */
const againMs = 500

/** After this time an arrival is no longer stored. Another instance sends the event again under its id. */
const keptMs = 60_000

export interface Arrivals {
  add(delivery: DeliveryKey, status: number): void
  /** Stores what is left. It does not wait for a database that is away. */
  flush(): Promise<void>
}

/** @param onStored Called after each statement: the next events of these connections can be claimed. */
export function createArrivals(
  queue: Pick<DeliveryQueue, 'delivered'>,
  onStored: (deliveries: readonly DeliveryKey[]) => void,
): Arrivals {
  let waiting: { readonly delivery: DeliveryKey; readonly status: number; readonly at: number }[] = []
  let timer: NodeJS.Timeout | undefined
  let storing: Promise<void> | undefined

  async function store(): Promise<void> {
    timer = undefined
    const portion = waiting
    waiting = []
    let isAway = false
    try {
      if (portion.length > 0) await queue.delivered(portion.map(({ delivery, status }) => ({ ...delivery, status })))
      onStored(portion.map(({ delivery }) => delivery))
    } catch {
      isAway = true
      waiting = [...portion.filter(({ at }) => performance.now() - at < keptMs), ...waiting]
    }
    storing = undefined
    if (waiting.length > 0) schedule(isAway ? againMs : gatherMs)
  }

  function schedule(ms: number): void {
    timer ??= setTimeout(() => {
      storing = store()
    }, ms)
  }

  return {
    add(delivery, status) {
      waiting.push({ delivery, status, at: performance.now() })
      if (storing === undefined) schedule(gatherMs)
    },
    async flush() {
      await storing
      clearTimeout(timer)
      await store()
      clearTimeout(timer)
    },
  }
}
