import { randomUUID } from 'node:crypto'
import { type ChangeKind, changeKinds } from '../../src/domain/connection-change.ts'
import type { EventReach, SubscriptionState } from '../../src/domain/event-subscription.ts'
import { gather } from '../../src/persistence/events/gather.ts'
import type { TestDatabase } from './database.ts'

/** The environment of a gateway that delivers events, also to receivers of this machine. */
export const eventsOn = {
  EVENTS: 'on',
  EVENT_SIGNING_KEY: Buffer.alloc(32, 7).toString('base64'),
  EVENT_TARGET_NETWORKS: '127.0.0.0/8',
}

export const switchOn = 'ALTER TABLE connection_changes ENABLE TRIGGER connection_changes_queue_event'

/** A subscription as a test wants it. */
export interface SubscriptionFixture {
  readonly id?: string
  readonly ownerClientId?: string
  readonly reach?: EventReach
  readonly url?: string | null
  readonly kinds?: readonly ChangeKind[]
  readonly state?: SubscriptionState
}

/** The client types that may act on every client, as `ADMIN_CLIENT_TYPES` has them. */
export const adminTypes = ['MITHRIL ADMIN', 'NHS']

/**
 * Inserts a subscription, and its owner if that is new. It is active, receives everything, and is pushed to nobody,
 * unless told otherwise.
 */
export async function insertSubscription(
  { query }: Pick<TestDatabase, 'query'>,
  {
    id = randomUUID(),
    ownerClientId = randomUUID(),
    reach = 'ALL',
    url = 'https://events.example.ua/',
    kinds = changeKinds,
    state = 'ACTIVE',
  }: SubscriptionFixture = {},
): Promise<string> {
  const ownerType = reach === 'ALL' ? 'NHS' : 'MIS'
  await query(
    `INSERT INTO client_types (id, name, inserted_at, updated_at) VALUES ($1, $2, now(), now()) ON CONFLICT DO NOTHING`,
    [randomUUID(), ownerType],
  )
  await query(
    `INSERT INTO clients (id, name, settings, priv_settings, client_type_id, inserted_at, updated_at)
     SELECT $1::uuid, 'Owner', '{}', '{}', id, now(), now() FROM client_types WHERE name = $2 ON CONFLICT DO NOTHING`,
    [ownerClientId, ownerType],
  )
  await query(
    `INSERT INTO event_subscriptions
       (id, owner_client_id, reach, subject_client_id, method, url, kinds, state, created_at)
     VALUES ($1, $2::uuid, $3, CASE $3 WHEN 'ALL' THEN '00000000-0000-0000-0000-000000000000' ELSE $2::uuid END,
             CASE WHEN $4::text IS NULL THEN 'POLL' ELSE 'PUSH' END, $4, $5, $6, now())`,
    [id, ownerClientId, reach, url, kinds, state],
  )
  return id
}

/** A row of the audit as a trigger of `connections` would write it. */
export interface ChangeFixture {
  readonly connectionId?: string
  readonly clientId?: string
  readonly consumerId?: string | null
  readonly kind?: string
}

/** Inserts rows of the audit in one statement, and answers their numbers. */
export async function insertChanges({ query }: TestDatabase, changes: readonly ChangeFixture[]): Promise<string[]> {
  const rows = await query<{ id: string }>(
    `INSERT INTO connection_changes (connection_id, client_id, consumer_id, kind, redirect_uri_before,
                                     redirect_uri_after, door, changed_at)
     SELECT (row ->> 'connectionId')::uuid, (row ->> 'clientId')::uuid, (row ->> 'consumerId')::uuid, row ->> 'kind',
            'https://before.example.ua/', 'https://after.example.ua/', 'EXTERNAL', clock_timestamp()
       FROM json_array_elements($1) WITH ORDINALITY AS given(row, place) ORDER BY place
     RETURNING id::text`,
    [
      JSON.stringify(
        changes.map(({ connectionId, clientId, consumerId, kind }) => ({
          connectionId: connectionId ?? randomUUID(),
          clientId: clientId ?? randomUUID(),
          consumerId: consumerId === undefined ? randomUUID() : consumerId,
          kind: kind ?? 'UPDATED',
        })),
      ),
    ],
  )
  return rows.map(({ id }) => id)
}

/** Inserts rows of the audit, and makes their deliveries, as a gateway does several times a second. */
export async function queueChanges(database: TestDatabase, changes: readonly ChangeFixture[]): Promise<string[]> {
  const numbers = await insertChanges(database, changes)
  await database.query(gather)
  return numbers
}
