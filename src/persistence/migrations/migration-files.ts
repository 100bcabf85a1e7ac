import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inRootFolder } from '../../config/root-folder.ts'
import type { MigrationList } from './schema-engine.ts'

/** prisma/migrations of this repository. */
export const MIGRATIONS = inRootFolder('prisma/migrations')

const SCRIPT = 'migration.sql'
const LOCKFILE = 'migration_lock.toml'

/** Four digits, an underscore, words. Numbers of the same length sort as texts. */
const NAME = /^\d{4}_\w+$/

/**
 * The names of the migrations in `directory`, in the order of their numbers.
 *
 * @throws Error that names a directory without a number of four digits, or two directories with the same number.
 */
export async function migrationNames(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
  for (const [index, name] of names.entries()) {
    if (!NAME.test(name))
      throw new Error(
        `The migration ${name} has no place in the order: its name must begin like 0001_, with its number.`,
      )
    const previous = names[index - 1]
    if (previous?.slice(0, 4) === name.slice(0, 4))
      throw new Error(
        `The migrations ${previous} and ${name} have the same number: give the newer one the next number.`,
      )
  }
  return names
}

/** The migrations in `directory`, in the form that Prisma's schema engine takes. */
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

/** The SQL of one of these migrations. */
export function scriptOf({ migrationDirectories }: MigrationList, name: string): string {
  const found = migrationDirectories.find(({ path }) => path === name)?.migrationFile.content
  if (found?.tag !== 'ok') throw new Error(`There is no script of the migration ${name}.`)
  return found.value
}
