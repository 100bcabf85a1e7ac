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
      const found = await rows<readonly [place: number, row: ClaimedRow]>(take, [
        ...leasesOf(leases),
        leases.map(({ isProbe }) => String(isProbe)),
        leaseSeconds,
        adminClientTypes,
      ])
      const taken = new Map(found.map(([place, row]) => [place, leasedOf(row)]))
      return leases.map((_lease, index) => taken.get(index + 1) ?? null)
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
      const found = await rows<readonly [place: number, lease: string]>(renewMany, [
        ...leasesOf(deliveries),
        leaseSeconds,
      ])
      const leases = new Map(found)
      return deliveries.map((_delivery, index) => leases.get(index + 1) ?? null)
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
