import { stat } from 'node:fs/promises'
import type { Client } from 'pg'
import { unlessMissing } from '../../system-error.ts'
import { nameOf, withOwnSession } from '../own-session.ts'
import { type Archive, rowsOf, verifyArchive, writeArchive } from './archive-file.ts'

/** The number of rows in one transaction. No writer of the gateway or of Mithril waits for its locks. */
const PORTION = 1_000

export interface ArchiveRequest {
  readonly databaseUrl: string
  /** The archive holds rows that are older than this time. */
  readonly before: Date
  readonly file: string
}

export interface ArchiveOutcome {
  /** Null: no row is that old, and there is no file. */
  readonly archive: Archive | null
  /** The number of rows in the file that this run removed from the database. */
  readonly removed: number
  /** The number of rows that are old enough, but not in the file. */
  readonly left: number
}

/**
 * Whether the archive may take a row. The row is old enough, and it is not the newest one of an existing connection by
 * number or by time. `remove_archived_changes` in the database checks the same again. The casts and the LIMIT make
 * PostgreSQL read only the next row of the primary key.
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
 * Moves old rows of the history from the database into a file. It first writes the whole file to the disk and reads it
 * back. It then removes the rows that the file holds. So an interruption at any moment loses nothing. A second run with
 * the same file continues the first one.
 *
 * @throws Error if the time is too recent, if the file exists and is another one, if another process archives, or if
 *   PostgreSQL refuses
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

/** Refuses before the file is written what the database would refuse afterwards. */
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
  // Without statistics PostgreSQL would read all rows of the connection for each row.
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
