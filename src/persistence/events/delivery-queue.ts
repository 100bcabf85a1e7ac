import type { Backlog, DeliveryKey, DeliveryLease, DeliveryQueue, LeasedDelivery } from '../../events/delivery-queue.ts'
import type { Database } from '../pool/database.ts'
import { type ClaimedRow, claim } from './claim.ts'
import {
  cleanUpAtMost,
  cleanUps,
  deliveredMany,
  failedAttempt,
  releaseMany,
  renewMany,
  selectBacklog,
  selectHealth,
  withoutChange,
} from './delivery-ends.ts'
import { gather, gatherAtMost } from './gather.ts'
import { timeOf } from './subscription-rows.ts'
import { take } from './take.ts'

interface HealthRow {
  readonly failures: number
  readonly probes: number
  readonly failingSince: string | null
  readonly closedUntil: string | null
}

type CountRow = readonly [count: number]

const keysOf = (deliveries: readonly DeliveryKey[]) =>
  [
    deliveries.map(({ subscriptionId }) => subscriptionId),
    deliveries.map(({ connectionId }) => connectionId),
    deliveries.map(({ number }) => number),
  ] as const

const leasesOf = (deliveries: readonly DeliveryLease[]) => [...keysOf(deliveries), deliveries.map(({ lease }) => lease)]

const keyOf = ({ subscriptionId, connectionId, number }: DeliveryKey) => [subscriptionId, connectionId, number] as const

const leasedOf = (row: ClaimedRow): LeasedDelivery => ({ ...row, keyRotatedAt: timeOf(row.keyRotatedAt) })

/** A value for the delivery at a place of the lists that a statement was given. Places begin at 1. */
type Placed<Value> = readonly [place: number, value: Value]

/** The values of all places. null: the statement has none for this place. */
function inOrder<Value>(found: readonly Placed<Value>[], count: number): (Value | null)[] {
  const values = new Map(found)
  return Array.from({ length: count }, (_none, index) => values.get(index + 1) ?? null)
}

const textOf = (time: Date | null) => time?.toISOString() ?? null

/**
 * The deliveries in PostgreSQL. Each method is one statement, so it works behind PgBouncer in transaction mode.
 * @param adminClientTypes Client types that may act on every client (`ADMIN_CLIENT_TYPES`).
 */
export function createDeliveryQueue(
  { rows }: Pick<Database, 'rows'>,
  adminClientTypes: readonly string[],
): DeliveryQueue {
  return {
    async gather() {
      const [row] = await rows<CountRow>(gather, [])
      return (row?.[0] ?? 0) >= gatherAtMost
    },

    async claim({ atMost, share, shares, leaseSeconds }) {
      const found = await rows<ClaimedRow>(claim, [
        atMost,
        share,
        [...shares.keys()],
        [...shares.values()].map(String),
        leaseSeconds,
        adminClientTypes,
      ])
      return found.map(leasedOf)
    },

    async take(leases, leaseSeconds) {
      const found = await rows<Placed<ClaimedRow>>(take, [
        ...leasesOf(leases),
        leases.map(({ isProbe }) => String(isProbe)),
        leaseSeconds,
        adminClientTypes,
      ])
      return inOrder(found, leases.length).map((row) => row && leasedOf(row))
    },

    async delivered(deliveries) {
      await rows<CountRow>(deliveredMany, [...keysOf(deliveries), deliveries.map(({ status }) => String(status))])
    },

    async healthOf(subscriptionId) {
      const [row] = await rows<HealthRow>(selectHealth, [subscriptionId])
      if (row === undefined) return null
      const { failures, probes, failingSince, closedUntil } = row
      return {
        health: { failures, probes, failingSince: timeOf(failingSince), closedUntil: timeOf(closedUntil) },
        seen: [String(failures), String(probes), closedUntil],
      }
    },

    async failed(delivery, { state, nextAttemptAt, lastStatus, lastFailure }, { seen, health, off }) {
      const [row] = await rows<CountRow>(failedAttempt, [
        ...keyOf(delivery),
        delivery.lease,
        state,
        textOf(nextAttemptAt),
        lastStatus,
        lastFailure,
        ...seen,
        health.failures,
        health.probes,
        textOf(health.failingSince),
        textOf(health.closedUntil),
        String(off),
      ])
      return row?.[0] === 1
    },

    async withoutChange(delivery) {
      await rows<CountRow>(withoutChange, keyOf(delivery))
    },

    async renew(deliveries, leaseSeconds) {
      return inOrder(await rows<Placed<string>>(renewMany, [...leasesOf(deliveries), leaseSeconds]), deliveries.length)
    },

    async release(deliveries) {
      await rows<CountRow>(releaseMany, leasesOf(deliveries))
    },

    async backlog() {
      const [row] = await rows<Backlog>(selectBacklog, [adminClientTypes])
      return row ?? { pending: 0, dead: 0, oldestSeconds: 0, subscriptions: {} }
    },

    async cleanUp() {
      const counts: number[] = []
      for (const statement of cleanUps) counts.push((await rows<CountRow>(statement, []))[0]?.[0] ?? 0)
      return counts.some((count) => count >= cleanUpAtMost)
    },
  }
}
