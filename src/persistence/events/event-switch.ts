import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { withOwnSession } from '../own-session.ts'
import { lostForLocks } from '../pool/failure.ts'

/** While the switch waits for its lock, writers of the audit wait, too. So it waits briefly, and tries again. */
const lockWait = '2s'
const tryForMs = 60_000
const pauseMs = 500

/**
 * Enables or disables the trigger that queues events. It needs the rights of `gateway_migrator`, the table's owner.
 * @returns whether that changed anything
 * @throws Error that says what is missing, or that another session held the lock for a minute
 */
export function switchEvents(databaseUrl: string, on: boolean): Promise<boolean> {
  return withOwnSession(databaseUrl, 'Switches of events', async (client) => {
    if ((await isOn(client)) === on) return false
    await client.query(`SET lock_timeout = '${lockWait}'`)
    const word = on ? 'ENABLE' : 'DISABLE'
    const statement = `ALTER TABLE connection_changes ${word} TRIGGER connection_changes_queue_event`
    const until = performance.now() + tryForMs
    for (;;) {
      try {
        await client.query(statement)
        return true
      } catch (error) {
        if (!lostForLocks(error) || performance.now() > until) throw error
        await delay(pauseMs)
      }
    }
  })
}

async function isOn(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ enabled: boolean }>(
    `SELECT tgenabled IN ('O', 'A') AS enabled FROM pg_trigger
      WHERE tgrelid = to_regclass('connection_changes') AND tgname = 'connection_changes_queue_event'`,
  )
  if (rows[0] === undefined) throw new Error('This database has no events yet. Run `npm run db:migrate` first.')
  return rows[0].enabled
}
