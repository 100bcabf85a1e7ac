import type { Backlog } from './delivery-queue.ts'

/** Counts of the deliveries of this process, and the latest backlog. `observability/exposition.ts` shows them. */
export interface EventCounts {
  delivered: number
  /** Failed attempts by their reason: `status`, or a reason of the sender. */
  readonly failed: Map<string, number>
  /** Deliveries that ended after their last attempt. */
  dead: number
  /** Subscriptions that the gateway switched off. */
  switchedOff: number
  /** null: not counted yet, or this process sends for others only. */
  backlog: Backlog | null
  /** null: this process uses no broker. */
  readonly broker: BrokerCounts | null
}

/** The part of a broker. */
export interface BrokerCounts {
  isConnected: boolean
  /** Handovers that the broker has acknowledged. */
  published: number
}

/** Each reason begins with 0: Prometheus computes no rate from the first sample of a series. */
const reasons = ['status', 'address', 'timeout', 'name', 'tls', 'connection', 'stopped'] as const

/** @param broker null: this process uses no broker. */
export const createEventCounts = (broker: BrokerCounts | null = null): EventCounts => ({
  delivered: 0,
  failed: new Map(reasons.map((reason) => [reason, 0])),
  dead: 0,
  switchedOff: 0,
  backlog: null,
  broker,
})
