import { isOfOneStatement } from './failure.ts'
import type { RowsOfSets, RunFastStatement } from './fast-statements.ts'
import type { SqlValue } from './json-rows.ts'

export interface WriteGroupsOptions {
  /** Runs a statement for each set of values, in one transaction on a connection of its own. */
  readonly together: (sql: string, sets: readonly (readonly SqlValue[])[]) => Promise<RowsOfSets<unknown>>
  /** Runs a statement in a transaction of its own. */
  readonly alone: RunFastStatement
}

/** After this time a group no longer holds up the next one. */
const slowAfterMs = 10

/** Bounds the locks that a transaction holds, and the writes that one lost connection meets. */
const writesAtMost = 32

/**
 * PostgreSQL runs the writes of a group one after the other, so slow ones could exceed the driver's limit together.
 * After a group that took longer than this, groups are smaller. A busy event loop alone does not take as long.
 */
const tooLongMs = 1_000

/** A write before it goes out, and its caller's promise. */
interface Waiting {
  readonly sql: string
  readonly values: readonly SqlValue[]
  resolve(rows: readonly never[]): void
  reject(error: unknown): void
}

/**
 * Writes that arrive while a group of writes is on its way form the next group, which is one transaction. So a busy
 * gateway needs one COMMIT for many updates. An idle gateway sends a write at once
 * (docs/decisions/0045-updates-share-a-transaction.md).
 *
 * A write gets its answer after the COMMIT. If PostgreSQL refuses a group because of one of its writes, it rolls all of
 * them back. Then each runs again, alone. A write must wait for no lock of a row. The others of its group would wait
 * with it, and they hold locks, too.
 */
export function createWriteGroups({ together, alone }: WriteGroupsOptions): RunFastStatement {
  const waiting: Waiting[] = []
  /** Whether a group is on its way that is not slow, or is about to go out. */
  let isHeld = false
  let sizeAtMost = writesAtMost

  /** Lets the next group go out, after the other writes of this turn of the event loop. */
  function sendNext(): void {
    if (isHeld || waiting.length === 0) return
    isHeld = true
    setImmediate(() => void send(nextGroup()))
  }

  /** Takes the first write and those behind it that have the same text. */
  function nextGroup(): readonly Waiting[] {
    const sql = waiting[0]?.sql
    let size = 1
    while (size < sizeAtMost && waiting[size]?.sql === sql) size += 1
    return waiting.splice(0, size)
  }

  async function send(group: readonly Waiting[]): Promise<void> {
    let holds = true
    const release = () => {
      if (holds) isHeld = holds = false
      sendNext()
    }
    const slow = setTimeout(release, slowAfterMs)
    const beginning = performance.now()
    await answer(group)
    const isTooLarge = performance.now() - beginning > tooLongMs
    sizeAtMost = isTooLarge ? Math.max(1, Math.floor(group.length / 2)) : Math.min(writesAtMost, sizeAtMost + 1)
    clearTimeout(slow)
    release()
  }

  /** Settles the promise of each write. */
  async function answer(group: readonly Waiting[]): Promise<void> {
    const { sql } = group[0] as Waiting // a group has one write at least
    try {
      const rowsOfSets = await together(
        sql,
        group.map(({ values }) => values),
      )
      for (const [index, { resolve }] of group.entries()) resolve(rowsOfSets[index] as readonly never[])
    } catch (error) {
      const isOfOne = group.length > 1 && isOfOneStatement(error)
      for (const { values, resolve, reject } of group)
        if (isOfOne) alone<never>(sql, values).then(resolve, reject)
        else reject(error)
    }
  }

  return (sql, values) =>
    new Promise((resolve, reject) => {
      waiting.push({ sql, values, resolve, reject })
      sendNext()
    })
}
