import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, unlessMissing } from '../../system-error.ts'
import { clusterOf, type Place } from './place.ts'
import { runProgram } from './run-program.ts'

/** The superuser that initdb creates. */
export const SUPERUSER = 'postgres'

const INITDB = [
  ...['--pgdata=data', `--username=${SUPERUSER}`, '--pwfile=password', '--auth=scram-sha-256', '--encoding=UTF8'],
  // PostgreSQL's builtin provider sorts and compares the same on every machine, whatever locales it has.
  ...['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
  ...['--no-sync', '--no-instructions'],
]

/**
 * The system's locale decides which characters are letters for pg_trgm. With the locale C only ASCII letters are, and
 * the index would find no Ukrainian name.
 */
const UNICODE_LETTERS = '--lc-ctype=C.UTF-8'

/**
 * Makes the cluster unless it exists. It makes the cluster and its password in a temporary folder and renames that. So
 * only one of several processes succeeds, and a crash leaves no incomplete cluster.
 */
export async function initialise(place: Place): Promise<void> {
  if ((await unlessMissing(stat(clusterOf(place.directory)))) !== undefined) return
  const staging = await mkdtemp(join(place.directory, 'initialising-'))
  try {
    await fill(staging, place)
    await rename(staging, clusterOf(place.directory))
  } catch (error) {
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** The superuser's password. */
export async function readPassword({ directory }: Place): Promise<string> {
  try {
    return (await readFile(join(clusterOf(directory), 'password'), 'utf8')).trim()
  } catch (error) {
    if (codeOf(error) !== 'EACCES') throw error
    throw new Error(
      `The embedded database in ${directory} belongs to another user. ` +
        'Run as that user, remove it, or set DATABASE_URL.',
    )
  }
}

async function fill(staging: string, { programs, user }: Place): Promise<void> {
  const password = join(staging, 'password')
  await mkdir(join(staging, 'data'), { mode: 0o700 })
  await writeFile(password, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 })
  await writeFile(join(staging, 'postgres.log'), '', { mode: 0o600 })
  if (user !== undefined) {
    await chmod(staging, 0o755)
    for (const name of ['data', 'password', 'postgres.log']) await chown(join(staging, name), user.uid, user.gid)
  }
  let { code, output } = await runProgram(programs.initdb, [...INITDB, UNICODE_LETTERS], staging, user)
  // A system without that locale (musl, macOS) has a slower search by name.
  if (code !== 0) ({ code, output } = await runProgram(programs.initdb, INITDB, staging, user))
  if (code !== 0) throw new Error(`The embedded PostgreSQL could not be initialised (initdb: exit ${code}).\n${output}`)
  // PostgreSQL has read the password. Its user must not be able to replace the file.
  if (user !== undefined) await chown(password, 0, 0)
}
