import type { Query } from '../pool/query.ts'
import { repairHistoryNumbers } from './history-numbers.ts'
import { MIGRATIONS, migrationNames, readMigrations, scriptOf } from './migration-files.ts'
import { whileAlone } from './migration-lock.ts'
import { findDifferences } from './mithrils-tables.ts'
import type { MigrationList, SchemaEngine, WholeScriptAdapters } from './schema-engine.ts'
import { requireServerVersion } from './server-version.ts'

/** The migration of Mithril's own tables. On a database of Mithril, `baseline` records it, and nothing runs it. */
const MITHRILS_OWN = '0000_init'
const FILTERS = { externalTables: [], externalEnums: [] }

export interface MigrationOptions {
  /** The folder of the migrations. Default: prisma/migrations. */
  readonly directory?: string
  /** Called with a sentence for each other repair of the database. */
  readonly tell?: (sentence: string) => void
}

/**
 * Applies the pending migrations with Prisma's schema engine. It writes the same `_prisma_migrations` as `prisma
 * migrate deploy`. Several processes may run it at the same time.
 *
 * @returns The names of the migrations that it applied.
 * @throws Error that names the migration that failed, or says to run `npm run db:baseline` first.
 */
export function migrate(databaseUrl: string, options: MigrationOptions = {}): Promise<string[]> {
  const { directory = MIGRATIONS, tell = () => {} } = options
  return whileAlone(databaseUrl, async (query) => {
    const applied = await applyPending(databaseUrl, query, directory)
    const number = (await hasTable(query, 'connection_changes')) ? await repairHistoryNumbers(query) : null
    if (number !== null)
      tell(`The sequence of connection_changes.id was behind the ids in the table: it goes on after ${number}.`)
    return applied
  })
}

async function applyPending(databaseUrl: string, query: Query, directory: string): Promise<string[]> {
  await requireServerVersion(query)
  await renameRecords(query)
  const pending = await pendingMigrations(query, { directory })
  if (pending.length === 0) return []
  if (pending.includes(MITHRILS_OWN) && (await hasMithrilsTables(query)))
    throw new Error(
      `This database has Mithril's tables already, but no record of ${MITHRILS_OWN}. ` +
        'Run `npm run db:baseline` first.',
    )
  const migrationsList = await readMigrations(directory)
  return withEngine(databaseUrl, async (engine, adapters) => {
    try {
      return (await engine.applyMigrations({ migrationsList, filters: FILTERS })).appliedMigrationNames
    } catch (error) {
      throw await explain(error, migrationsList, engine, adapters.refusal)
    }
  })
}

/**
 * Records Mithril's own migration as applied on a database that Mithril made, and does not run it. `migrate` then
 * applies the others.
 *
 * @returns The recorded name.
 * @throws Error if Mithril's tables are missing or differ from the script, or if the record exists already.
 */
export function baseline(databaseUrl: string, { directory = MIGRATIONS }: MigrationOptions = {}): Promise<string> {
  return whileAlone(databaseUrl, async (query) => {
    await requireServerVersion(query)
    if (!(await hasMithrilsTables(query)))
      throw new Error(
        'This database has no tables of Mithril (connections, clients): nothing to baseline. ' +
          '`npm run db:migrate` makes them.',
      )
    await renameRecords(query)
    if (!(await pendingMigrations(query, { directory })).includes(MITHRILS_OWN))
      throw new Error(
        `${MITHRILS_OWN} is recorded as applied already: nothing to baseline. ` +
          '`npm run db:migrate` applies what is pending.',
      )
    const migrationsList = await readMigrations(directory)
    const differences = await findDifferences(query, scriptOf(migrationsList, MITHRILS_OWN))
    if (differences.length > 0)
      throw new Error(
        `Mithril's tables are not as the gateway needs them, and nothing was recorded: ${differences.join('; ')}.`,
      )
    await withEngine(databaseUrl, (engine) =>
      engine.markMigrationApplied({ migrationName: MITHRILS_OWN, migrationsList }),
    )
    return MITHRILS_OWN
  })
}

/** The migrations that the database has not finished, in order. It needs two small queries and not the engine. */
export async function pendingMigrations(
  query: Query,
  { directory = MIGRATIONS }: MigrationOptions = {},
): Promise<string[]> {
  const names = await migrationNames(directory)
  if (!(await hasTable(query, '_prisma_migrations'))) return names
  const rows = await query(
    'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  )
  const finished = new Set(rows.map((row) => row['migration_name']))
  return names.filter((name) => !finished.has(name))
}

/** The names that the migrations had before version 0.2.0. They did not sort by number from the eleventh on. */
const FORMER_NAMES = [
  '0_init',
  '1_connection_changes',
  '2_versions_and_history',
  '3_lists',
  '4_faster_record',
  '5_guarded_record',
]

/**
 * Renames the records that an earlier version of the gateway wrote. The scripts and their checksums have not changed.
 */
async function renameRecords(query: Query): Promise<void> {
  if (!(await hasTable(query, '_prisma_migrations'))) return
  const names = FORMER_NAMES.map((name) => `'${name}'`).join(', ')
  await query(
    `UPDATE _prisma_migrations SET migration_name = '000' || migration_name WHERE migration_name IN (${names})`,
  )
}

type Work<T> = (engine: SchemaEngine, adapters: WholeScriptAdapters) => Promise<T>

async function withEngine<T>(databaseUrl: string, work: Work<T>): Promise<T> {
  const { withSchemaEngine } = await import('./schema-engine.ts')
  return withSchemaEngine(databaseUrl, work)
}

async function explain(
  error: unknown,
  migrationsList: MigrationList,
  engine: SchemaEngine,
  refusal: string | null,
): Promise<Error> {
  // The first line is the message. The engine's own stack follows it.
  const message =
    (error instanceof Error ? error.message : String(error))
      .split(/\n\s+0: /)[0]
      ?.replace(/^external connector error\n/, '')
      .trim() ?? ''
  const name = await findFailed(migrationsList, engine)
  if (name === undefined) return new Error(`The database was not migrated: ${message}`)
  if (refusal === null)
    return new Error(
      `Migration ${name} was begun and not finished, now or earlier: ${message}\n` +
        'See whether its changes are in the database, and record it: ' +
        'UPDATE _prisma_migrations SET finished_at = now() if they are, SET rolled_back_at = now() if they are not, ' +
        `WHERE migration_name = '${name}' AND finished_at IS NULL AND rolled_back_at IS NULL.`,
    )
  // PostgreSQL refused the script, which is one transaction. So it had no effect, and the next run may try again.
  await engine.markMigrationRolledBack({ migrationName: name })
  return new Error(`Migration ${name} failed, and nothing of it was applied: ${refusal}`)
}

/** The migration that the records name as begun and not finished. undefined: none, or the connection is lost. */
async function findFailed(migrationsList: MigrationList, engine: SchemaEngine): Promise<string | undefined> {
  const asked = engine.diagnoseMigrationHistory({ migrationsList, optInToShadowDatabase: false, filters: FILTERS })
  const history = await asked.catch(() => undefined)
  return history?.failedMigrationNames[0]
}

async function hasMithrilsTables(query: Query): Promise<boolean> {
  return (await hasTable(query, 'connections')) && (await hasTable(query, 'clients'))
}

async function hasTable(query: Query, name: string): Promise<boolean> {
  const [row] = await query(`SELECT to_regclass('${name}') IS NOT NULL AS found`)
  return row?.['found'] === true
}
