import { eventsAreOff } from './event-guard.ts'
import { pendingMigrations } from './migrations/migrate.ts'
import { MIGRATIONS, migrationNames } from './migrations/migration-files.ts'
import type { Database } from './pool/database.ts'
import { isMismatch } from './pool/failure.ts'
import { type GuardOptions, selectProblems } from './record-guard.ts'

/** Checks whether operations can use the database. */
export interface DatabaseReadiness {
  /** @throws Error that names what is wrong: away, read-only, or a write would leave no trustworthy record. */
  database(): Promise<boolean>
  /** Whether no migration is pending. */
  migrations(): Promise<boolean>
  /**
   * Whether migrations are pending. The answer is at most a second old. It is false if the database does not answer.
   */
  isMigrationPending(): Promise<boolean>
}

export interface DatabaseReadinessOptions extends Partial<GuardOptions> {
  /** Runs before each question to the database. Its errors are errors of the check. */
  readonly before?: () => Promise<void>
  /** Called once for each problem that is no reason to refuse requests. */
  readonly warn: (sentence: string) => void
}

interface State {
  readonly problems: readonly string[]
  readonly pending: readonly string[]
}

const stateLastsMs = 1_000

/** One statement on one connection, so that a check takes no connection from operations. */
const selectState = (options: GuardOptions) => `
  SELECT ARRAY(
           SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL
         ) AS finished,
         ARRAY(${selectProblems(options)}) AS problems,
         array_remove(ARRAY[
           CASE WHEN lower('Ї') <> 'ї'
                THEN 'LC_CTYPE of the database does not know Ukrainian letters: a search by name finds ' ||
                     'capitals and small letters apart. Make the database with a UTF-8 locale or ICU.' END,
           CASE WHEN EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('connection_changes') AND reltuples < 0
                                AND pg_relation_size(oid) > 8 * 1024 * 1024)
                THEN 'connection_changes has no statistics, so its first pages are slow: run ANALYZE.' END,
           ${options.events ? eventsAreOff : 'NULL'}
         ], NULL) AS warnings`

const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])

/** The checks of `/health/ready` that ask the database. Checks at the same time share one question. */
export function createDatabaseReadiness(
  { query }: Pick<Database, 'query'>,
  { before = async () => {}, opaqueTokens = false, events = false, warn }: DatabaseReadinessOptions,
): DatabaseReadiness {
  const warned = new Set<string>()
  let names: Promise<readonly string[]> | undefined
  let asking: Promise<State> | undefined
  let last: { readonly pending: boolean; readonly at: number } | undefined

  async function ask(): Promise<State> {
    await before()
    names ??= migrationNames(MIGRATIONS)
    const expected = await names
    try {
      const [row] = await query(selectState({ opaqueTokens, events }))
      for (const sentence of textsOf(row?.['warnings'])) {
        if (!warned.has(sentence)) warn(sentence)
        warned.add(sentence)
      }
      const finished = new Set(textsOf(row?.['finished']))
      return { problems: textsOf(row?.['problems']), pending: expected.filter((name) => !finished.has(name)) }
    } catch (error) {
      // A pending migration makes the missing tables, or the operator has not yet granted the rights to them.
      const pending = isMismatch(error) ? await pendingMigrations(query) : []
      if (pending.length === 0) throw error
      return { problems: [], pending }
    }
  }

  function state(): Promise<State> {
    asking ??= ask().finally(() => {
      asking = undefined
    })
    return asking
  }

  return {
    async database() {
      const { problems, pending } = await state()
      // A pending migration explains missing triggers: do not report both.
      if (problems.length > 0 && pending.length === 0) throw new Error(problems.join('; '))
      return true
    },
    async migrations() {
      return (await state()).pending.length === 0
    },
    async isMigrationPending() {
      if (last === undefined || performance.now() - last.at > stateLastsMs) {
        const pending = await state().then(
          (found) => found.pending.length > 0,
          () => false,
        )
        last = { pending, at: performance.now() }
      }
      return last.pending
    },
  }
}
