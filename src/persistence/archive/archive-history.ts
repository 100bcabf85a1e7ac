import { stat } from 'node:fs/promises'
import type { Client } from 'pg'
import { unlessMissing } from '../../system-error.ts'
import { nameOf, withOwnSession } from '../own-session.ts'
import { type Archive, rowsOf, verifyArchive, writeArchive } from './archive-file.ts'

/** Rows of one transaction. It holds no lock that a writer of the gateway or of Mithril waits for. */
const PORTION = 1_000

export interface ArchiveRequest {
  readonly databaseUrl: string
  /** Rows from before this time are archived. */
  readonly before: Date
  readonly file: string
}

export interface ArchiveOutcome {
  /** Null: no row is that old, and no file was written. */
  readonly archive: Archive | null
  /** Rows of the file that were removed now. */
  readonly removed: number
  /** Rows that are old enough, too, and are in the database only. */
  readonly left: number
}

/**
 * Whether a row can be archived: it is old enough, and it is not the newest one of a living connection, by its number
 * or by its time. `remove_archived_changes` in the database asks the same again. The casts and the LIMIT make PostgreSQL
 * look one row ahead in the primary key.
 */
const archivable = `change.changed_at < $1 AND (
  NOT EXISTS (SELECT FROM connections WHERE connections.id = change.connection_id)
  OR (
    SELECT true FROM connection_changes AS newer
     WHERE newer.connection_id = change.connection_id AND newer.id > change.id
       AND newer.client_id::text = change.client_id::text AND newer.changed_at >= change.changed_at
     ORDER BY newer.id LIMIT 1
  ))`

/**
 * Moves old rows of the history from the database into a file. First the whole file gets onto the disk and is read
 * back; only then the rows that it shows are removed. So an interruption at any moment loses nothing. Run again with
 * the same file, it goes on where it was.
 *
 * @throws Error when the time is too recent, when the file is there and is something else, when another process
 *   archives, or when PostgreSQL refuses
 */
export function archiveHistory({ databaseUrl, before, file }: ArchiveRequest): Promise<ArchiveOutcome> {
  return withOwnSession(databaseUrl, 'Archives', async (client) => {
    await checkRequest(client, before)
    if (!(await lockArchives(client)))
      throw new Error(`Another process archives the history of ${nameOf(databaseUrl)} at this moment.`)
    const isThere = (await unlessMissing(stat(file))) !== undefined
    if (!isThere) {
      const rows = readArchivable(client, before)
      const first = await rows.next()
      if (first.done === true) return { archive: null, removed: 0, left: 0 }
      await writeArchive(file, before.toISOString(), startingWith(first.value, rows))
    }
    const archive = await verifyArchive(file)
    if (archive.before !== before.toISOString())
      throw new Error(`${file} is there already, and holds changes from before ${archive.before}. Name another file.`)
    const removed = await removeArchived(client, file, archive)
    return { archive, removed, left: isThere ? await countArchivable(client, before) : 0 }
  })
}

async function* startingWith<T>(first: T, others: AsyncIterable<T>): AsyncGenerator<T> {
  yield first
  yield* others
}

/** What the database would refuse later, when the file is written already. */
async function checkRequest(client: Client, before: Date): Promise<void> {
  const { rows } = await client.query<{ migrated: boolean; old: boolean }>(
    `SELECT to_regprocedure('remove_archived_changes(text, text[])') IS NOT NULL AS migrated,
            $1::timestamptz <= now() - interval '30 days' AS old`,
    [before],
  )
  if (rows[0]?.migrated !== true) throw new Error('This database cannot archive yet. Run `npm run db:migrate` first.')
  if (!rows[0].old) throw new Error('Changes of the last 30 days are not archived. Name an earlier day.')
}

async function lockArchives(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    `SELECT pg_try_advisory_lock(hashtextextended('mithril-connection-gateway archives', 0)) AS locked`,
  )
  return rows[0]?.locked === true
}

async function countArchivable(client: Client, before: Date): Promise<number> {
  await client.query('SET enable_bitmapscan = off')
  const text = `SELECT count(*) AS found FROM connection_changes AS change WHERE ${archivable}`
  const { rows } = await client.query<{ found: string }>(text, [before])
  return Number(rows[0]?.found)
}

async function* readArchivable(client: Client, before: Date): AsyncGenerator<string[]> {
  await client.query('BEGIN READ ONLY')
  await client.query(`SET LOCAL timezone = 'UTC'`)
  // Without statistics PostgreSQL would collect all rows of the connection for each row.
  await client.query('SET LOCAL enable_bitmapscan = off')
  await client.query(
    `DECLARE archivable NO SCROLL CURSOR FOR SELECT row_to_json(change)::text AS line
       FROM connection_changes AS change WHERE ${archivable} ORDER BY change.connection_id, change.id`,
    [before],
  )
  for (;;) {
    const { rows } = await client.query<{ line: string }>(`FETCH ${PORTION} FROM archivable`)
    if (rows.length === 0) break
    yield rows.map(({ line }) => line)
  }
  await client.query('COMMIT')
}

async function removeArchived(client: Client, file: string, archive: Archive): Promise<number> {
  await client.query('SELECT register_history_archive($1, $2, $3)', [archive.sha256, archive.before, archive.rows])
  let removed = 0
  for await (const lines of rowsOf(file, archive, PORTION)) {
    const { rows } = await client.query<{ removed: string }>('SELECT remove_archived_changes($1, $2) AS removed', [
      archive.sha256,
      lines,
    ])
    removed += Number(rows[0]?.removed)
  }
  return removed
}
