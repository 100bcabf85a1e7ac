import type { EventsConfig } from '../config/shape.ts'
import type { EventEndpoints } from '../domain/event-endpoints.ts'
import type { Log } from '../observability/log.ts'
import type { DeliveryQueue } from './delivery-queue.ts'
import { directDispatch } from './direct-dispatch.ts'
import { createEventCounts, type EventCounts } from './event-counts.ts'
import { openEventEndpoints } from './event-endpoints.ts'
import { createRelay } from './relay.ts'
import { createSender } from './sender.ts'
import { createTargetAddresses } from './target-addresses.ts'

/** The delivery of events in this process. */
export interface Events {
  readonly counts: EventCounts
  readonly endpoints: EventEndpoints
  start(): void
  /** Sends nothing more that is not on its way, and ends the challenges that requests wait for. */
  stop(): void
  close(): Promise<void>
}

/** Opens the delivery of events. A gateway with `EVENTS=off` does not load this module. */
export function openEvents(config: EventsConfig, queue: DeliveryQueue, log: Log): Events {
  const { signingKey, source, targetNetworks } = config
  const counts = createEventCounts()
  const addresses = createTargetAddresses(targetNetworks)
  const deps = { queue, sender: createSender({ addresses }), signingKey, source, counts, log }
  const relay = createRelay(deps, directDispatch(deps))
  const { interrupt: interruptChallenges, ...endpoints } = openEventEndpoints(config, addresses)
  return {
    counts,
    endpoints,
    start: relay.start,
    stop() {
      relay.stop()
      interruptChallenges()
    },
    close: relay.close,
  }
}
