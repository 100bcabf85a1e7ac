import type { EventsConfig } from '../config/shape.ts'
import type { EventEndpoints } from '../domain/event-endpoints.ts'
import type { TargetAddresses } from '../domain/event-target.ts'
import type { Log } from '../observability/log.ts'
import type { DeliveryQueue } from './delivery-queue.ts'
import { directDispatch } from './direct-dispatch.ts'
import { createEventCounts, type EventCounts } from './event-counts.ts'
import { openEventEndpoints } from './event-endpoints.ts'
import { createRelay, type Relay } from './relay.ts'
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
export async function openEvents(config: EventsConfig, queue: DeliveryQueue, log: Log): Promise<Events> {
  const addresses = createTargetAddresses(config.targetNetworks)
  const { counts, relay } = await openRelay(config, queue, addresses, log)
  const { interrupt: interruptChallenges, ...endpoints } = openEventEndpoints(config, addresses, log)
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

/** The part of this process: it sends events itself, hands them over by NATS, or sends what others hand over. */
async function openRelay(
  { signingKey, source, nats: config }: EventsConfig,
  queue: DeliveryQueue,
  addresses: TargetAddresses,
  log: Log,
): Promise<{ readonly counts: EventCounts; readonly relay: Relay }> {
  const broker = { isConnected: false, published: 0 }
  const counts = createEventCounts(config && broker)
  const direct = () => directDispatch({ queue, sender: createSender({ addresses }), signingKey, source, counts, log })
  if (config === null) return { counts, relay: createRelay({ queue, counts, log }, direct()) }
  const deps = { config, queue, counts: broker, log }
  if (config.role === 'deliver') {
    const { createDeliverer } = await import('./nats/deliverer.ts')
    return { counts, relay: createDeliverer(deps, direct()) }
  }
  const { natsDispatch } = await import('./nats/nats-dispatch.ts')
  return { counts, relay: createRelay({ queue, counts, log }, natsDispatch(deps)) }
}
