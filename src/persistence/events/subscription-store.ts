import type { ChangeAuthor } from '../../domain/connection.ts'
import type { EventChange } from '../../domain/event.ts'
import type { EventSubscription } from '../../domain/event-subscription.ts'
import {
  type EventDelivery,
  type EventSubscriptionStore,
  type ReplayedEvents,
  replayedAtMost,
  subscriptionsAtMost,
} from '../../domain/event-subscription-store.ts'
import type { PageRequest } from '../../domain/page.ts'
import type { Database } from '../pool/database.ts'
import type { SqlValue } from '../pool/json-rows.ts'
import { createColumns, type Row } from '../stores/columns.ts'
import {
  type ListOrder,
  pageClause,
  pageOf,
  RowWithCursor,
  SqlParameters,
  totalOf,
  whereAll,
} from '../stores/paging.ts'
import { eventChange } from './event-change.ts'
import { gather } from './gather.ts'
import { type LockTries, tryForLock } from './lock-tries.ts'
import { reaches, type SubscriptionRow, subscriptionColumns, subscriptionOf } from './subscription-rows.ts'

const { get, select } = subscriptionColumns

/** Notes what an author ($1 to $5) did ($6) to each subscription of a table. */
const notes = (changed: string) => `
    INSERT INTO event_subscription_changes (subscription_id, owner_client_id, act, door, caller_client_id,
                                            caller_client_type, caller_user_id, request_id, changed_at)
    SELECT id, owner_client_id, $6, $1, $2::uuid, $3, $4, $5, clock_timestamp() FROM ${changed}`

/**
 * A statement that changes a subscription and notes it. `change` is the statement without its RETURNING.
 *
 * Parameters: $1 to $5 the author, $6 the act, $7 the id of the subscription, $8 … those of the change.
 */
const noted = (change: string) => `
  WITH changed AS (${change} RETURNING *), noted AS (
    ${notes('changed')}
  )
  SELECT ${select()} FROM changed`

const authorValues = ({ door, requestId, caller }: ChangeAuthor) =>
  [door, caller.clientId, caller.clientType, caller.userId, requestId] as const

/**
 * A trigger enables the queue of events in this statement, if the subscription is the first one (migration 0015). It
 * waits for writers of the audit for 0.3 s, and they wait for it.
 */
const insert = noted(`
  INSERT INTO event_subscriptions (id, owner_client_id, reach, subject_client_id, method, url, kinds, state, created_at)
  SELECT $7::uuid, $8::uuid, $9,
         CASE $9 WHEN 'ALL' THEN '00000000-0000-0000-0000-000000000000' ELSE $8 END::uuid, $10, $11, $12::text[],
         CASE $10 WHEN 'PUSH' THEN 'UNVERIFIED' ELSE 'ACTIVE' END, clock_timestamp()
   WHERE (SELECT count(*) FROM event_subscriptions WHERE owner_client_id = $8::uuid) < ${subscriptionsAtMost}`)

/** The pause is longer than the wait of a try, so writers lose less than half of the time. */
const insertTries: LockTries = { pauseMs: 500, forMs: 3_000 }

/**
 * Removes a new subscription again if its owner has too many. Creations at the same time do not see each other, but the
 * one that is committed last sees all of them here. $8 is the owner.
 */
const removeSurplus = noted(`
  DELETE FROM event_subscriptions
   WHERE id = $7::uuid
     AND (SELECT count(*) FROM event_subscriptions WHERE owner_client_id = $8::uuid) > ${subscriptionsAtMost}`)

const isHealthy = 'failures = 0, probes = 0, failing_since = NULL, closed_until = NULL'
const moves = (set: string, from: string) =>
  noted(`UPDATE event_subscriptions SET ${set} WHERE id = $7::uuid AND state = ANY ('{${from}}')`)

const acts = {
  ACTIVATED: moves(`state = 'ACTIVE', ${isHealthy}`, 'UNVERIFIED,OFF'),
  PAUSED: moves(`state = 'PAUSED'`, 'ACTIVE'),
  RESUMED: moves(`state = 'ACTIVE', ${isHealthy}`, 'PAUSED'),
  KEY_ROTATED: noted(
    'UPDATE event_subscriptions SET key_generation = key_generation + 1, key_rotated_at = clock_timestamp() ' +
      'WHERE id = $7::uuid',
  ),
  DELETED: noted('DELETE FROM event_subscriptions WHERE id = $7::uuid'),
} as const

/**
 * $8 and $9 are the time, or $10 is the connection. $11 is the number before the first one. A pending event keeps its
 * place.
 */
const replay = `
  WITH subscription AS (
    SELECT * FROM event_subscriptions WHERE id = $7::uuid AND state IN ('ACTIVE', 'PAUSED')
  ), chosen AS (
    SELECT subscription.id, change.connection_id, change.id AS number
      FROM subscription JOIN connection_changes AS change ON ${reaches('subscription', 'change')}
     WHERE CASE WHEN $10::uuid IS NULL THEN change.changed_at >= $8::timestamptz AND change.changed_at < $9::timestamptz
                ELSE change.connection_id = $10::uuid END
       AND change.id > $11::bigint
     ORDER BY change.id LIMIT ${replayedAtMost + 1}
  ), queued AS (
    INSERT INTO event_deliveries AS delivery (subscription_id, connection_id, number)
    SELECT id, connection_id, number FROM chosen ORDER BY number LIMIT ${replayedAtMost}
    ON CONFLICT (subscription_id, connection_id, number) DO UPDATE
       SET state = 'PENDING', attempts = 0, next_attempt_at = now(), leased_until = NULL, ended_at = NULL
     WHERE delivery.state <> 'PENDING'
    RETURNING 1
  ), noted AS (
    ${notes('subscription')}
  )
  SELECT json_build_object('queued', (SELECT count(*) FROM queued),
                           'hasMore', (SELECT count(*) > ${replayedAtMost} FROM chosen),
                           'last', (SELECT number::text FROM chosen ORDER BY chosen.number DESC OFFSET 1 LIMIT 1))
    FROM subscription`

/**
 * The changes of pending deliveries of a subscription. A delivery whose row of the audit was archived has none. The
 * LIMIT makes PostgreSQL look for one row at a time, so it reads no more rows of the audit than the statement needs.
 */
const pendingChanges = `
  event_deliveries AS pending CROSS JOIN LATERAL (
    SELECT * FROM connection_changes WHERE connection_id = pending.connection_id AND id = pending.number LIMIT 1
  ) AS change
  WHERE pending.subscription_id = subscription.id AND pending.state = 'PENDING'`

/** $1 is the subscription, $2 how many. */
export const selectWaiting = `
  SELECT ${eventChange('subscription', 'change')}
    FROM event_subscriptions AS subscription CROSS JOIN LATERAL (
           SELECT change.* FROM ${pendingChanges} ORDER BY pending.number LIMIT $2::int
         ) AS change
   WHERE subscription.id = $1::uuid AND subscription.method = 'POLL' AND subscription.state = 'ACTIVE'
   ORDER BY change.id`

/** $1 is a list of subscriptions. */
export const selectReady = `
  SELECT to_json(subscription.id) FROM event_subscriptions AS subscription
   WHERE subscription.id = ANY ($1::uuid[]) AND subscription.method = 'POLL' AND subscription.state = 'ACTIVE'
     AND (SELECT true FROM ${pendingChanges} LIMIT 1)`

/** $1 is the subscription, $2 the numbers. */
const acknowledge = `
  WITH ended AS (
    UPDATE event_deliveries AS delivery SET state = 'DELIVERED', attempts = attempts + 1, ended_at = now()
      FROM event_subscriptions AS subscription
     WHERE subscription.id = $1::uuid AND subscription.method = 'POLL' AND delivery.subscription_id = subscription.id
       AND delivery.number = ANY ($2::bigint[]) AND delivery.state = 'PENDING'
    RETURNING 1
  )
  SELECT json_build_array((SELECT count(*) FROM ended))`

interface DeliveryValues extends Omit<EventDelivery, 'nextAttemptAt' | 'endedAt'> {
  readonly nextAttemptAt: string
  readonly endedAt: string | null
}

const deliveryColumns = createColumns<DeliveryValues>({
  number: 'number::text',
  connectionId: 'connection_id',
  state: 'state',
  attempts: 'attempts',
  nextAttemptAt: 'next_attempt_at',
  lastStatus: 'last_status',
  lastFailure: 'last_failure',
  endedAt: 'ended_at',
})

function deliveryOf(row: Row<DeliveryValues>): EventDelivery {
  const { nextAttemptAt, endedAt, ...rest } = deliveryColumns.read(row)
  return { ...rest, nextAttemptAt: new Date(nextAttemptAt), endedAt: endedAt === null ? null : new Date(endedAt) }
}

const oldestFirst: ListOrder = {
  key: `timezone('utc', created_at)`,
  id: 'id',
  keyType: 'timestamp',
  idType: 'uuid',
  descending: false,
}
const newestFirst: ListOrder = { key: 'number', id: 'number', keyType: 'bigint', idType: 'bigint', descending: true }

const withCursor = (row: SubscriptionRow) =>
  new RowWithCursor(subscriptionOf(row), get(row, 'createdAt'), get(row, 'id'))
const deliveryWithCursor = (row: Row<DeliveryValues>) => {
  const delivery = deliveryOf(row)
  return new RowWithCursor(delivery, delivery.number, delivery.number)
}

/**
 * The statement of a page of one table for each row of `parent`, and of its length if the request asks for it.
 */
function selectPage(
  table: string,
  columns: string,
  page: PageRequest,
  order: ListOrder,
  conditions: readonly string[],
  values: SqlParameters,
  parent = '(SELECT) AS parent',
): string {
  const total = totalOf(page, `${table} ${whereAll(conditions)}`)
  return `
    SELECT json_build_array(counted.total, listed.items)
      FROM ${parent} CROSS JOIN LATERAL (${total}) AS counted CROSS JOIN LATERAL (
        SELECT coalesce(json_agg(found.item), '[]') AS items FROM (
          SELECT ${columns} AS item FROM ${table} ${pageClause(page, order, conditions, values, 'counted.total')}
        ) AS found
      ) AS listed`
}

type PagedRow<Item> = readonly [total: number | null, items: readonly Item[]]

/** The store of subscriptions in PostgreSQL. */
export function createSubscriptionStore({ rows }: Pick<Database, 'rows'>): EventSubscriptionStore {
  const one = async (text: string, values: readonly SqlValue[]): Promise<EventSubscription | null> => {
    const [row] = await rows<SubscriptionRow>(text, values)
    return row === undefined ? null : subscriptionOf(row)
  }
  const act = (name: keyof typeof acts) => (id: string, author: ChangeAuthor) =>
    one(acts[name], [...authorValues(author), name, id])

  return {
    async create({ id, ownerClientId, reach, method, url, kinds }, author) {
      const values = [...authorValues(author), 'CREATED', id, ownerClientId, reach, method, url, kinds]
      const created = await tryForLock(insertTries, () => one(insert, values))
      if (created === null) return null
      const removed = await one(removeSurplus, [...authorValues(author), 'DELETED', id, ownerClientId])
      return removed === null ? created : null
    },
    find: (id) => one(`SELECT ${select()} FROM event_subscriptions WHERE id = $1::uuid`, [id]),
    activate: act('ACTIVATED'),
    pause: act('PAUSED'),
    resume: act('RESUMED'),
    rotateKey: act('KEY_ROTATED'),
    delete: act('DELETED'),

    async waiting(id, atMost) {
      // The owner sees a change at once, also while no gateway pushes events.
      await rows(gather, [])
      return rows<EventChange>(selectWaiting, [id, atMost])
    },

    async ready(ids) {
      await rows(gather, [])
      return rows<string>(selectReady, [ids])
    },

    async acknowledge(id, numbers) {
      const [row] = await rows<readonly [number]>(acknowledge, [id, numbers])
      return row?.[0] ?? 0
    },

    async page(ownerClientId, page) {
      const values = new SqlParameters()
      const conditions = ownerClientId === null ? [] : [`owner_client_id = ${values.add(ownerClientId)}::uuid`]
      const text = selectPage('event_subscriptions', select(), page, oldestFirst, conditions, values)
      const [[total, items] = [null, []]] = await rows<PagedRow<SubscriptionRow>>(text, values.list)
      return pageOf(items.map(withCursor), page, total)
    },

    async deliveriesOf(ids, state, page) {
      const values = new SqlParameters()
      const parent = `unnest(${values.add(ids)}::uuid[]) WITH ORDINALITY AS parent(id, position)`
      const conditions = ['subscription_id = parent.id']
      if (state !== null) conditions.push(`state = ${values.add(state)}`)
      const columns = deliveryColumns.select()
      const text = `${selectPage('event_deliveries', columns, page, newestFirst, conditions, values, parent)}
        ORDER BY parent.position`
      const found = await rows<PagedRow<Row<DeliveryValues>>>(text, values.list)
      return found.map(([total, items]) => pageOf(items.map(deliveryWithCursor), page, total))
    },

    async replay(id, range, author) {
      const [from, to, connectionId] =
        'from' in range ? [range.from.toISOString(), range.to.toISOString(), null] : [null, null, range.connectionId]
      const values = [...authorValues(author), 'REPLAYED', id, from, to, connectionId, range.after ?? '0']
      const [row] = await rows<ReplayedEvents>(replay, values)
      // With one more than a portion, the last event of the portion is the one before the last.
      return row === undefined ? null : { ...row, last: row.hasMore ? row.last : null }
    },
  }
}
