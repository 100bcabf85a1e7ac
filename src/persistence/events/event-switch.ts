import type { Client } from 'pg'
import { inTransaction, withOwnSession } from '../own-session.ts'
import { type LockTries, tryForLock } from './lock-tries.ts'

/** While the switch waits for its locks, writers of the audit wait, too. So it waits briefly, and tries again. */
const lockWait = '2s'
const tries: LockTries = { pauseMs: 500, forMs: 60_000 }

/** The state of events before and after a switch. */
export interface EventSwitch {
  /** Whether events had the wanted state before. */
  readonly wasSo: boolean
  /** Whether changes are queued now: events are on, and there is a subscription. */
  readonly queues: boolean
}

/** `on`: the first subscription enables the queue. `queues`: the trigger of the audit is enabled. */
interface State {
  readonly on: boolean
  readonly queues: boolean
  readonly hasSubscription: boolean
}

const statementOf = (table: string, trigger: string, isEnabled: boolean) =>
  `ALTER TABLE ${table} ${isEnabled ? 'ENABLE' : 'DISABLE'} TRIGGER ${trigger}`

/**
 * Switches events on or off. With events on, the queue is enabled if there is a subscription, and otherwise disabled:
 * the first subscription enables it (migration 0015). It needs the rights of `gateway_migrator`, the tables' owner.
 * @throws Error that says what is missing, or that another session held a lock for a minute
 */
export function switchEvents(databaseUrl: string, on: boolean): Promise<EventSwitch> {
  return withOwnSession(databaseUrl, 'Switches of events', async (client) => {
    const before = await stateOf(client)
    const wasSo = on ? before.on : !before.on && !before.queues
    if (before.on === on && before.queues === (on && before.hasSubscription)) return { wasSo, queues: before.queues }
    await client.query(`SET lock_timeout = '${lockWait}'`)
    return tryForLock(tries, async () => ({ wasSo, queues: await switchTo(client, on) }))
  })
}

/** Its first lock keeps others from inserting a subscription until both triggers fit. */
function switchTo(client: Client, on: boolean): Promise<boolean> {
  return inTransaction(
    (sql) => client.query(sql),
    async () => {
      await client.query(statementOf('event_subscriptions', 'event_subscriptions_enable_queue', on))
      const { queues, hasSubscription } = await stateOf(client)
      const isWanted = on && hasSubscription
      if (queues !== isWanted)
        await client.query(statementOf('connection_changes', 'connection_changes_queue_event', isWanted))
      return isWanted
    },
  )
}

const isEnabled = (table: string, trigger: string) => `(
  SELECT tgenabled IN ('O', 'A') FROM pg_trigger WHERE tgrelid = to_regclass('${table}') AND tgname = '${trigger}')`

async function stateOf(client: Client): Promise<State> {
  const { rows } = await client.query<{ on: boolean | null; queues: boolean | null }>(
    `SELECT ${isEnabled('event_subscriptions', 'event_subscriptions_enable_queue')} AS "on",
            ${isEnabled('connection_changes', 'connection_changes_queue_event')} AS queues`,
  )
  const { on = null, queues = null } = rows[0] ?? {}
  if (on === null || queues === null)
    throw new Error('This database has no events yet. Run `npm run db:migrate` first.')
  const found = await client.query('SELECT FROM event_subscriptions LIMIT 1')
  return { on, queues, hasSubscription: found.rows.length > 0 }
}
