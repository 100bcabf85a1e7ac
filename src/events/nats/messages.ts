import { z } from 'zod'
import type { DeliveryLease, LeasedDelivery } from '../delivery-queue.ts'
import type { DispatchResult } from '../dispatch.ts'

/** A delivery that a relay hands over. It names the delivery and its lease, and has nothing of the event. */
export interface Handover extends DeliveryLease {
  /** The relay that waits for the outcome. */
  readonly relay: string
}

/** How often a gateway says so. */
export const workingEveryMs = 1_000

/** What became of a handover. `working`: a gateway has it, and says so again and again until the end. */
export interface Outcome {
  readonly id: string
  readonly result: DispatchResult | 'working'
}

// Everybody who may publish to NATS can write these. So each value is checked before it reaches PostgreSQL.
const handover = z.object({
  subscriptionId: z.guid(),
  connectionId: z.guid(),
  number: z.string().regex(/^[1-9]\d{0,17}$/),
  lease: z.iso.datetime({ offset: true }),
  isProbe: z.boolean(),
  relay: z.guid(),
})

const outcome = z.object({ id: z.string(), result: z.enum(['working', 'arrived', 'failed', 'unsent']) })

function parse<T>(schema: z.ZodType<T>, text: string): T | null {
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** @returns null if the text is no handover */
export const parseHandover = (text: string): Handover | null => parse(handover, text)

/** @returns null if the text is no outcome */
export const parseOutcome = (text: string): Outcome | null => parse(outcome, text)

export function handoverOf(delivery: LeasedDelivery, relay: string): Handover {
  const { subscriptionId, connectionId, number, lease, isProbe } = delivery
  return { subscriptionId, connectionId, number, lease, isProbe, relay }
}
