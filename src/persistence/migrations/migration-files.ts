import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MigrationList } from './schema-engine.ts'

/** prisma/migrations of this repository. */
export const MIGRATIONS = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url))

const SCRIPT = 'migration.sql'
const LOCKFILE = 'migration_lock.toml'

/** The names of the migrations in `directory`, in the order in which they are applied. */
export async function migrationNames(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
}

/** The migrations in `directory` as Prisma's schema engine takes them. */
export async function readMigrations(directory: string): Promise<MigrationList> {
  const names = await migrationNames(directory)
  const scripts = await Promise.all(names.map((name) => readFile(join(directory, name, SCRIPT), 'utf8')))
  return {
    baseDir: directory,
    lockfile: { path: LOCKFILE, content: await readFile(join(directory, LOCKFILE), 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories: names.map((path, index) => ({
      path,
      migrationFile: { path: SCRIPT, content: { tag: 'ok', value: scripts[index] ?? '' } },
    })),
  }
}
